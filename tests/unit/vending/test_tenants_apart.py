"""Each tenant of a family has its own secret, its own failures and its own state."""

from base64 import b64decode
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.provider import json_response
from tests.unit.vending.world import DEFINITION, GRANT, REQUEST, World

from tokenvend.domain.errors import ProviderRefusedError
from tokenvend.domain.oauth.token_request import ProviderRequest, ProviderSecret
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.registry import ALL_TENANTS, Rotation
from tokenvend.domain.secret import Secret
from tokenvend.vending.vendor import Vendor

ACME, GLOBEX = (replace(REQUEST, tenant=tenant) for tenant in ("acme", "globex"))
REFUSES = json_response({"error": "invalid_client"}, status=401)


def secret_of(tenant: str, version: str = "v1") -> ProviderSecret:
    return ProviderSecret(f"{tenant}-{version}", Secret("s"), "login.acme.example", version=version)


def family(**changes: object) -> World:
    definition = replace(DEFINITION, family=True, **changes)  # type: ignore[arg-type]
    world = World(definition=definition, grant=replace(GRANT, tenants=ALL_TENANTS))
    del world.secrets.secrets["jobs", None]
    for tenant in ("acme", "globex"):
        world.secrets.secrets["jobs", tenant] = secret_of(tenant)
    return world


def client_of(request: ProviderRequest) -> str:
    """The client that a request names, by its basic credentials."""
    encoded = request.headers["Authorization"].removeprefix("Basic ")
    return b64decode(encoded).decode().partition(":")[0]


def refused(world: World, environment: Vendor, tenant: object = ACME) -> None:
    world.provider.script(REFUSES)
    with pytest.raises(ProviderRefusedError):
        world.vend(environment, tenant)  # type: ignore[arg-type]


def test_each_is_asked_for_by_its_own_client() -> None:
    world = family()

    for request in (ACME, GLOBEX):
        world.vend(world.environment(), request)

    assert [client_of(each) for each in world.provider.requests] == ["acme-v1", "globex-v1"]


def test_a_secret_that_turned_meanwhile_is_read_again_as_its_own() -> None:
    world = family()

    def refuses_the_former(_: ProviderRequest) -> ProviderResponse:
        world.secrets.secrets["jobs", "acme"] = secret_of("acme", "v2")
        return REFUSES

    world.provider.script(refuses_the_former)

    world.vend(world.environment(), ACME)

    assert [client_of(each) for each in world.provider.requests] == ["acme-v1", "acme-v2"]


def test_the_next_secret_of_a_rotation_is_its_own_too() -> None:
    world = family(rotation=Rotation.STAGED)
    for tenant in ("acme", "globex"):
        world.secrets.pending["jobs", tenant] = secret_of(tenant, "v2")
    world.provider.script(REFUSES)

    vended = world.vend(world.environment(), ACME)

    assert [client_of(each) for each in world.provider.requests] == ["acme-v1", "acme-v2"]
    assert vended.answer.token.secret_stage.value == "AWSPENDING"


def test_the_next_secret_is_tried_although_the_current_one_is_gone_by_then() -> None:
    world = family(rotation=Rotation.STAGED)
    world.secrets.pending["jobs", "acme"] = secret_of("acme", "v2")

    def refuses_and_is_deleted(_: ProviderRequest) -> ProviderResponse:
        del world.secrets.secrets["jobs", "acme"]
        return REFUSES

    world.provider.script(refuses_and_is_deleted)

    world.vend(world.environment(), ACME)

    assert [client_of(each) for each in world.provider.requests] == ["acme-v1", "acme-v2"]


def test_a_refusal_of_one_keeps_no_other_from_asking() -> None:
    world = family()
    refused(world, world.environment())

    world.vend(world.environment(), GLOBEX)

    failure = world.states.state("jobs", "acme").failure
    assert failure is not None
    assert failure.provider_error == "invalid_client"
    assert world.states.state("jobs", "globex").failure is None
    assert world.states.state("jobs").failure is None


def test_a_success_clears_the_failure_of_its_own() -> None:
    world = family()
    for tenant in (ACME, GLOBEX):
        refused(world, world.environment(), tenant)
    world.clock.advance(timedelta(minutes=1))

    world.vend(world.environment(), ACME)

    assert world.states.state("jobs", "acme").failure is None
    assert world.states.state("jobs", "globex").failure is not None


def test_what_an_exchange_showed_is_noted_of_its_own() -> None:
    world = family()

    world.vend(world.environment(), ACME)

    assert world.states.state("jobs", "acme").observed is not None
    assert world.states.state("jobs", "globex").observed is None
    assert world.states.state("jobs").observed is None


def test_an_outage_is_noted_of_its_own() -> None:
    world = family()
    world.provider.script(json_response({}, status=503))
    with pytest.raises(Exception, match="answered 503"):
        world.vend(world.environment(), ACME)

    assert world.states.state("jobs", "acme").outage is not None
    assert world.states.state("jobs").outage is None
    world.clock.advance(timedelta(minutes=1))
    world.vend(world.environment(), ACME)
    assert world.states.state("jobs", "acme").outage is None
