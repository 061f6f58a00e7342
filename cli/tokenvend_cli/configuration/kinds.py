"""Checks of credentials: what each kind needs of its provider, and what it cannot have."""

from collections.abc import Iterator

from tokenvend.domain.registry import ScopeMode
from tokenvend_cli.configuration.models import CallerModel, CredentialModel, GrantModel
from tokenvend_cli.configuration.providers import Provider
from tokenvend_cli.problems import Problem


def kind_problems(place: str, credential: CredentialModel, provider: Provider) -> Iterator[Problem]:
    """What does not fit the credential's kind."""
    if provider.kinds is not None and credential.kind not in provider.kinds:
        known = ", ".join(sorted(provider.kinds))
        yield Problem(f"{place}.kind", f"{credential.provider} has only: {known}")
    if credential.kind == "api_key":
        yield from _api_key_problems(place, credential, provider)
        return
    if not provider.token_endpoint:
        yield Problem(
            f"{place}.kind",
            f"{credential.provider} has no token_endpoint: give it one, or say kind: api_key",
        )
    if credential.single_active_token and provider.scope_mode is ScopeMode.NARROWS:
        yield Problem(
            f"{place}.single_active_token",
            "each set of scopes would void the others' token: needs scope_mode fixed",
        )


def api_key_grant_problems(
    place: str, grant: GrantModel, caller: CallerModel | None
) -> Iterator[Problem]:
    """What a grant of an API key must say, and who cannot have it."""
    if not grant.full_access:
        yield Problem(
            place, f"{grant.credential} is an API key, which reaches everything: full_access: true"
        )
    for name, is_set in {
        "scopes": grant.scopes,
        "default_scopes": grant.default_scopes,
        "audiences": grant.audiences,
        "resources": grant.resources,
        "observe": grant.observe,
    }.items():
        if is_set:
            yield Problem(f"{place}.{name}", "an API key cannot be narrowed: drop this")
    if caller is not None and caller.direct is None and not _signs(caller):
        yield Problem(
            f"{place}.caller",
            f"{grant.caller} is an OAuth client, which would send an API key as a bearer token:"
            " give it a role (iam) or direct",
        )


def _signs(caller: CallerModel) -> bool:
    return any(identity.iam is not None for identity in caller.identities)


def _api_key_problems(
    place: str, credential: CredentialModel, provider: Provider
) -> Iterator[Problem]:
    if provider.api_key_header is None:
        yield Problem(
            f"{place}.kind",
            f"{credential.provider} does not say how it takes an API key: give it"
            " api_key: {header_name: …}",
        )
    for name in sorted(credential.model_fields_set & _FOR_TOKENS):
        yield Problem(f"{place}.{name}", "means nothing for an API key: drop this")


#: What says how a token is asked for, and what it carries.
_FOR_TOKENS = frozenset(
    {
        *("client_id", "scopes", "scope_parameter", "extra_parameters"),
        *("single_active_token", "default_lifetime_seconds"),
    }
)
