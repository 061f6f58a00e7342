"""An API key as it is read: whose it is, and what is known of it."""

from dataclasses import replace

import pytest
from tests.fakes.clock import START
from tests.unit.vending.harness import API_KEY, BILLING, Harness, api_key_of, secret_of_key

from tokenvend.domain import bounds
from tokenvend.domain.errors import CredentialNotReadyError
from tokenvend.domain.registry import ALL_TENANTS, Grant
from tokenvend.domain.request import VendRequest
from tokenvend.domain.scopes import NO_SCOPES
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken, LifetimeSource
from tokenvend.domain.token_presentation import Header

GRANT = Grant(caller="billing", credential=API_KEY.name, full_access=True, tenants=ALL_TENANTS)


def harness_of_keys(*, family: bool = False) -> Harness:
    harness = Harness()
    api_key_of(harness)
    harness.reader.definitions[API_KEY.name] = replace(API_KEY, family=family)
    harness.reader.grants[BILLING.identity, API_KEY.name] = GRANT
    for tenant in ("acme", "globex"):
        harness.secrets.secrets[API_KEY.name, tenant] = secret_of_key(f"key-of-{tenant}")
    return harness


def test_each_tenant_has_its_own_key() -> None:
    harness = harness_of_keys(family=True)
    environment = harness.environment()

    keys = [
        harness.vend(environment, VendRequest(API_KEY.name, tenant=tenant)).answer.token
        for tenant in ("acme", "globex")
    ]

    assert [key.access_token.reveal() for key in keys] == ["key-of-acme", "key-of-globex"]


def test_a_key_is_what_was_read_in_the_state_that_its_secret_had() -> None:
    harness = harness_of_keys()
    harness.states.start_secret_generation(API_KEY.name, None, "v7")

    key = harness.vend(harness.environment(), VendRequest(API_KEY.name)).answer.token

    assert key == AccessToken(
        access_token=Secret("our-api-key"),
        scopes=NO_SCOPES,
        requested_at=START,
        expires_at=START + bounds.API_KEY_LIFETIME,
        secret_generation="v7",
        lifetime_source=LifetimeSource.DEFAULT,
        sent_as=Header("X-SmartToken"),
    )


def test_a_key_that_nobody_knows_how_to_send_is_not_ready() -> None:
    harness = harness_of_keys()
    harness.reader.definitions[API_KEY.name] = replace(API_KEY, api_request={})

    with pytest.raises(CredentialNotReadyError) as caught:
        harness.vend(harness.environment(), VendRequest(API_KEY.name))

    assert caught.value.rule == "api_key.header"
    assert caught.value.description == ("The credential's definition names no header for the key.")
