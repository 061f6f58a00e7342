"""Take values of a token answer that the API wants beside the token.

`api_request` names them: `{answer.account.id}` by its path in the answer, `{cookie.ROUTEID}` by
its name among the cookies that came with the answer (RFC 6265 §4.1). Each is as confidential as
the token.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from tokenvend.domain import bounds
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.errors import CredentialNotReadyError, ProviderRefusedError
from tokenvend.domain.oauth.token_response import ProviderResponse, answer_of
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken

#: Plain ASCII that can be in a header, without a space at either end (RFC 9110 §5.5).
_TEXT = re.compile(r"[\x21-\x7E](?:[\x20-\x7E]*[\x21-\x7E])?")
#: RFC 6265 §4.1.1, without the quotation marks.
_COOKIE = re.compile(r"[\x21\x23-\x2B\x2D-\x3A\x3C-\x5B\x5D-\x7E]+")
#: Names of tokens that no caller may get: the access token is sent as it is, and in no other place.
_OF_TOKENS = frozenset({"access_token", "id_token"})
#: Where a word begins in `refreshToken`.
_BEFORE_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
#: JSON parsers read whole numbers below this alike (RFC 8259 §6).
_LARGEST_NUMBER = 2**53


def check_answer_values(definition: CredentialDefinition, names: Iterable[str]) -> None:
    """Check that none of *names* leads to what no caller may get, such as a refresh token.

    Raises:
        CredentialNotReadyError: one does, or this version cannot parse `token_answer`.
    """
    for name in names:
        try:
            withheld = is_withheld(definition.token_answer, name)
        except ValueError:
            withheld = True
        if withheld:
            raise CredentialNotReadyError(
                f"The definition's api_request names {name}, which no caller may get.",
                rule="definition.api_request",
            )


def is_withheld(token_answer: Mapping[str, object], name: str) -> bool:
    """Whether *name* leads to a token, or to something that would give one past a grant.

    Raises:
        ValueError: *token_answer* is not a description.
    """
    from tokenvend.domain.api_request_description import NEVER_TO_CALLERS
    from tokenvend.domain.oauth.response_description import leads_to_a_token, parse_token_answer

    kind, _, path = name.partition(".")
    parts = tuple(path.split("."))
    never = NEVER_TO_CALLERS | _OF_TOKENS
    if any(_names_one_of(never, part) for part in parts):
        return True
    return kind == "answer" and leads_to_a_token(parse_token_answer(token_answer), parts)


def _names_one_of(words: Iterable[str], part: str) -> bool:
    """Whether *part* is or has one of *words*, however it is written: `userRefreshToken`."""
    spelled = _BEFORE_WORD.sub("_", part).replace("-", "_").lower()
    plain = part.replace("_", "").replace("-", "").lower()
    return any(f"_{word}_" in f"_{spelled}_" or word.replace("_", "") == plain for word in words)


def with_answer_values(
    token: AccessToken, response: ProviderResponse, definition: CredentialDefinition
) -> AccessToken:
    """Return *token* with the values of *response* that an API request carries beside it.

    Raises:
        ProviderRefusedError: one is missing, or cannot be sent. The error has its path alone.
    """
    if not definition.api_request:
        return token
    # Imported here: the API of most providers takes a bearer token.
    from tokenvend.domain.api_request_description import answer_values_of
    from tokenvend.domain.oauth.refresh_token import refresh_token_of

    names = answer_values_of(definition)
    if not names:
        return token
    values = {name: Secret(_value(response, definition, name)) for name in dict.fromkeys(names)}
    if refresh_token_of(response, definition) in values.values():
        raise _unusable("a value that api_request names is the refresh token")
    size = sum(len(values[name].reveal()) for name in names)
    if size > bounds.ANSWER_VALUES_CHARACTERS:
        raise _unusable(
            f"the values that api_request names have {size} characters;"
            f" {bounds.ANSWER_VALUES_CHARACTERS} are the most"
        )
    return replace(token, answer_values=values)


def _value(response: ProviderResponse, definition: CredentialDefinition, name: str) -> str:
    kind, _, path = name.partition(".")
    if kind == "cookie":
        text, form = _cookies(response).get(path), _COOKIE
    else:
        text, form = _as_text(answer_of(response, definition).at(tuple(path.split(".")))), _TEXT
    if text is None:
        place = "cookie" if kind == "cookie" else "text"
        raise _unusable(f"it has no {place} {path}, which api_request names")
    if form.fullmatch(text) is None:
        raise _unusable(f"its {path} has characters that a request to the API cannot carry")
    return text


def _cookies(response: ProviderResponse) -> dict[str, str]:
    """Return the cookies by their names; of two with one name, the last (RFC 6265 §5.3)."""
    pairs = (each.reveal().partition(";")[0].partition("=") for each in response.set_cookie)
    return {name.strip(): value.strip().strip('"') for name, _, value in pairs}


def _as_text(value: object) -> str | None:
    """Return a text, or a whole number as its digits: identifiers are either."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST_NUMBER:
        return str(value)
    return value if isinstance(value, str) and value else None


def _unusable(explanation: str) -> ProviderRefusedError:
    return ProviderRefusedError(
        f"The provider's answer was not used: {explanation}.",
        provider_error="malformed_answer_value",
    )
