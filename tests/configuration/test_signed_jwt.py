"""A caller gets a token that tokenvend signs as the file describes it; no request is sent."""

from datetime import timedelta
from typing import Any

import pytest
from tests.configuration.described import answer, secret_store
from tests.configuration.signed_jwts import (
    APP_STORE,
    APP_STORE_SECRET,
    EC_PAIR,
    GHOST,
    GHOST_SECRET,
    GITHUB_APP,
    GITHUB_SECRET,
    HEYMARKET,
    HEYMARKET_SECRET,
    KIND,
    RSA_PAIR,
    SHARED,
    SHARED_HEX,
    SNOWFLAKE,
    SNOWFLAKE_SECRET,
    definition,
    signed,
    verified,
)
from tests.fakes.clock import START, FakeClock
from tests.fakes.kms_signer import KMS_KEY, StubKms

from tokenvend.domain.token import LifetimeSource
from tokenvend_cli.configuration.signed_jwt_models import SignedJwtModel

ISSUED_AT = int(START.timestamp()) - 30


def test_app_store_connect() -> None:
    token = signed(APP_STORE, APP_STORE_SECRET)

    found = verified(token, EC_PAIR, "ES256")
    assert found.header == {"alg": "ES256", "kid": "2X9R4HXF34", "typ": "JWT"}
    assert found.claims == {
        "iss": "57246542-96fe-1a63-e053-0824d011072a",
        "aud": "appstoreconnect-v1",
        "iat": ISSUED_AT,
        "exp": ISSUED_AT + 1200,
    }


def test_ghost_admin() -> None:
    got = answer(GHOST, GHOST_SECRET, clock=FakeClock(), **KIND)

    found = verified(got.vended, bytes.fromhex(SHARED_HEX), "HS256")
    assert found.header == {"alg": "HS256", "kid": "6748592f4b9b7700010f6564", "typ": "JWT"}
    assert found.claims == {"aud": "/admin/", "iat": ISSUED_AT, "exp": ISSUED_AT + 300}
    assert got.fields["headers"] == {"Authorization": f"Ghost {got.fields['access_token']}"}


def test_snowflake() -> None:
    got = answer(SNOWFLAKE, SNOWFLAKE_SECRET, clock=FakeClock(), **KIND)

    found = verified(got.vended, RSA_PAIR, "RS256")
    fingerprint = SNOWFLAKE_SECRET["public_key_fingerprint"]
    assert found.header == {"alg": "RS256", "typ": "JWT"}
    assert (found.claims["iss"], found.claims["sub"]) == (
        f"ACME-EU1.REPORTS.{fingerprint}",
        "ACME-EU1.REPORTS",
    )
    assert got.fields["headers"]["X-Snowflake-Authorization-Token-Type"] == "KEYPAIR_JWT"


def test_heymarket() -> None:
    found = verified(signed(HEYMARKET, HEYMARKET_SECRET), SHARED.encode(), "HS256")

    assert found.claims["iss"] == SHARED.partition("|")[0]


def test_github_app() -> None:
    found = verified(signed(GITHUB_APP, GITHUB_SECRET), RSA_PAIR, "RS256")

    assert found.claims == {"iss": "Iv23liExample", "iat": ISSUED_AT, "exp": ISSUED_AT + 600}


def test_token_ends_with_its_own_exp_less_the_allowance_for_clock_skew() -> None:
    token = signed(APP_STORE, APP_STORE_SECRET)

    exp = verified(token, EC_PAIR, "ES256").claims["exp"]
    assert token.expires_at.timestamp() == exp - 30
    assert token.lifetime_source is LifetimeSource.JWT_EXP
    assert (token.requested_at, token.lifetime) == (START, timedelta(seconds=1140))


def test_scopes_are_in_their_claim_if_the_file_says_so() -> None:
    described = {"algorithm": "ES256", "claims": {"iss": "{secret.i}"}, "scope_claim": True}
    secret = {"i": "us", "private_key": APP_STORE_SECRET["private_key"]}

    token = signed({"signed_jwt": described}, secret, scopes=["b", "a"])

    assert verified(token, EC_PAIR, "ES256").claims["scope"] == "a b"
    assert token.scopes == {"a", "b"}


def test_each_tenant_of_a_family_has_its_own_key_and_claims() -> None:
    token = signed(SNOWFLAKE, SNOWFLAKE_SECRET, family=True, tenant="acme")

    assert verified(token, RSA_PAIR, "RS256").claims["sub"] == "ACME-EU1.REPORTS"


def test_key_in_kms_signs_and_the_secret_has_none() -> None:
    kms = StubKms()
    secret = {name: APP_STORE_SECRET[name] for name in ("issuer_id", "key_id")}

    token = signed(APP_STORE, secret, kms=kms, signing={"kms_keys": [KMS_KEY]})

    assert verified(token, kms.pair, "ES256").header["kid"] == "2X9R4HXF34"


def test_another_key_in_kms_is_another_cache_key() -> None:
    one, other = (
        definition(APP_STORE, signing={"kms_keys": keys})
        for keys in ([KMS_KEY], [f"{KMS_KEY}-next", KMS_KEY])
    )

    assert one.fingerprint != other.fingerprint


def test_secret_of_the_users_own_may_name_its_fields_otherwise() -> None:
    arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:acme/store-AbCdEf"
    own = {"arn": arn, "private_key_key": "pem", "key_id_key": "kid"}
    one = definition(APP_STORE, secret=own)

    secret = secret_store(one, {"issuer_id": "us", "pem": "PEM", "kid": "7"}).read(one, None)

    fields = {name: each.reveal() for name, each in secret.fields.items()}
    assert fields == {"issuer_id": "us", "private_key": "PEM", "key_id": "7"}


@pytest.mark.parametrize(
    "changes",
    [
        {"algorithm": "PS256"},
        {"header": {"kid": "x"}},
        {"claims": {"sub": "x"}},
        {"lifetime_seconds": 60},
        {"scope_claim": True},
    ],
    ids=str,
)
def test_changed_description_is_another_cache_key(changes: dict[str, Any]) -> None:
    described = GITHUB_APP["signed_jwt"]

    changed = definition({"signed_jwt": described | changes})

    assert changed.fingerprint != definition(GITHUB_APP).fingerprint


def test_schema_example_of_each_key_is_valid() -> None:
    for name, one in SignedJwtModel.model_fields.items():
        for example in one.examples or []:
            said = {"algorithm": "HS256"} | {name: example}
            assert SignedJwtModel.model_validate(said).document()[name] == example


def test_store_reads_each_field_that_the_token_needs() -> None:
    one = definition(SNOWFLAKE)

    secret = secret_store(one, SNOWFLAKE_SECRET).read(one, None)

    assert secret.fields.keys() == SNOWFLAKE_SECRET.keys()
    assert "REPORTS" not in repr(secret)
