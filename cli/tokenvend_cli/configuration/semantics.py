"""Check the meaning of a well-formed file; each problem names the place and the fix."""

from collections.abc import Iterator
from datetime import datetime

from tokenvend.domain.identity import (
    NotAnIdentityError,
    has_role_path,
    identity_of_alias,
    identity_of_client,
    identity_of_principal,
    identity_of_workload,
)
from tokenvend.domain.names import RESERVED_ALIASES
from tokenvend_cli.configuration.api_request_rules import api_key_problems, api_request_problems
from tokenvend_cli.configuration.caller_models import CallerModel, DirectModel, IdentityModel
from tokenvend_cli.configuration.grants import grant_problems
from tokenvend_cli.configuration.issuers import issuer_problems
from tokenvend_cli.configuration.kinds import kind_problems
from tokenvend_cli.configuration.models import ConfigurationModel
from tokenvend_cli.configuration.providers import Provider
from tokenvend_cli.configuration.request_rules import request_problems
from tokenvend_cli.configuration.signed_jwt_rules import signed_jwt_problems
from tokenvend_cli.configuration.tenant_value_rules import tenant_value_problems
from tokenvend_cli.problems import Problem

#: Set by tokenvend, or a way to smuggle a secret or another grant type into the request.
RESERVED_PARAMETERS = frozenset(
    {
        *("grant_type", "scope", "audience", "resource", "client_id", "client_secret"),
        *("client_assertion", "client_assertion_type", "assertion", "code", "code_verifier"),
        *("redirect_uri", "refresh_token", "username", "password", "request", "request_uri"),
        *("token", "subject_token", "subject_token_type", "actor_token", "actor_token_type"),
    }
)


def identities_of(name: str, caller: CallerModel) -> dict[str, IdentityModel | None]:
    """Return every canonical identity of a caller, with that of its alias if it has `direct`.

    Raises:
        NotAnIdentityError: an ARN names no role or user.
    """
    found: dict[str, IdentityModel | None] = {
        identity_of_entry(name, identity): identity for identity in caller.identities
    }
    if caller.direct is not None:
        found[identity_of_alias(name)] = None
    return found


def identity_of_entry(caller: str, identity: IdentityModel) -> str:
    """Return the canonical identity of one entry in *caller*'s `identities`."""
    if identity.iam is not None:
        return identity_of_principal(identity.iam)
    if identity.workload is not None:
        return identity_of_workload(identity.workload.issuer, caller)
    return identity_of_client(identity.client or "")


def problems_of(
    configuration: ConfigurationModel, providers: dict[str, Provider], *, now: datetime
) -> list[Problem]:
    """Return one problem for each thing to fix; none if the file can be applied.

    *providers* are those that were found. What uses any other provider is not checked.
    """
    return [
        *_provider_problems(providers),
        *_credential_problems(configuration, providers),
        *issuer_problems(configuration),
        *_caller_problems(configuration),
        *grant_problems(configuration, providers, now=now),
    ]


def notices_of(configuration: ConfigurationModel) -> list[Problem]:
    """Return remarks for the file's author that are no problems."""
    return [
        Problem(
            f"callers.{name}.identities[{index}].iam",
            f"the role's path is left out: its sessions are known as"
            f" {identity_of_entry(name, identity)}",
        )
        for name, caller in configuration.callers.items()
        for index, identity in enumerate(caller.identities)
        if identity.iam is not None and has_role_path(identity.iam)
    ]


def _provider_problems(providers: dict[str, Provider]) -> Iterator[Problem]:
    for name, provider in providers.items():
        yield from request_problems(f"providers.{name}.token_request", provider)
        yield from signed_jwt_problems(f"providers.{name}.signed_jwt", provider)
        yield from api_key_problems(f"providers.{name}.api_key", provider)
        yield from api_request_problems(f"providers.{name}.api_request", provider)
        yield from tenant_value_problems(f"providers.{name}", provider)


def _credential_problems(
    configuration: ConfigurationModel, providers: dict[str, Provider]
) -> Iterator[Problem]:
    for name, credential in configuration.credentials.items():
        place = f"credentials.{name}"
        if credential.provider not in configuration.providers:
            yield Problem(f"{place}.provider", f"there is no provider {credential.provider}")
        for reserved in sorted(RESERVED_PARAMETERS & credential.extra_parameters.keys()):
            yield Problem(f"{place}.extra_parameters.{reserved}", "is not for the file to say")
        if credential.family and credential.client_id is not None:
            yield Problem(f"{place}.client_id", "each tenant of a family has its own in its secret")
        if credential.family and credential.secret is not None:
            yield Problem(f"{place}.secret", "each tenant of a family needs a secret of its own")
        if credential.provider in providers:
            yield from kind_problems(place, credential, providers[credential.provider])


def _caller_problems(configuration: ConfigurationModel) -> Iterator[Problem]:
    owners: dict[str, str] = {}
    for name, caller in configuration.callers.items():
        place = f"callers.{name}"
        if not caller.identities and caller.direct is None:
            yield Problem(place, "nobody can be this caller: give it identities or direct")
        if caller.direct is not None and name in RESERVED_ALIASES:
            yield Problem(place, f"a direct caller cannot be called {name}: choose another name")
        if caller.burst is not None and caller.requests_per_minute is None:
            yield Problem(f"{place}.burst", "limits nothing without requests_per_minute")
        for index, identity in enumerate(caller.identities):
            yield from _identity_problems(f"{place}.identities[{index}]", name, identity, owners)
        yield from _principal_problems(f"{place}.direct.principals", caller.direct)
    yield from _principal_problems("direct_workloads.principals", configuration.direct_workloads)


def _identity_problems(
    place: str, caller: str, identity: IdentityModel, owners: dict[str, str]
) -> Iterator[Problem]:
    if identity.workload is not None:
        # Rules of one caller may overlap; `issuer_problems` compares those of different callers.
        return
    try:
        canonical = identity_of_entry(caller, identity)
    except NotAnIdentityError as error:
        yield Problem(f"{place}.iam", str(error))
        return
    if canonical in owners:
        owner = owners[canonical]
        yield Problem(
            place,
            f"{canonical} stands here twice"
            if owner == caller
            else f"{canonical} is callers.{owner} already: one identity, one caller",
        )
    owners[canonical] = caller


def _principal_problems(place: str, direct: DirectModel | None) -> Iterator[Problem]:
    for index, arn in enumerate(direct.principals if direct else ()):
        try:
            identity_of_principal(arn)
        except NotAnIdentityError as error:
            yield Problem(f"{place}[{index}]", str(error))
