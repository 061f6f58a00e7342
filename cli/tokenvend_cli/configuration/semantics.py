"""What a well-formed file may still get wrong: each check names the place and the mend."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from tokenvend.domain import bounds
from tokenvend.domain.identity import (
    NotAnIdentityError,
    has_role_path,
    identity_of_alias,
    identity_of_client,
    identity_of_principal,
)
from tokenvend.domain.names import RESERVED_ALIASES
from tokenvend.domain.registry import ScopeMode
from tokenvend_cli.configuration.models import (
    CallerModel,
    ConfigurationModel,
    CredentialModel,
    GrantModel,
    IdentityModel,
)
from tokenvend_cli.configuration.providers import Provider

_RESERVED_PARAMETERS = frozenset(
    {"grant_type", "scope", "audience", "resource", "client_id", "client_secret"}
    | {"client_assertion", "client_assertion_type"}
)


def identities_of(name: str, caller: CallerModel) -> dict[str, IdentityModel | None]:
    """Every canonical identity of a caller; the direct one has no entry of its own.

    Raises:
        NotAnIdentityError: an ARN names no role or user.
    """
    found: dict[str, IdentityModel | None] = {}
    for identity in caller.identities:
        if identity.iam is not None:
            found[identity_of_principal(identity.iam)] = identity
        elif identity.client is not None:
            found[identity_of_client(identity.client)] = identity
    if caller.direct is not None:
        found[identity_of_alias(name)] = None
    return found


def problems_of(
    configuration: ConfigurationModel,
    providers: dict[str, Provider],
    *,
    now: datetime,
    local_stack: bool,
) -> list[str]:
    """One line for each thing to mend; none if the file can be applied."""
    return [
        *_endpoint_problems(providers, local_stack=local_stack),
        *_credential_problems(configuration, providers),
        *_caller_problems(configuration),
        *_grant_problems(configuration, providers, now),
    ]


def notices_of(configuration: ConfigurationModel) -> list[str]:
    """What the file's author should know although nothing is wrong."""
    return [
        f"callers.{name}: the role's path is dropped, because its sessions do not show it"
        for name, caller in configuration.callers.items()
        for identity in caller.identities
        if identity.iam is not None and has_role_path(identity.iam)
    ]


def _endpoint_problems(providers: dict[str, Provider], *, local_stack: bool) -> Iterator[str]:
    for name, provider in providers.items():
        for url in (provider.token_endpoint, provider.revocation_endpoint):
            parts = urlsplit(url or "https:")
            if parts.scheme != "https" and not (local_stack and _is_loopback(parts.hostname)):
                yield f"providers.{name}: {url} must be https"


def _is_loopback(host: str | None) -> bool:
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


def _credential_problems(
    configuration: ConfigurationModel, providers: dict[str, Provider]
) -> Iterator[str]:
    for name, credential in configuration.credentials.items():
        place = f"credentials.{name}"
        if credential.provider not in configuration.providers:
            yield f"{place}.provider: there is no provider {credential.provider}"
        reserved = _RESERVED_PARAMETERS & credential.extra_parameters.keys()
        if reserved:
            yield f"{place}.extra_parameters: {min(reserved)} is not yours to set here"
        if credential.family and (credential.client_id or credential.secret):
            yield f"{place}: a family's client ids and secrets are its tenants'"
        if credential.single_active_token and _narrows(credential, providers):
            yield f"{place}.single_active_token: works only with scope_mode fixed"


def _narrows(credential: CredentialModel, providers: dict[str, Provider]) -> bool:
    provider = providers.get(credential.provider)
    return provider is not None and provider.scope_mode is ScopeMode.NARROWS


def _caller_problems(configuration: ConfigurationModel) -> Iterator[str]:
    owners: dict[str, str] = {}
    for name, caller in configuration.callers.items():
        try:
            identities = identities_of(name, caller)
        except NotAnIdentityError as error:
            yield f"callers.{name}.identities: {error}"
            continue
        if not identities:
            yield f"callers.{name}: has no way in; give it identities or direct"
        if name in RESERVED_ALIASES and caller.direct is not None:
            yield f"callers.{name}: a direct caller cannot have this name"
        for identity in identities:
            other = owners.setdefault(identity, name)
            if other != name:
                yield f"callers.{name}: {identity} is already callers.{other}"


def _grant_problems(
    configuration: ConfigurationModel, providers: dict[str, Provider], now: datetime
) -> Iterator[str]:
    seen: set[tuple[str, str]] = set()
    for index, grant in enumerate(configuration.grants):
        place = f"grants[{index}]"
        if grant.caller not in configuration.callers:
            yield f"{place}.caller: there is no caller {grant.caller}; mend or remove the grant"
        if (grant.caller, grant.credential) in seen:
            yield f"{place}: {grant.caller} has a grant for {grant.credential} already"
        seen.add((grant.caller, grant.credential))
        credential = configuration.credentials.get(grant.credential)
        if credential is None:
            name = grant.credential
            yield f"{place}.credential: there is no credential {name}; mend or remove the grant"
            continue
        yield from _ceiling_problems(place, grant, credential, providers)
        yield from _observe_problems(place, grant, now)


def _ceiling_problems(
    place: str, grant: GrantModel, credential: CredentialModel, providers: dict[str, Provider]
) -> Iterator[str]:
    whole, granted = set(credential.scopes), set(grant.scopes)
    tolerated = set(grant.observe.scopes) if grant.observe else set()
    if not _narrows(credential, providers) and not grant.full_access:
        if not whole:
            yield f"{place}: what {grant.credential} reaches is not declared: say full_access: true"
        elif whole - granted - tolerated:
            missing = ", ".join(sorted(whole - granted - tolerated))
            yield f"{place}.scopes: its tokens always carry {missing} too; grant it or refuse all"
    if whole and granted - whole:
        yield f"{place}.scopes: {grant.credential} does not carry {min(granted - whole)}"
    if set(grant.default_scopes or []) - granted:
        yield f"{place}.default_scopes: must be among scopes"
    if credential.family != bool(grant.tenants):
        needs = "name its tenants, or all" if credential.family else "it has no tenants"
        yield f"{place}.tenants: {needs}"
    alone = grant.isolation == "shared" and not grant.audiences and not grant.resources
    if credential.single_active_token and not alone:
        yield f"{place}: a single_active_token is shared, without audience or resource"


def _observe_problems(place: str, grant: GrantModel, now: datetime) -> Iterator[str]:
    if grant.observe is None:
        return
    if grant.full_access:
        yield f"{place}.observe: never for full_access"
    latest = now + timedelta(days=bounds.OBSERVE_DAYS)
    until = datetime(grant.observe.until.year, grant.observe.until.month, grant.observe.until.day)  # noqa: DTZ001 - made aware in the next line
    if not now < until.replace(tzinfo=UTC) <= latest:
        yield f"{place}.observe.until: must be within the next {bounds.OBSERVE_DAYS} days"
