"""Every profile with a signed JWT: from the file to a call that an API takes as the facts say."""

import json
from typing import Any

import pytest
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey, RSAKey
from tests.adapters.servers import Call, Server
from tests.configuration.api_stand_in import call_api
from tests.configuration.described import ReceivedRequest, answer
from tests.configuration.profile_facts import (
    credential_entry,
    definition_for,
    facts_of,
    profiles_of,
    provider_entry,
)
from tests.configuration.signed_jwts import EC_PAIR, RSA_PAIR, public_key
from tests.fakes.clock import START, FakeClock
from tests.fakes.signer import pem_of

from tokenvend.domain.secret_fields import secret_fields

PROFILES = profiles_of("signed_jwt")
#: How each encoding writes the bytes of a shared key.
SHARED = b"a key of the test, known to both"
WRITTEN = {"hex": SHARED.hex(), "utf-8": SHARED.decode()}


def _secret_for(name: str) -> dict[str, str]:
    """A value for each field, with characters that JSON or a URL would change."""
    described = facts_of(name)["signed_jwt"]
    keys = {
        "private_key": pem_of(EC_PAIR if described.algorithm == "ES256" else RSA_PAIR).reveal(),
        "shared_key": WRITTEN[described.key_encoding or "utf-8"],
    }
    fields = secret_fields(definition_for(name, "signed_jwt"))
    return {field: keys.get(field, f'the "{field}"/+=ä') for field in fields}


class Api:
    """Takes a request only if its token is signed and says what the profile's facts say."""

    def __init__(self, name: str, secret: dict[str, str], key: Any) -> None:
        self._facts, self._secret, self._key = facts_of(name), secret, key
        self.server = Server(self._answer)

    def _answer(self, call: Call) -> None:
        status = 200 if self._takes(ReceivedRequest.of(call.request)) else 401
        call.answer(f"HTTP/1.1 {status} Whatever", "Content-Length: 0")

    def _takes(self, asked: ReceivedRequest) -> bool:
        described = self._facts["signed_jwt"]
        presented = self._presented()
        scheme, _, token = asked.headers.get("authorization", "").partition(" ")
        if presented.pop("Authorization") != f"{scheme} {{token}}":
            return False
        if any(asked.headers.get(name.lower()) != text for name, text in presented.items()):
            return False
        try:
            found = jwt.decode(token, self._key, algorithms=[described.algorithm])
        except (JoseError, ValueError):
            return False
        expected = self._filled({"typ": "JWT", "alg": described.algorithm} | described.header)
        seconds = found.claims.pop("exp") - found.claims["iat"]
        is_now = 0 <= START.timestamp() - found.claims.pop("iat") <= 60
        lasts = seconds == (described.lifetime_seconds or 300)
        says = (found.header, found.claims) == (expected, self._filled(described.claims))
        return says and is_now and lasts

    def _presented(self) -> dict[str, str]:
        """The headers with the token, as the facts have them."""
        sent = self._facts.get("api_request")
        if sent is None:
            return {"Authorization": "Bearer {token}"}
        if sent.header_name:
            return {sent.header_name: f"{sent.header_prefix}{{token}}"}
        return dict(sent.headers)

    def _filled(self, template: Any) -> Any:
        text = json.dumps(template)
        for field, value in self._secret.items():
            text = text.replace(f"{{secret.{field}}}", json.dumps(value)[1:-1])
        return json.loads(text)


def _key_of(name: str) -> Any:
    algorithm = facts_of(name)["signed_jwt"].algorithm
    if algorithm.startswith("HS"):
        return OctKey.import_key(SHARED)
    return public_key(EC_PAIR if algorithm == "ES256" else RSA_PAIR)


def _call(name: str, secret: dict[str, str], api: Api) -> int:
    got = answer(
        provider_entry(name), secret, clock=FakeClock(), **credential_entry(name, "signed_jwt")
    )
    assert got.status == 200
    with api.server.running():
        return call_api(f"http://127.0.0.1:{api.server.port}/", got.fields)


@pytest.mark.parametrize("name", PROFILES)
def test_api_takes_the_token_that_the_caller_got(name: str) -> None:
    secret = _secret_for(name)

    assert _call(name, secret, Api(name, secret, _key_of(name))) == 200


@pytest.mark.parametrize("name", PROFILES)
def test_api_takes_no_token_of_another_key_or_account(name: str) -> None:
    """So it is the profile that makes it take the token, and not an API that takes anything."""
    secret = _secret_for(name)
    others = {each: f"another {each}" for each in secret}
    algorithm = facts_of(name)["signed_jwt"].algorithm
    another: Any = OctKey.generate_key(256)
    if not algorithm.startswith("HS"):
        another = type(_key_of(name)).generate_key(2048 if algorithm == "RS256" else "P-256")

    assert _call(name, secret, Api(name, secret, another)) == 401
    assert _call(name, secret, Api(name, others, _key_of(name))) == 401


def test_there_are_some() -> None:
    assert isinstance(_key_of("snowflake-key-pair"), RSAKey)
    assert {"app-store-connect", "ghost-admin", "snowflake-key-pair"} <= set(PROFILES)
