"""Subject tokens whose issuer signed anything at all, and key sets that hold anything at all."""

import json
from typing import Any

from hypothesis import strategies as st
from tests.fakes.clock import FakeClock
from tests.fakes.issuer import (
    AUDIENCE,
    SUBJECT,
    TRUSTED,
    URL,
    FakeIssuer,
    InMemoryTrustedIssuers,
    public_jwk,
    shared_key,
    signed_by_hand,
    workloads_of,
)

from fuzzing import hostile
from fuzzing.target import FuzzTarget, keeps_secret
from tokenvend.adapters.jwt_verifier import JoserfcVerifier
from tokenvend.domain.errors import SubjectTokenError
from tokenvend.domain.identity import EntryPoint
from tokenvend.domain.secret import Secret
from tokenvend.domain.workload.exchange_request import SubjectToken
from tokenvend.domain.workload.keys import ASYMMETRIC, usable_keys

_CLOCK = FakeClock()
_CLAIMS = FakeIssuer(_CLOCK.now()).claims(private=hostile.MARKER)
_HEADER = {"alg": "ES256", "kid": "one", "typ": "JWT"}
_TOKEN = FakeIssuer(_CLOCK.now()).token()
_VERIFIER = JoserfcVerifier()
_KEYS = [dict(public_jwk(shared_key(*each))) for each in (("ES256", "one"), ("RS256", "rsa"))]


def _prove(parts: tuple[dict[str, Any], dict[str, Any]]) -> str:
    header, claims = parts
    issuers = InMemoryTrustedIssuers()
    issuers.trust(TRUSTED)
    token = signed_by_hand(hostile.encoded(header), hostile.encoded(claims))
    try:
        proof = workloads_of(issuers, _CLOCK).prove(SubjectToken(token), EntryPoint.OAUTH2)
    except SubjectTokenError as error:
        keeps_secret(error, error.workload)
        return error.rule
    assert proof.identity == "oidc:ci/billing"
    assert (claims["iss"], claims["sub"]) == (URL, SUBJECT)
    assert claims["aud"] in (AUDIENCE, [AUDIENCE])
    assert claims["exp"] > _CLOCK.now().timestamp()
    assert (header["alg"], "crit" in header) == ("ES256", False)
    return "proven"


def _read_unsigned(text: str) -> str:
    issuers = InMemoryTrustedIssuers()
    issuers.trust(TRUSTED)
    try:
        workloads_of(issuers, _CLOCK).prove(SubjectToken(Secret(text)), EntryPoint.OAUTH2)
    except SubjectTokenError as error:
        return error.rule
    raise AssertionError("a token that nobody signed proves somebody")


def _verify(document: dict[str, Any]) -> str:
    keys = document.get("keys")
    usable = usable_keys(keys if isinstance(keys, list) else [])
    for key in usable:
        for algorithm in ASYMMETRIC:
            is_signed = _VERIFIER.is_signed_by(_TOKEN, key, algorithm=algorithm)
            assert not is_signed or (algorithm, key["x"]) == ("ES256", _KEYS[0]["x"])
    return f"{len(usable)} keys"


def _unsigned(parts: tuple[dict[str, Any], dict[str, Any], bytes]) -> str:
    header, claims, signature = parts
    return ".".join(
        hostile.base64url(each)
        for each in (json.dumps(header).encode(), json.dumps(claims).encode(), signature)
    )


TARGETS = [
    FuzzTarget(
        name="subject-token",
        promise="whatever an issuer signs proves a caller by its claims alone, or is refused",
        inputs=st.tuples(hostile.altered(_HEADER), hostile.altered(_CLAIMS)),
        check=_prove,
    ),
    FuzzTarget(
        name="unsigned-token",
        promise="a token that no issuer signed proves nobody",
        inputs=hostile.texts
        | st.tuples(hostile.altered(_HEADER), hostile.altered(_CLAIMS), st.binary(max_size=80)).map(
            _unsigned
        ),
        check=_read_unsigned,
    ),
    FuzzTarget(
        name="issuer-keys",
        promise="no key that an issuer publishes breaks its reader or verifies another's signature",
        inputs=hostile.altered({"keys": _KEYS}),
        check=_verify,
    ),
]
