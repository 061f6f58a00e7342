"""A profile whose parameters each tenant brings: to the tenant's own host, and to no other."""

from pathlib import Path
from typing import Any

import pytest
from tests.configuration.described import definition_of, secret_store, vend
from tests.configuration.profile_facts import (
    code_parameters,
    credential_entry,
    facts_of,
    flow_of,
    profiles_of,
    scope_text,
    secret_for,
    sends_scope,
)
from tests.configuration.provider_stand_in import ACCESS_TOKEN, StandIn
from tests.configuration.samples import problems_in
from tests.fakes.clock import FakeClock

from tokenvend.adapters.provider_http import RequestsProviderClient
from tokenvend.domain.oauth.code_exchange import build_code_request
from tokenvend.domain.oauth.refresh import build_refresh_request
from tokenvend.domain.secret import Secret
from tokenvend.domain.tenant_values import bind
from tokenvend.vending.provider_secret import read_secret
from tokenvend_cli.configuration.profiles import load_profile, profile_names

#: Their hosts have no end of the provider's own, or are few, or their metadata is read at `plan`.
_WITHOUT_AN_END = {"amazon-selling-partner-seller", "cognito", "gitlab", "issuer", "shopware"}
AT_CUSTOMERS = [
    name
    for name in profile_names()
    if any(each.tenant_patterns for each in load_profile(name).parameters.values())
]
OF_TENANTS = [name for name in AT_CUSTOMERS if name in profiles_of("client_credentials")]
OF_CONNECTIONS = [name for name in AT_CUSTOMERS if name in profiles_of("authorization_code")]


def _entry(name: str) -> dict[str, object]:
    """What the file says where each tenant brings what it can."""
    parameters = {
        each: f"{{tenant.{each}}}" if one.tenant_patterns else one.example
        for each, one in load_profile(name).parameters.items()
    }
    return {"profile": name, "parameters": parameters}


def facts_at(name: str, endpoint: str | None) -> dict[str, Any]:
    """Return the facts, with *endpoint*, if there is one, in place of the token endpoint."""
    return facts_of(name) | ({"token_endpoint": endpoint} if endpoint else {})


def _values(name: str) -> dict[str, str]:
    parameters = load_profile(name).parameters
    return {each: one.example for each, one in parameters.items() if one.tenant_patterns}


def test_most_providers_with_hosts_of_their_customers_admit_tenants() -> None:
    with_parameters = {name for name in profile_names() if load_profile(name).parameters}

    assert with_parameters - set(AT_CUSTOMERS) == _WITHOUT_AN_END


@pytest.mark.parametrize("name", OF_TENANTS)
def test_tenant_brings_the_parameters(name: str, tmp_path: Path) -> None:
    said = credential_entry(name, "client_credentials") | {"family": True}
    secret = secret_for(definition_of(_entry(name), said)) | _values(name)
    grant = {"grant_type": "client_credentials"}
    if sends_scope(name):
        grant["scope"] = scope_text(name)
    stand_in = StandIn(facts_of(name), secret, grant)

    with stand_in.running(tmp_path) as authority:
        token = vend(
            _entry(name),
            secret,
            clock=FakeClock(),
            ca_file=authority,
            host=stand_in.host,
            tenant="acme",
            **said,
        )

    assert (stand_in.complaints, stand_in.taken) == ([], 1)
    assert token.access_token.reveal() == ACCESS_TOKEN


@pytest.mark.parametrize("name", OF_CONNECTIONS)
def test_connection_brings_the_parameters(name: str, tmp_path: Path) -> None:
    said = credential_entry(name, "authorization_code")
    definition = bind(definition_of(_entry(name), said), _values(name))
    assert definition.authorization is not None
    values = secret_for(definition)
    secret = read_secret(secret_store(definition, values), definition, None)
    stand_in = StandIn(facts_of(name), values, code_parameters(name))

    with stand_in.running(tmp_path) as authority:
        client = RequestsProviderClient(ca_file=str(authority))
        code, verifier = Secret("c"), Secret("v")
        authorization = definition.authorization
        client.send(
            build_code_request(
                definition, authorization, code=code, code_verifier=verifier, secret=secret
            )
        )
        stand_in.parameters = {"grant_type": "refresh_token", "refresh_token": "r"}
        stand_in.facts = facts_at(name, flow_of(name).get("refresh_endpoint"))
        client.send(build_refresh_request(definition, Secret("r"), secret, requested_scopes=None))

    assert authorization.endpoint == facts_of(name)["authorization_endpoint"]
    assert (stand_in.complaints, stand_in.taken) == ([], 2)


@pytest.mark.parametrize("name", OF_CONNECTIONS)
def test_everything_of_a_connection_is_at_the_host_that_it_brought(name: str) -> None:
    said = credential_entry(name, "authorization_code")
    definition = bind(definition_of(_entry(name), said), _values(name))
    authorization, facts = definition.authorization, facts_of(name)
    assert authorization is not None

    at = {
        "revocation_endpoint": definition.revocation_endpoint,
        "account_endpoint": authorization.account_endpoint,
    }

    assert at == {each: facts.get(each) for each in at}
    assert "{" not in "".join(filter(None, at.values()))


def test_host_without_a_fixed_end_needs_patterns_of_the_file() -> None:
    parameters = {"domain": "{tenant.domain}", "realm": "{tenant.realm}"}
    keycloak = {"profile": "keycloak", "parameters": parameters}
    credential = {"provider": "acme", "family": True}
    grant = {"caller": "billing", "credential": "jobs", "tenants": "all", "full_access": True}
    parts = {"credentials": {"jobs": credential}, "grants": [grant]}

    found = problems_in(parts | {"providers": {"acme": keycloak}})

    unsaid = [each for each in found if "tenant_values does not say what {tenant.domain}" in each]
    assert unsaid
    assert [each for each in found if "{tenant.realm}" in each] == []
    listed = keycloak | {"tenant_values": {"domain": ["*.login.acme.example"]}}
    assert problems_in(parts | {"providers": {"acme": listed}}) == []


def test_issuer_whose_metadata_is_read_is_no_value_of_a_tenant() -> None:
    entry = {"profile": "issuer", "parameters": {"issuer": "{tenant.issuer}"}}

    found = problems_in({"providers": {"acme": entry}})

    assert found[0].startswith("providers.acme.profile: must begin with https")
