"""Each tenant of a family has its own secret, its own failures and its own state."""

from base64 import b64decode
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.provider import json_response
from tests.unit.vending.harness import DEFINITION, GRANT, REQUEST, Harness

from tokenvend.domain.credential_definition import Rotation
from tokenvend.domain.errors import ProviderRefusedError
from tokenvend.domain.oauth.token_request import ProviderRequest, ProviderSecret
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.registry import ALL_TENANTS
from tokenvend.domain.secret import Secret
from tokenvend.vending.vendor import Vendor

ACME, GLOBEX = (replace(REQUEST, tenant=tenant) for tenant in ("acme", "globex"))
REFUSES = json_response({"error": "invalid_client"}, status=401)


def secret_of(tenant: str, version: str = "v1") -> ProviderSecret:
    return ProviderSecret(f"{tenant}-{version}", Secret("s"), "login.acme.example", version=version)


def family(**changes: object) -> Harness:
    definition = replace(DEFINITION, family=True, **changes)  # type: ignore[arg-type]
    harness = Harness(definition=definition, grant=replace(GRANT, tenants=ALL_TENANTS))
    del harness.secrets.secrets["jobs", None]
    for tenant in ("acme", "globex"):
        harness.secrets.secrets["jobs", tenant] = secret_of(tenant)
    return harness


def client_of(request: ProviderRequest) -> str:
    """The client that a request names, by its basic credentials."""
    encoded = request.headers["Authorization"].removeprefix("Basic ")
    return b64decode(encoded).decode().partition(":")[0]


def refused(harness: Harness, environment: Vendor, tenant: object = ACME) -> None:
    harness.provider.script(REFUSES)
    with pytest.raises(ProviderRefusedError):
        harness.vend(environment, tenant)  # type: ignore[arg-type]


def test_each_is_asked_for_by_its_own_client() -> None:
    harness = family()

    for request in (ACME, GLOBEX):
        harness.vend(harness.environment(), request)

    assert [client_of(each) for each in harness.provider.requests] == ["acme-v1", "globex-v1"]


def test_a_secret_that_turned_meanwhile_is_read_again_as_its_own() -> None:
    harness = family()

    def refuses_the_former(_: ProviderRequest) -> ProviderResponse:
        harness.secrets.secrets["jobs", "acme"] = secret_of("acme", "v2")
        return REFUSES

    harness.provider.script(refuses_the_former)

    harness.vend(harness.environment(), ACME)

    assert [client_of(each) for each in harness.provider.requests] == ["acme-v1", "acme-v2"]


def test_the_next_secret_of_a_rotation_is_its_own_too() -> None:
    harness = family(rotation=Rotation.STAGED)
    for tenant in ("acme", "globex"):
        harness.secrets.pending["jobs", tenant] = secret_of(tenant, "v2")
    harness.provider.script(REFUSES)

    vended = harness.vend(harness.environment(), ACME)

    assert [client_of(each) for each in harness.provider.requests] == ["acme-v1", "acme-v2"]
    assert vended.answer.token.secret_stage.value == "AWSPENDING"


def test_the_next_secret_is_tried_although_the_current_one_is_gone_by_then() -> None:
    harness = family(rotation=Rotation.STAGED)
    harness.secrets.pending["jobs", "acme"] = secret_of("acme", "v2")

    def refuses_and_is_deleted(_: ProviderRequest) -> ProviderResponse:
        del harness.secrets.secrets["jobs", "acme"]
        return REFUSES

    harness.provider.script(refuses_and_is_deleted)

    harness.vend(harness.environment(), ACME)

    assert [client_of(each) for each in harness.provider.requests] == ["acme-v1", "acme-v2"]


def test_a_refusal_of_one_keeps_no_other_from_asking() -> None:
    harness = family()
    refused(harness, harness.environment())

    harness.vend(harness.environment(), GLOBEX)

    failure = harness.states.state("jobs", "acme").failure
    assert failure is not None
    assert failure.provider_error == "invalid_client"
    assert harness.states.state("jobs", "globex").failure is None
    assert harness.states.state("jobs").failure is None


def test_a_success_clears_the_failure_of_its_own() -> None:
    harness = family()
    for tenant in (ACME, GLOBEX):
        refused(harness, harness.environment(), tenant)
    harness.clock.advance(timedelta(minutes=1))

    harness.vend(harness.environment(), ACME)

    assert harness.states.state("jobs", "acme").failure is None
    assert harness.states.state("jobs", "globex").failure is not None


def test_what_an_exchange_showed_is_noted_of_its_own() -> None:
    harness = family()

    harness.vend(harness.environment(), ACME)

    assert harness.states.state("jobs", "acme").observed is not None
    assert harness.states.state("jobs", "globex").observed is None
    assert harness.states.state("jobs").observed is None


def test_an_outage_is_noted_of_its_own() -> None:
    harness = family()
    harness.provider.script(json_response({}, status=503))
    with pytest.raises(Exception, match="answered 503"):
        harness.vend(harness.environment(), ACME)

    assert harness.states.state("jobs", "acme").outage is not None
    assert harness.states.state("jobs").outage is None
    harness.clock.advance(timedelta(minutes=1))
    harness.vend(harness.environment(), ACME)
    assert harness.states.state("jobs", "acme").outage is None
