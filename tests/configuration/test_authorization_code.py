"""Users' consents in the file: what must be said, and which connections a grant reaches."""

from typing import Any

import pytest
from tests.configuration.consent_files import ASKS, CALLBACK, consent_file
from tests.configuration.samples import FIXED, document, problems_in

from tokenvend.adapters.dynamodb.definition_items import parse_definition
from tokenvend.adapters.dynamodb.registry_items import parse_grant
from tokenvend.domain.credential_definition import Authorization, ScopeMode
from tokenvend.domain.registry import ALL_CONNECTIONS, OWN_CONNECTIONS, Grant
from tokenvend_cli.configuration.compile import compile_registry
from tokenvend_cli.configuration.models import ConfigurationModel
from tokenvend_cli.configuration.providers import resolve_providers, undiscovered


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param(consent_file(), id="by its endpoints"),
        pytest.param(
            consent_file(
                provider={"profile": "smartrecruiters"},
                scopes=None,
                granted={"scopes": [], "full_access": True},
            ),
            id="by its profile",
        ),
        pytest.param(
            consent_file(granted={"connections": ["mine", "payroll/theirs"]}), id="others' too"
        ),
        pytest.param(consent_file(granted={"connections": "all"}), id="everybody's"),
        pytest.param(
            consent_file(
                granted={"return_urls": ["https://app.example/back", "http://127.0.0.1:8000/back"]}
            ),
            id="return urls",
        ),
    ],
)
def test_a_consent_that_can_be_asked_for_has_no_problem(parts: dict[str, Any]) -> None:
    assert problems_in(parts) == []


@pytest.mark.parametrize(
    ("parts", "place"),
    [
        pytest.param(
            consent_file(provider=FIXED), "credentials.jobs.kind", id="nowhere to send users"
        ),
        pytest.param(
            consent_file(redirect_uri=None),
            "credentials.jobs.redirect_uri",
            id="nowhere to come back to",
        ),
        pytest.param(
            consent_file(redirect_uri="https://connect.example/callback/other"),
            "credentials.jobs.redirect_uri",
            id="another credential's callback",
        ),
        pytest.param(
            consent_file(granted={"return_urls": ["http://app.example/back"]}),
            "grants[0].return_urls",
            id="a code in the clear",
        ),
        pytest.param(
            consent_file(kind="client_credentials"),
            "credentials.jobs.redirect_uri",
            id="redirect_uri where nobody consents",
        ),
        pytest.param(consent_file(family=True), "credentials.jobs.family", id="family"),
        pytest.param(
            consent_file(provider=ASKS | {"requires_iss": True}),
            "credentials.jobs.provider",
            id="iss to compare with nothing",
        ),
        pytest.param(
            consent_file(
                provider=ASKS
                | {"consent_flow": {"refresh_endpoint": "https://refresh.acme.example/token"}}
            ),
            "credentials.jobs.provider",
            id="refreshes at another host",
        ),
        pytest.param(
            consent_file(granted={"connections": ["nobody/theirs"]}),
            "grants[0].connections",
            id="a connection of no caller",
        ),
        pytest.param(
            consent_file(granted={"audiences": ["https://api.acme.example"]}),
            "grants[0].audiences",
            id="an audience",
        ),
        pytest.param(
            consent_file(
                kind="client_credentials", redirect_uri=None, granted={"connections": "all"}
            ),
            "grants[0].connections",
            id="connections where nobody consents",
        ),
    ],
)
def test_what_cannot_work_is_told_with_its_place(parts: dict[str, Any], place: str) -> None:
    assert place in {problem.partition(":")[0] for problem in problems_in(parts)}


def compiled_grant(connections: object) -> Grant:
    granted = {} if connections is None else {"connections": connections}
    items = compiled(consent_file(granted=granted))
    return parse_grant(items["client:billing-web", "jobs"])


def compiled(parts: dict[str, Any]) -> dict[tuple[str, str], Any]:
    configuration = ConfigurationModel.model_validate(document(**parts))
    providers, _ = resolve_providers(configuration.providers, undiscovered, local_stack=False)
    return {item.key: item.document for item in compile_registry(configuration, providers)}


def test_a_grant_reaches_the_callers_own_connections_unless_it_says_more() -> None:
    grant = compiled_grant(None)

    assert grant.connections == OWN_CONNECTIONS
    assert grant.covers_connection("billing", "anything")
    assert not grant.covers_connection("payroll", "anything")


def test_a_grant_may_reach_everybodys() -> None:
    grant = compiled_grant("all")

    assert grant.connections == ALL_CONNECTIONS
    assert grant.covers_connection("payroll", "anything")


def test_a_list_is_all_that_a_grant_reaches() -> None:
    grant = compiled_grant(["mine", "payroll/theirs"])

    assert grant.covers_connection("billing", "mine")
    assert grant.covers_connection("payroll", "theirs")
    assert not grant.covers_connection("billing", "theirs")
    assert not grant.covers_connection("payroll", "mine")
    assert not grant.covers_connection("billing", "another-of-mine")


def test_an_empty_list_reaches_nothing() -> None:
    assert not compiled_grant([]).covers_connection("billing", "mine")


def test_how_users_consent_is_pinned_with_the_credential() -> None:
    items = compiled(consent_file(provider=ASKS | {"refresh_token_days": 28}))

    assert parse_definition(items["credential#jobs", "*"]).authorization == Authorization(
        endpoint="https://login.acme.example/allow",
        redirect_uri=CALLBACK,
        refresh_token_days=28,
    )


def test_smartrecruiters_says_what_its_scopes_are_in_words() -> None:
    parts = consent_file(
        provider={"profile": "smartrecruiters"},
        scopes=["jobs_read"],
        granted={"scopes": ["jobs_read"]},
    )

    authorization = parse_definition(compiled(parts)["credential#jobs", "*"]).authorization

    assert authorization is not None
    assert authorization.refresh_token_days == 28
    assert set(authorization.scope_words) == {"jobs_read"}


NAMES_SCOPES = ASKS | {
    "consent_flow": {"refresh_names_scopes": True, "refresh_names_scopes_source": "its manual"}
}


@pytest.mark.parametrize(
    ("provider", "names"),
    [
        pytest.param(ASKS, False, id="nothing is said"),
        pytest.param(
            ASKS | {"scope_mode": "narrows", "scope_mode_source": "its manual"},
            False,
            id="only a request for a token is said to narrow",
        ),
        pytest.param(NAMES_SCOPES, True, id="shown to do no harm"),
    ],
)
def test_a_refresh_names_scopes_only_where_that_is_said(
    provider: dict[str, Any], *, names: bool
) -> None:
    items = compiled(consent_file(provider=provider))

    definition = parse_definition(items["credential#jobs", "*"])

    assert definition.flow.refresh_names_scopes is names
    assert (definition.token_scope_mode is ScopeMode.NARROWS) is names


def test_where_refreshes_name_scopes_a_grant_must_name_some() -> None:
    parts = consent_file(provider=NAMES_SCOPES, granted={"scopes": []})

    assert problems_in(parts) == [
        "grants[0]: name the scopes it may ask for, or say full_access: true"
    ]
