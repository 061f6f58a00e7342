"""Every shipped profile is whole, says where it knows from, and can be used."""

import re
from typing import Any

import pytest
from pydantic import ValidationError
from tests.configuration.described import definition_of
from tests.configuration.samples import problems_in

from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.credential_definition import ClientAuthentication, ScopeMode
from tokenvend.domain.oauth.token_request import ProviderRequest, build_token_request
from tokenvend.domain.secret_destination import destination_of
from tokenvend.domain.secret_fields import secret_fields, secret_of
from tokenvend.domain.tenant_values import bind
from tokenvend_cli.configuration.models import ProviderModel
from tokenvend_cli.configuration.profile_models import Certainty
from tokenvend_cli.configuration.profiles import (
    load_profile,
    profile_names,
    shared_sources,
    source_of,
)
from tokenvend_cli.configuration.providers import Provider, resolve_providers
from tokenvend_cli.problems import CommandError

NAMES = profile_names()
PARAMETERS = {
    name: {each: one.example for each, one in load_profile(name).parameters.items()}
    for name in NAMES
}
#: What the provider itself says or does.
_FIRST_HAND = {Certainty.DOCUMENTED, Certainty.OBSERVED}
#: A probe has a date and no address; some public code was read before addresses were recorded.
_WITHOUT_ADDRESS = {Certainty.OBSERVED, Certainty.REPORTED}


def _discovered(issuer: str) -> Provider:
    return Provider(token_endpoint=f"{issuer}/token", authorization_endpoint=f"{issuer}/auth")


def _resolve(profile: str, **parameters: str) -> Provider:
    model = ProviderModel(profile=profile, parameters=parameters)
    providers, problems = resolve_providers({"p": model}, _discovered, local_stack=False)
    assert [str(problem) for problem in problems] == []
    return providers["p"]


def test_many_profiles_are_shipped() -> None:
    assert len(NAMES) >= 90


@pytest.mark.parametrize("name", PARAMETERS)
def test_shipped_profile_can_be_used(name: str) -> None:
    provider = _resolve(name, **PARAMETERS[name])

    for endpoint in (
        *(provider.token_endpoint, provider.authorization_endpoint),
        *(provider.revocation_endpoint, provider.introspection_endpoint, provider.issuer),
    ):
        assert not endpoint or re.fullmatch(r"https://[a-z0-9.-]+/?[\w/.-]*", endpoint)


@pytest.mark.parametrize("name", NAMES)
def test_every_fact_says_where_it_is_known_from(name: str) -> None:
    profile = load_profile(name)

    for fact in profile.every_fact():
        source = source_of(profile, fact)
        if fact.certainty is Certainty.ASSUMED:
            assert source is None
        else:
            assert source is not None
            assert source.url is not None or fact.certainty in _WITHOUT_ADDRESS


@pytest.mark.parametrize("name", NAMES)
def test_no_source_is_listed_in_vain(name: str) -> None:
    profile = load_profile(name)

    assert profile.sources.keys() <= {fact.source for fact in profile.every_fact()}


def test_shared_sources_are_used_and_no_profile_has_one_of_their_names() -> None:
    profiles = [load_profile(name) for name in NAMES]
    used = {fact.source for profile in profiles for fact in profile.every_fact()}

    assert shared_sources().keys() <= used
    assert not [each for each in profiles if each.sources.keys() & shared_sources().keys()]


@pytest.mark.parametrize("name", NAMES)
def test_profile_that_narrows_has_it_from_the_provider(name: str) -> None:
    mode = load_profile(name).scope_mode

    assert mode is None or mode.value == "fixed" or mode.certainty in _FIRST_HAND


def test_smartrecruiters_is_whole() -> None:
    provider = _resolve("smartrecruiters")

    assert provider.kinds == frozenset({"client_credentials", "authorization_code", "api_key"})
    assert provider.client_authentication is ClientAuthentication.POST
    assert provider.scope_mode is ScopeMode.FIXED
    assert provider.api_key == {"header_name": "X-SmartToken"}
    assert (provider.refresh_token_days, provider.refresh_token_rotates) == (28, True)
    assert provider.default_lifetime_seconds == 1799
    assert len(provider.scope_words) == 28


@pytest.mark.parametrize("scope", load_profile("smartrecruiters").filled({})["scopes"])
def test_scope_is_put_in_words_for_a_person(scope: str) -> None:
    words = _resolve("smartrecruiters").scope_words[scope]

    assert re.fullmatch(r"[A-Z][a-z' ,]+", words)
    assert scope not in words
    assert len(words) <= 60


def test_sandbox_claims_less_than_production() -> None:
    facts = load_profile("smartrecruiters-sandbox").facts()

    assert {fact.certainty for fact in facts.values()} == {
        Certainty.REPORTED,
        Certainty.ASSUMED,
    }


def _request(profile: str, *, scopes: list[str]) -> ProviderRequest:
    """What a credential of *profile* asks, with the name of each field in place of its value."""
    definition = definition_of({"profile": profile}, {"scopes": scopes})
    values = {name: name for name in secret_fields(definition)}
    secret = secret_of(definition, values, allowed_host=destination_of(definition))
    spec = TokenSpec(credential="jobs", definition="d", scopes=definition.scopes)
    return build_token_request(definition, spec, secret)


def test_zoom_is_asked_for_its_account() -> None:
    request = _request("zoom", scopes=[])

    assert request.form == {"grant_type": "account_credentials", "account_id": "account_id"}
    assert request.headers["Authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    ("profile", "issuer", "subject", "audience"),
    [
        (
            "google-service-account",
            "client_email",
            "client_email",
            "https://oauth2.googleapis.com/token",
        ),
        ("docusign", "client_id", "user_id", "account.docusign.com"),
        ("docusign-demo", "client_id", "user_id", "account-d.docusign.com"),
    ],
)
def test_service_account_signs_for_its_scopes(
    profile: str, issuer: str, subject: str, audience: str
) -> None:
    request = _request(profile, scopes=["read", "write"])

    assert request.form == {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer"}
    assert request.grant is not None
    draft = request.grant.draft
    assert (draft.client_id, draft.subject, draft.audience) == (issuer, subject, audience)
    assert draft.claims == {"scope": "read write"}


def test_file_may_describe_another_request_than_the_profile() -> None:
    model = ProviderModel.model_validate(
        {"profile": "zoom", "token_request": {"parameters_in": "query"}}
    )
    providers, _ = resolve_providers({"p": model}, _discovered, local_stack=False)

    assert providers["p"].token_request == {"parameters_in": "query"}


def test_any_issuer_is_a_profile_too() -> None:
    issuer = "https://login.acme.example"
    model = ProviderModel(issuer=issuer)

    providers, _ = resolve_providers({"p": model}, _discovered, local_stack=False)

    assert providers["p"] == _resolve("issuer", issuer=issuer)
    assert providers["p"].authorization_endpoint == issuer + "/auth"


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({}, "needs parameters.tenant: The directory"),
        ({"tenant": "a/b"}, "parameters.tenant is not right"),
        ({"tenant": "evil.example/x?"}, "parameters.tenant is not right"),
        ({"tenant": "a@evil.example"}, "parameters.tenant is not right"),
        ({"tenant": "contoso.com\n"}, "parameters.tenant is not right"),
        ({"tenant": "contoso.com", "region": "eu"}, "it has no parameter region"),
    ],
)
def test_parameters_are_those_of_the_profile(parameters: dict[str, str], told: str) -> None:
    with pytest.raises(CommandError, match=told):
        load_profile("entra").filled(parameters)


def test_wrong_parameter_is_told_at_its_provider() -> None:
    found = problems_in({"providers": {"acme": {"profile": "entra"}}})

    assert found[0].startswith("providers.acme.profile: needs parameters.tenant")


def test_parameters_without_a_profile_are_refused() -> None:
    with pytest.raises(ValidationError, match="parameters go with a profile"):
        ProviderModel(issuer="https://a.example", parameters={"a": "b"})


def test_kind_that_the_provider_has_not_is_found() -> None:
    found = problems_in({"providers": {"acme": {"profile": "google"}}})

    assert "credentials.jobs.kind: acme has only: authorization_code" in found


def test_provider_that_wants_scope_gets_it_unless_the_file_says_no() -> None:
    assert _resolve("entra", **PARAMETERS["entra"]).scope_parameter
    assert not _resolve("smartrecruiters").scope_parameter


def test_issuer_of_each_customer_is_compared_as_its_own() -> None:
    own: dict[str, Any] = {
        "profile": "auth0",
        "parameters": {"domain": "{tenant.domain}"},
        "tenant_values": {"domain": ["*.provider.example"]},
    }
    consents = {
        "kind": "authorization_code",
        "redirect_uri": "https://us.example/callback/jobs",
        "scopes": ["read"],
    }

    bound = bind(definition_of(own, consents), {"domain": "acme.provider.example"})

    assert bound.authorization is not None
    assert bound.authorization.issuer == "https://acme.provider.example/"
