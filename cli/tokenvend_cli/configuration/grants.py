"""Checks of grants: each must name what exists, and allow at least one request."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from tokenvend.domain import bounds
from tokenvend.domain.credential_definition import ScopeMode
from tokenvend.domain.scopes import format_scope
from tokenvend_cli.configuration.credential_models import CredentialModel
from tokenvend_cli.configuration.grant_models import GrantModel, ObserveModel
from tokenvend_cli.configuration.kinds import api_key_grant_problems, consent_grant_problems
from tokenvend_cli.configuration.models import ConfigurationModel
from tokenvend_cli.configuration.providers import Provider
from tokenvend_cli.configuration.signed_jwt_rules import signed_jwt_grant_problems
from tokenvend_cli.configuration.users import user_problems
from tokenvend_cli.problems import Problem


def grant_problems(
    configuration: ConfigurationModel, providers: dict[str, Provider], *, now: datetime
) -> Iterator[Problem]:
    """Return the problems of all grants."""
    first: dict[tuple[str, str], int] = {}
    for index, grant in enumerate(configuration.grants):
        place = f"grants[{index}]"
        if grant.caller not in configuration.callers:
            yield Problem(f"{place}.caller", _missing("caller", grant.caller))
        other = first.setdefault((grant.caller, grant.credential), index)
        if other != index:
            yield Problem(
                place, f"grants[{other}] is for the same caller and credential: make them one"
            )
        if grant.observe is not None:
            yield from _observe_problems(f"{place}.observe", grant, grant.observe, now)
        credential = configuration.credentials.get(grant.credential)
        if credential is None:
            yield Problem(f"{place}.credential", _missing("credential", grant.credential))
            continue
        yield from _target_problems(place, grant, credential)
        yield from consent_grant_problems(place, grant, credential, configuration.callers)
        yield from user_problems(place, grant, configuration, providers.get(credential.provider))
        if credential.kind == "api_key":
            yield from api_key_grant_problems(
                place,
                grant,
                configuration.callers.get(grant.caller),
                workloads_invoke=configuration.direct_workloads is not None,
            )
            continue
        if credential.kind == "signed_jwt":
            yield from signed_jwt_grant_problems(place, grant)
        if credential.provider in providers:
            yield from _ceiling_problems(place, grant, credential, providers[credential.provider])


def end_of_observing(observe: ObserveModel) -> datetime:
    """Return when observed scopes are refused again: at 00:00 UTC of that day."""
    return datetime.combine(observe.until, time(tzinfo=UTC))


def _missing(kind: str, name: str) -> str:
    return f"there is no {kind} {name}: declare it, or remove this grant"


def _ceiling_problems(
    place: str, grant: GrantModel, credential: CredentialModel, provider: Provider
) -> Iterator[Problem]:
    whole, ceiling = set(credential.scopes), set(grant.scopes)
    observed = set(grant.observe.scopes) if grant.observe else set()
    # A token of a connection carries what its user consented to, which vending compares.
    consented = credential.kind == "authorization_code"
    fixed = provider.scope_mode is ScopeMode.FIXED
    if consented:
        fixed = not provider.consent_flow.get("refresh_names_scopes")
    for key, scopes in {"scopes": ceiling, "observe.scopes": observed}.items():
        if (whole or fixed) and (undeclared := scopes - whole):
            yield Problem(
                f"{place}.{key}", f"{grant.credential} does not declare {format_scope(undeclared)}"
            )
    if beyond_ceiling := set(grant.default_scopes or ()) - ceiling:
        yield Problem(
            f"{place}.default_scopes", f"{format_scope(beyond_ceiling)}: not among its scopes"
        )
    if grant.full_access:
        return
    if not fixed and not ceiling:
        yield Problem(place, "name the scopes it may ask for, or say full_access: true")
    if fixed and not whole:
        yield Problem(
            place,
            f"{grant.credential} declares no scopes, so what its tokens reach is not known:"
            " declare them, or say full_access: true here",
        )
    if fixed and not consented and (missing := whole - ceiling - observed):
        yield Problem(
            f"{place}.scopes",
            f"a token of {grant.credential} always carries {format_scope(missing)} too, so this"
            " grant could never be used: grant that as well, or make a credential with less",
        )


def _target_problems(
    place: str, grant: GrantModel, credential: CredentialModel
) -> Iterator[Problem]:
    if credential.family and not grant.tenants:
        yield Problem(f"{place}.tenants", f"{grant.credential} is a family: name tenants, or `all`")
    if not credential.family and grant.tenants:
        yield Problem(
            f"{place}.tenants", f"{grant.credential} has none: say family: true there, or drop this"
        )
    if not credential.single_active_token:
        return
    for key, is_set in {
        "isolation": grant.isolation == "caller",
        "audiences": bool(grant.audiences),
        "resources": bool(grant.resources),
    }.items():
        if is_set:
            yield Problem(
                f"{place}.{key}",
                f"{grant.credential} has a single_active_token, which all its callers share",
            )


def _observe_problems(
    place: str, grant: GrantModel, observe: ObserveModel, now: datetime
) -> Iterator[Problem]:
    until = end_of_observing(observe)
    if until <= now:
        yield Problem(f"{place}.until", "is past: grant the scopes, or remove observe")
    elif until > now + timedelta(days=bounds.OBSERVE_DAYS):
        latest = (now + timedelta(days=bounds.OBSERVE_DAYS)).date()
        yield Problem(f"{place}.until", f"is too far off: {latest} at the latest")
    if grant.full_access:
        yield Problem(place, "goes with no full_access: there is nothing left to refuse")
    if granted := set(observe.scopes) & set(grant.scopes):
        yield Problem(f"{place}.scopes", f"{format_scope(granted)}: granted already")
