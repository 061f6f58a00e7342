"""Texts with placeholders, and the values that replace them.

`{secret.account_id}` is replaced by the field `account_id` of the credential's secret, and `{{` by
a brace. In the description of an API request, `{token}` stands for the access token,
`{answer.account.id}` for another value of the token answer, by its path, and `{cookie.ROUTEID}` for
a cookie that came with that answer.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from tokenvend.domain.errors import CredentialNotReadyError
from tokenvend.domain.oauth.response_description import PATH
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.secret import Secret

#: The placeholder of a field of the credential's secret.
PLACEHOLDER = re.compile(r"\{secret\.([A-Za-z][A-Za-z0-9_-]{0,62})\}")
_TEXT_OR_FIELD = r"[^{}]|\{\{|\}\}|\{secret\.[A-Za-z][A-Za-z0-9_-]{0,62}\}"
#: A text with placeholders. A literal brace is doubled.
TEMPLATE = re.compile(rf"(?:{_TEXT_OR_FIELD})*")
#: The placeholder of the access token, in the description of an API request alone.
TOKEN = "{token}"
#: The placeholder of a value of the token answer, or of a cookie beside it; there alone, too.
OF_ANSWER = re.compile(rf"\{{(answer\.{PATH.pattern}|cookie\.[A-Za-z0-9_.-]{{1,64}})\}}")
#: A text in that description.
API_TEMPLATE = re.compile(rf"(?:{_TEXT_OR_FIELD}|{re.escape(TOKEN)}|{OF_ANSWER.pattern})*")
_PARTS = re.compile(rf"\{{\{{|\}}\}}|{re.escape(TOKEN)}|{PLACEHOLDER.pattern}|{OF_ANSWER.pattern}")
#: What a value may be in a path: characters of a segment (RFC 3986 §3.3) that no server reads as
#: something else. A percent sign, a slash, a backslash and a semicolon are not among them.
_SEGMENT = r"[A-Za-z0-9._~:@+=-]+"
#: A path of such segments, none of which is `.` or `..`.
PATH_PREFIX = re.compile(rf"(?:/(?!\.{{1,2}}(?:/|\Z)){_SEGMENT})+")
_SEGMENT_VALUE = re.compile(_SEGMENT)
#: RFC 9110 §5.5, without tabs and the octets from 0x80, which few servers accept.
_HEADER_VALUE = re.compile(r"[\x20-\x7E]*")
#: Fields that are used for signatures or TLS, and must never be in a request.
NEVER_SENT = frozenset({"private_key", "certificate"})


def names_in(template: str) -> list[str]:
    """Return the secret's fields that *template* names."""
    return [match[1] for match in _PARTS.finditer(template) if match[1]]


def count_of_token(template: str) -> int:
    """Return how often the placeholder of the access token is in *template*."""
    return sum(match[0] == TOKEN for match in _PARTS.finditer(template))


def answer_values_in(template: str) -> list[str]:
    """Return what *template* names of the token answer: `answer.account.id`, `cookie.ROUTEID`."""
    return [match[2] for match in _PARTS.finditer(template) if match[2]]


class PlaceholderValues:
    """Replaces placeholders in templates by fields of *secret*, and by *token* if there is one.

    *of_answer* are the values of the token answer. `secret_values` are the fields used.
    """

    def __init__(
        self,
        secret: ProviderSecret,
        token: Secret | None = None,
        of_answer: Mapping[str, Secret] = MappingProxyType({}),
    ) -> None:
        self._secret = secret
        self._token = token
        self._of_answer = of_answer
        self.secret_values: dict[str, Secret] = {}

    def value(self, template: Any) -> Any:
        """Return *template* with its placeholders replaced, in texts at any depth."""
        match template:
            case str():
                return _PARTS.sub(self._placed, template)
            case Mapping():
                return {name: self.value(each) for name, each in template.items()}
            case list():
                return [self.value(each) for each in template]
            case _:
                return template

    def header(self, name: str, template: str) -> str:
        """Return `value(template)` for the header *name*.

        Raises:
            CredentialNotReadyError: it has a character that is not allowed in a header.
        """
        value: str = self.value(template)
        if _HEADER_VALUE.fullmatch(value) is None:
            raise CredentialNotReadyError(
                f"A field of the credential's secret cannot stand in the header {name}: it has"
                " characters other than plain ASCII.",
                rule="secret.unusable",
            )
        return value

    def path_prefix(self, template: str) -> str:
        """Return `value(template)` for the path of a URL.

        Raises:
            CredentialNotReadyError: a value has a character that is not allowed there, or a segment
                is `.` or `..`.
        """
        path = _PARTS.sub(self._segment, template)
        if path and PATH_PREFIX.fullmatch(path) is None:
            raise _not_in_path()
        return path

    def _segment(self, match: re.Match[str]) -> str:
        value = self._placed(match)
        if _SEGMENT_VALUE.fullmatch(value) is None:
            raise _not_in_path()
        return value

    def _placed(self, match: re.Match[str]) -> str:
        name = match[1]
        if match[2]:
            return self._of_answer[match[2]].reveal()
        if match[0] == TOKEN and self._token is not None:
            return self._token.reveal()
        if name is None:
            return match[0][0]
        if name in NEVER_SENT or name not in self._secret.fields:
            raise CredentialNotReadyError(
                f"The credential's secret has no field {name}.", rule="secret.unusable"
            )
        self.secret_values[name] = self._secret.fields[name]
        return self.secret_values[name].reveal()


def _not_in_path() -> CredentialNotReadyError:
    return CredentialNotReadyError(
        "A field of the credential's secret cannot stand in a URL's path: it has characters other"
        " than letters, digits and . _ ~ : @ + = -, or makes a segment `.` or `..`.",
        rule="secret.unusable",
    )
