"""An API that takes a request only if the credential is where its description says.

It reads the description by itself: nothing here builds or parses with the code under test.
"""

import re
from base64 import b64decode
from binascii import Error as NotBase64Error
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from tests.adapters.servers import Call, Server
from tests.configuration.described import ReceivedRequest

_PLACEHOLDER = re.compile(r"\{secret\.(\w+)\}")


@dataclass
class ApiStandIn:
    """Takes what *described* says of *secret*: an `api_key` of the file or of a profile.

    With a *token* it takes that as an `api_request` says. `complaints` names what was wrong with
    the requests that it refused.
    """

    described: Any
    secret: Mapping[str, str]
    token: str | None = None
    complaints: list[str] = field(default_factory=list)
    taken: int = 0

    @contextmanager
    def running(self) -> Iterator[str]:
        """Serve on the loopback interface; yields its URL."""
        server = Server(self._answer)
        with server.running():
            yield f"http://127.0.0.1:{server.port}/candidates"

    def _answer(self, call: Call) -> None:
        wrong = self._wrong_with(ReceivedRequest.of(call.request))
        self.complaints += wrong
        self.taken += not wrong
        call.answer(f"HTTP/1.1 {401 if wrong else 200} Whatever", "Content-Length: 0")

    def _wrong_with(self, asked: ReceivedRequest) -> list[str]:
        """Name each part that is not as described: a header, the query, or user and password."""
        headers = {name.lower(): value for name, value in self._headers().items()}
        wrong = [name for name, value in headers.items() if asked.headers.get(name) != value]
        if asked.query != self._filled(self.described.query):
            wrong.append("query")
        if self.described.basic is not None:
            header = asked.headers.get("authorization", "")
            if _user_and_password(header) != self._user_and_password():
                wrong.append("authorization")
            headers["authorization"] = header
        if not asked.path.startswith(self._text(self.described.path_prefix) + "/candidates"):
            wrong.append("path")
        if self._in_body(self.described.body) != (asked.json if asked.body else {}):
            wrong.append("body")
        # The key is nowhere else, where an access log might keep it.
        others = {value for name, value in asked.headers.items() if name not in headers}
        values = [*self.secret.values(), *([self.token] if self.token else [])]
        elsewhere = " ".join((self._plain_path(asked), *others))
        quoted = [each for each in values if each in elsewhere]
        return wrong + ["elsewhere"] * len(quoted)

    def _plain_path(self, asked: ReceivedRequest) -> str:
        return asked.path.removeprefix(self._text(self.described.path_prefix))

    def _in_body(self, described: Any) -> Any:
        """The JSON that is expected: texts filled in, all else as it is."""
        if isinstance(described, dict):
            return {name: self._in_body(each) for name, each in described.items()}
        return self._text(described) if isinstance(described, str) else described

    def _headers(self) -> dict[str, str]:
        if self.described.header_name is not None:
            prefix = self.described.header_prefix or ""
            return {self.described.header_name: prefix + (self.token or self.secret["api_key"])}
        return self._filled(self.described.headers)

    def _user_and_password(self) -> tuple[str, str]:
        basic = self.described.basic
        return self._text(basic.username), self._text(basic.password)

    def _filled(self, described: Mapping[str, str]) -> dict[str, str]:
        return {name: self._text(template) for name, template in described.items()}

    def _text(self, template: str) -> str:
        filled = _PLACEHOLDER.sub(lambda match: self.secret[match[1]], template)
        return filled.replace("{token}", self.token) if self.token else filled


def _user_and_password(header: str) -> tuple[str, str] | None:
    """The two as a server decodes them (RFC 7617 §2); `None` if the header is malformed."""
    scheme, _, encoded = header.partition(" ")
    try:
        user, colon, password = b64decode(encoded, validate=True).decode().partition(":")
    except (NotBase64Error, UnicodeDecodeError):
        return None
    return (user, password) if scheme == "Basic" and colon else None


def call_api(url: str, answer: Mapping[str, Any]) -> int:
    """Call the API at *url* as the caller's *answer* says; return its status."""
    with requests.Session() as session:
        # Else a netrc file or a proxy of whoever runs the tests would have a say.
        session.trust_env = False
        parts = urlsplit(url)
        body = answer.get("body")
        got = session.request(
            "GET" if body is None else "POST",
            parts._replace(path=answer.get("path_prefix", "") + parts.path).geturl(),
            json=body,
            headers=answer["headers"],
            params=answer["query"],
            timeout=10,
            allow_redirects=False,
        )
    return got.status_code
