"""What a caller reads when its grant does not reach as far as it asks: never more than it may."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tokenvend.domain.connection import parse_connection_name
from tokenvend.domain.credential_definition import CredentialDefinition, CredentialKind, ScopeMode
from tokenvend.domain.decision import decide
from tokenvend.domain.errors import (
    ConsentRequiredError,
    InvalidClientError,
    ProviderRefusedError,
    TemporarilyUnavailableError,
    TokenVendError,
    UnauthorizedClientError,
)
from tokenvend.domain.failure import Failure
from tokenvend.domain.grant_limits import check_scopes, check_target, check_tenant
from tokenvend.domain.identity import (
    EntryPoint,
    NotAnIdentityError,
    Proof,
    identity_of_principal,
    identity_of_session,
)
from tokenvend.domain.registry import Caller, Grant, Observation, RegistryView
from tokenvend.domain.request import VendRequest
from tokenvend.domain.rule import Rule

NOW = datetime(2026, 3, 1, tzinfo=UTC)
READ, WRITE = frozenset({"read"}), frozenset({"write"})
NARROWS = CredentialDefinition(
    name="jobs",
    provider="acme",
    token_endpoint="https://a.example/t",
    scopes=READ | WRITE,
    scope_mode=ScopeMode.NARROWS,
)
FIXED = replace(NARROWS, scope_mode=ScopeMode.FIXED)
API_KEY = replace(NARROWS, kind=CredentialKind.API_KEY)
FAMILY = replace(NARROWS, family=True)
GRANT = Grant(caller="billing", credential="jobs", scopes=READ)
ALL = replace(GRANT, full_access=True)
ASK = VendRequest("jobs")
NOT_KNOWN = (
    "No scope is requested or granted, so the provider would decide: the grant needs"
    " full_access: true."
)
WHOLE_SCOPE = (
    "Tokens of this credential always carry its whole scope, and the grant does not cover write."
)
CONSENT = (
    "The user must consent: start the connection with POST .../connections/start (direct: its"
    " action start), and send the user to the connect_url that comes back."
)


def words_of(refused: Callable[[], object]) -> tuple[str, str]:
    """The text and the rule of the refusal."""
    with pytest.raises(TokenVendError) as caught:
        refused()
    return caught.value.description, caught.value.rule


@pytest.mark.parametrize(
    ("request_", "grant", "definition", "words", "rule"),
    [
        (replace(ASK, scopes=WRITE), GRANT, NARROWS, "Not in the grant: write.", Rule.SCOPES),
        (
            *(ASK, replace(GRANT, scopes=frozenset()), NARROWS),
            NOT_KNOWN,
            Rule.FULL_ACCESS,
        ),
        (
            *(replace(ASK, scopes=READ), ALL, API_KEY),
            "An API key has no scopes: leave scope out.",
            Rule.SCOPES,
        ),
        (
            *(ASK, GRANT, API_KEY),
            "An API key gives full access: the grant needs full_access: true.",
            Rule.FULL_ACCESS,
        ),
        (
            *(ASK, GRANT, replace(FIXED, scopes=frozenset())),
            ("The credential declares no scopes, so only a grant with full_access: true gives its"
            " tokens."),
            Rule.FULL_ACCESS,
        ),
        (
            *(ASK, GRANT, FIXED),
            WHOLE_SCOPE,
            Rule.WHOLE_SCOPE,
        ),
        (
            *(ASK, replace(ALL, scopes=frozenset({"admin"})), FIXED),
            "Tokens of this credential do not carry admin.",
            Rule.SCOPES,
        ),
    ],
)  # fmt: skip
def test_scopes_beyond_the_grant_are_named(
    request_: VendRequest, grant: Grant, definition: CredentialDefinition, words: str, rule: Rule
) -> None:
    assert words_of(lambda: check_scopes(request_, grant, definition, NOW)) == (words, rule)


def test_a_grant_of_all_observes_nothing_of_a_token_that_carries_more() -> None:
    carried, observed = check_scopes(ASK, ALL, FIXED, NOW)

    assert (carried, observed) == (READ | WRITE, frozenset())


def test_what_a_token_carries_beyond_the_grant_is_observed_while_that_is_agreed() -> None:
    until = NOW + timedelta(days=1)
    grant = replace(GRANT, observation=Observation(scopes=WRITE, until=until))

    assert check_scopes(ASK, grant, FIXED, NOW) == (READ | WRITE, WRITE)


@pytest.mark.parametrize(
    ("tenant", "grant", "definition", "words"),
    [
        ("acme", GRANT, NARROWS, "This credential has no tenants: leave tenant out."),
        (
            None,
            GRANT,
            FAMILY,
            "This credential has one secret for each tenant: name one in tenant.",
        ),
        ("acme", GRANT, FAMILY, "The grant does not include this tenant."),
    ],
)
def test_a_tenant_beyond_the_grant_is_told(
    tenant: str | None, grant: Grant, definition: CredentialDefinition, words: str
) -> None:
    request = replace(ASK, tenant=tenant)

    assert words_of(lambda: check_tenant(request, grant, definition)) == (words, Rule.TENANT)


@pytest.mark.parametrize(
    ("rule", "requested_scopes", "ceiling", "words"),
    [
        (Rule.AUDIENCE, "a", frozenset("b"), "Not in the grant: a."),
        (Rule.AUDIENCE, None, frozenset("ab"), "The grant lists several audiences: name one."),
        (Rule.RESOURCE, None, frozenset("ab"), "The grant lists several resources: name one."),
    ],
)
def test_a_target_beyond_the_grant_is_told(
    rule: Rule, requested_scopes: str | None, ceiling: frozenset[str], words: str
) -> None:
    assert words_of(lambda: check_target(rule, requested_scopes, ceiling)) == (words, rule)


@pytest.mark.parametrize(
    ("connection", "kind", "words"),
    [
        (
            *("ada", CredentialKind.CLIENT_CREDENTIALS),
            "This credential has no connections: leave connection out.",
        ),
        (
            None,
            CredentialKind.AUTHORIZATION_CODE,
            "This credential needs a user's connection: name one in connection.",
        ),
    ],
)
def test_a_connection_is_named_where_there_are_connections(
    connection: str | None, kind: CredentialKind, words: str
) -> None:
    view = RegistryView(
        caller=Caller(name="billing"), grant=GRANT, definition=replace(NARROWS, kind=kind)
    )
    proof, request = Proof(EntryPoint.IAM, "iam:1:role/b"), replace(ASK, connection=connection)

    assert words_of(lambda: decide(proof, request, view, now=NOW)) == (words, Rule.CONNECTION)


@pytest.mark.parametrize("text", ["", "/", "shop/", "/ada", "Shop/ada", "shop/a b", "a/b/c"])
def test_a_connection_has_a_name_and_perhaps_an_owner_and_nothing_else(text: str) -> None:
    with pytest.raises(ValueError, match=r"^a connection is named by its name, or by"):
        parse_connection_name(text, owner="billing")


def test_what_must_look_the_same_from_outside_reads_the_same() -> None:
    """The rule differs, for the audit line; the caller never sees it."""
    unproven = {InvalidClientError(rule=rule).description for rule in Rule}
    ungranted = {UnauthorizedClientError(rule=rule).description for rule in Rule}
    absent = {ConsentRequiredError(rule=rule).description for rule in Rule}

    assert unproven == {"The caller is not known here, or its proof was not accepted."}
    assert ungranted == {"This caller has no grant for a credential of that name."}
    assert absent == {CONSENT}


def test_a_consent_to_less_says_what_is_missing() -> None:
    error = ConsentRequiredError(rule=Rule.CONNECTION_SCOPES, missing_scope="jobs_manage")

    assert error.description.startswith("The user must consent to jobs_manage: start the ")


@pytest.mark.parametrize(
    "error", [InvalidClientError, UnauthorizedClientError, ConsentRequiredError]
)
def test_a_refusal_knows_its_caller_where_there_is_one(
    error: Callable[..., TokenVendError],
) -> None:
    assert error(rule="x", caller="billing").caller == "billing"
    assert error(rule="x").caller is None


def test_waiting_is_asked_for_by_the_second_at_least() -> None:
    assert TemporarilyUnavailableError("x", rule="x").retry_after_seconds == 1
    assert (
        TemporarilyUnavailableError("x", rule="x", retry_after_seconds=0).retry_after_seconds == 1
    )


def test_whoever_asks_before_the_next_try_reads_what_failed() -> None:
    retry_at = NOW + timedelta(seconds=7)
    refused = Failure(provider_error="invalid_client", count=1, retry_at=retry_at).to_error(NOW)
    away = Failure(provider_error=None, count=1, retry_at=retry_at).to_error(NOW)

    assert isinstance(refused, ProviderRefusedError)
    assert refused.description == "The provider refused this credential: invalid_client."
    assert refused.provider_error == "invalid_client"
    assert isinstance(away, TemporarilyUnavailableError)
    assert away.description == (
        "The provider did not answer well lately; it is left alone until the time given."
    )
    assert (away.rule, away.retry_after_seconds) == ("provider.backoff", 7)


def test_an_arn_that_is_nobodys_identity_says_what_can_be_one() -> None:
    arn = "arn:aws:sts::111122223333:federated-user/jo"
    with pytest.raises(NotAnIdentityError, match=r"^only an assumed role or an IAM user can be"):
        identity_of_session(arn)
    with pytest.raises(NotAnIdentityError, match=r"^it must be the ARN of an IAM role or user$"):
        identity_of_principal(arn)
