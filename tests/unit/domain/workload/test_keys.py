"""Which keys can have signed a token."""

from base64 import urlsafe_b64encode
from typing import Any

import pytest
from tests.fakes.issuer import public_jwk, shared_key

from tokenvend.domain import bounds
from tokenvend.domain.workload.keys import key_for, usable_keys

KEY = public_jwk(shared_key("ES256"))
RSA = public_jwk(shared_key("RS256", "rsa"))


@pytest.mark.parametrize(
    ("key_id", "algorithm", "found"),
    [
        ("one", "ES256", KEY),
        ("rsa", "RS256", RSA),
        (None, "ES256", KEY),
        ("one", "RS256", None),
        ("rsa", "ES256", None),
        ("two", "ES256", None),
        ("one", "HS256", None),
        ("one", "none", None),
    ],
)
def test_key_is_found_by_its_kid_and_the_algorithm(
    key_id: str | None, algorithm: str, found: Any
) -> None:
    assert key_for([KEY, RSA], key_id=key_id, algorithm=algorithm) == found


@pytest.mark.parametrize(
    "key",
    [None, 7, "key", [], {}, {"kty": "oct", "k": "c2VjcmV0"}, {"kty": "RSA", "n": 7, "e": "AQAB"}],
)
def test_what_can_verify_nothing_is_left_out(key: object) -> None:
    assert usable_keys([key, KEY]) == (KEY,)


@pytest.mark.parametrize("modulus", ["AQAB", "A" * 1366 + "Q", "é", ""])
def test_rsa_key_without_a_modulus_of_its_size_is_left_out(modulus: str) -> None:
    assert usable_keys([dict(RSA) | {"n": modulus}]) == ()


def test_rsa_key_is_read_whatever_the_length_of_its_text() -> None:
    for length in range(256, 1025):
        modulus = urlsafe_b64encode(b"\xff" * length).rstrip(b"=").decode()
        assert len(usable_keys([dict(RSA) | {"n": modulus}])) == 1


@pytest.mark.parametrize(
    ("length", "is_usable"), [(255, False), (256, True), (1024, True), (1025, False)]
)
def test_rsa_has_from_2048_to_8192_bits(length: int, *, is_usable: bool) -> None:
    modulus = urlsafe_b64encode(b"\xff" * length).rstrip(b"=").decode()

    assert bool(usable_keys([{"kty": "RSA", "n": modulus, "e": "AQAB"}])) is is_usable


def test_only_so_many_keys_are_looked_at() -> None:
    assert len(usable_keys([KEY] * (bounds.ISSUER_KEYS + 1))) == bounds.ISSUER_KEYS


@pytest.mark.parametrize(
    ("use", "is_usable"),
    [
        ("sig", True),
        ("jwt-svid", True),
        ("x509-svid", False),
        ("enc", False),
        ("JWT-SVID", False),
        (["jwt-svid"], False),
        (None, False),
    ],
)
def test_only_a_key_for_signatures_of_tokens_is_usable(use: object, *, is_usable: bool) -> None:
    assert bool(usable_keys([dict(KEY) | {"use": use}])) is is_usable


def test_a_spiffe_bundle_gives_its_keys_of_jwt_svids_alone() -> None:
    """Of §4.2.2 of SPIFFE Trust Domain and Bundle: keys have a `use`, and no `alg`."""
    bare = {name: value for name, value in KEY.items() if name != "alg"}
    svid = bare | {"use": "jwt-svid"}
    certificate = bare | {"use": "x509-svid", "x5c": ["MIIB"]}

    assert usable_keys([certificate, svid]) == (svid,)
    assert key_for([certificate, svid], key_id="one", algorithm="ES256") == svid
