"""A token endpoint that behaves as a profile's facts say, on the profile's own host name.

It reads the facts by itself: nothing here builds or parses with the code under test.
"""

import json
import re
import socket
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import quote_plus, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from tests.adapters.servers import Call, Server, self_signed
from tests.configuration.described import ReceivedRequest
from tests.fakes.clock import START

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
CLIENT_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ACCESS_TOKEN, REFRESH_TOKEN = "the-access-token", "the-next-refresh-token"
#: Stands for the text of what is signed, which is another one each time.
_SIGNED = "(signed)"
_PLACEHOLDER = re.compile(r"\{secret\.(\w+)\}")


@dataclass
class StandIn:
    """Takes the one request that *facts* describe, for the grant type's own *parameters*.

    `complaints` says what was wrong with the requests that it refused.
    """

    facts: Mapping[str, Any]
    secret: Mapping[str, str]
    parameters: dict[str, str]
    complaints: list[str] = field(default_factory=list)
    taken: int = 0

    @property
    def host(self) -> str:
        """The host name that it stands for."""
        return urlsplit(str(self.facts["token_endpoint"])).netloc

    @contextmanager
    def running(self, folder: Path) -> Iterator[Path]:
        """Serve on the loopback interface under `host`; yields the authority to trust it by."""
        context, authority = self_signed(folder, host=self.host)
        server = Server(self._answer, context=context)
        with server.running(), _every_name_leads_to(server.port):
            yield authority

    def _answer(self, call: Call) -> None:
        wrong = self._wrong_with(ReceivedRequest.of(call.request))
        self.complaints += wrong
        self.taken += not wrong
        status, body = self._refusal() if wrong else self._success()
        text = json.dumps(body).encode()
        lines = ("Content-Type: application/json", f"Content-Length: {len(text)}")
        call.answer(f"HTTP/1.1 {status} Whatever", *lines, body=text)

    def _success(self) -> tuple[int, Any]:
        given: dict[str, Any] = {"access_token": ACCESS_TOKEN, "token_type": "Bearer"}
        given["expires_in"] = self.facts.get("default_lifetime_seconds", 3600)
        status = 200
        if "answer" in self.facts:
            status, text = self.facts["answer"].status, json.dumps(self.facts["answer"].body)
            ends_at = START + timedelta(seconds=self.facts.get("default_lifetime_seconds", 0))
            text = text.replace("{access_token}", ACCESS_TOKEN)
            given = json.loads(text.replace("{expires_at}", ends_at.isoformat()))
        if self.parameters.get("grant_type") in {"authorization_code", "refresh_token"}:
            given["refresh_token"] = REFRESH_TOKEN
        return status, given

    def _refusal(self) -> tuple[int, Any]:
        if "refusal" in self.facts:
            return self.facts["refusal"].status, self.facts["refusal"].body
        return 401, {"error": "invalid_client"}

    def _wrong_with(self, asked: ReceivedRequest) -> list[str]:
        request = self._described()
        where = request.get("parameters_in", "form")
        wanted = self._filled(request.get("parameters", {})) | self._grant() | self._client()
        query = self._filled(request.get("query", {})) | (wanted if where == "query" else {})
        found = wanted if where == "query" and not asked.body else _body_of(asked, where)
        pairs = [
            ("method", asked.method, request.get("method", "POST")),
            ("path", asked.path, urlsplit(self.facts["token_endpoint"]).path or "/"),
            ("host", asked.headers["host"], self.host),
            ("query", asked.query, query),
            ("parameters", _without_signed(found, wanted), wanted),
            ("authorization", _scheme_only(asked, self._bearer()), self._authorization()),
            *(
                (name, asked.headers.get(name.lower()), value)
                for name, value in self._filled(request.get("headers", {})).items()
            ),
        ]
        wrong = [f"{name}: {got!r}, not {want!r}" for name, got, want in pairs if got != want]
        signed = {name: found[name] for name in wanted if wanted[name] == _SIGNED and not wrong}
        if self._bearer() and not wrong:
            signed["assertion"] = asked.headers["authorization"].removeprefix("Bearer ")
        wrong += [each for name in signed for each in self._wrong_jwt(name, str(signed[name]))]
        return wrong

    def _described(self) -> dict[str, Any]:
        model = self.facts.get("token_request")
        return {} if model is None else dict(model.document())

    def _grant(self) -> dict[str, Any]:
        """The parameters of the grant type, with the grant type that the facts name."""
        request = self._described()
        if self.parameters.get("grant_type") != "client_credentials":
            return dict(self.parameters)
        grant: dict[str, Any] = dict(self.parameters)
        grant["grant_type"] = request.get("grant_type", "client_credentials")
        if request.get("omit_grant_type"):
            del grant["grant_type"]
        if "assertion" in request:
            if not request["assertion"].get("as_bearer"):
                grant |= {"grant_type": JWT_BEARER, "assertion": _SIGNED}
            if request["assertion"].get("scope_claim"):
                grant.pop("scope", None)
        return grant

    def _client(self) -> dict[str, str]:
        """The parameters that say or prove who the client is (RFC 6749 §2.3.1, RFC 7523 §2.2)."""
        named = {"client_id": self.secret.get("client_id", "")}
        match self.facts.get("client_authentication", "client_secret_basic"):
            case "client_secret_post":
                return named | {"client_secret": self.secret["client_secret"]}
            case "private_key_jwt":
                return named | {
                    "client_assertion_type": CLIENT_ASSERTION,
                    "client_assertion": _SIGNED,
                }
            case "none" if self.parameters["grant_type"] != "client_credentials":
                return named
        return {}

    def _bearer(self) -> bool:
        """Whether the assertion is the bearer token of the request itself."""
        return bool(self._described().get("assertion", {}).get("as_bearer"))

    def _authorization(self) -> str | None:
        """HTTP Basic, or a bearer's scheme; `None` where no such header belongs."""
        if self._bearer():
            return "Bearer"
        described = self._filled(self._described().get("headers", {}))
        method = self.facts.get("client_authentication", "client_secret_basic")
        if method not in {"client_secret_basic", "client_secret_basic_unencoded"}:
            said: str | None = described.get("Authorization")
            return said
        encode = quote_plus if method == "client_secret_basic" else str
        pair = encode(self.secret["client_id"]), encode(self.secret["client_secret"])
        return "Basic " + _base64(":".join(pair))

    def _wrong_jwt(self, name: str, text: str) -> list[str]:
        signed, _, signature = text.rpartition(".")
        key: Any = load_pem_private_key(self.secret["private_key"].encode(), password=None)
        try:
            key.public_key().verify(
                _decoded(signature), signed.encode(), padding.PKCS1v15(), SHA256()
            )
        except InvalidSignature:
            return [f"{name}: the signature does not verify"]
        claims = json.loads(_decoded(signed.partition(".")[2]))
        wanted = self._claims(name)
        wrong = {each for each in wanted if claims.get(each) != wanted[each]}
        return [f"{name}: {each} is {claims.get(each)!r}" for each in sorted(wrong)]

    def _claims(self, name: str) -> dict[str, Any]:
        audience = self.facts.get("assertion_audience") or self.facts["token_endpoint"]
        if name == "client_assertion":
            client = self.secret["client_id"]
            return {"iss": client, "sub": client, "aud": audience}
        said = self._described()["assertion"]
        issuer = self._value(said.get("issuer", "{secret.client_id}"))
        claims = {"iss": issuer, "sub": issuer, "aud": self._value(said.get("audience", audience))}
        if "subject" in said:
            claims["sub"] = self._value(said["subject"])
        if said.get("scope_claim") and "scope" in self.parameters:
            claims["scope"] = self.parameters["scope"]
        return claims | self._filled(said.get("claims", {}))

    def _filled(self, described: Mapping[str, Any]) -> dict[str, Any]:
        """*described* with the secret's fields in place of its placeholders."""
        filled: dict[str, Any] = self._value(described)
        return filled

    def _value(self, template: Any) -> Any:
        if isinstance(template, Mapping):
            return {name: self._value(each) for name, each in template.items()}
        if isinstance(template, str):
            return _PLACEHOLDER.sub(lambda match: self.secret[match[1]], template)
        return template


def _body_of(asked: ReceivedRequest, where: str) -> dict[str, Any]:
    """The parameters in the body, which is of the kind that *where* says."""
    body: dict[str, Any] = asked.json if where == "json" else asked.form
    return body


def _without_signed(found: dict[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """*found* without the text of what is signed, where something signed is *wanted*."""
    return found | {name: _SIGNED for name in found if wanted.get(name) == _SIGNED}


def _scheme_only(asked: ReceivedRequest, only: bool) -> str | None:  # noqa: FBT001 - private
    """The header `Authorization`, or its scheme alone."""
    header = asked.headers.get("authorization")
    return header.partition(" ")[0] if only and header else header


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()


@contextmanager
def _every_name_leads_to(port: int) -> Iterator[None]:
    """Have every host name lead to *port* of the loopback interface, as a test's own network."""
    here = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
    connect = socket.create_connection

    def connected(address: tuple[str, int], **settings: Any) -> socket.socket:
        return connect((address[0], port), **settings)

    with (
        mock.patch.object(socket, "getaddrinfo", return_value=here),
        mock.patch.object(socket, "create_connection", connected),
    ):
        yield
