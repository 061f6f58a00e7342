"""Turn the file into the registry's items: one for each identity and credential."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from tokenvend.adapters.dynamodb.definition_items import build_definition
from tokenvend.adapters.dynamodb.issuer_items import build_issuer
from tokenvend.adapters.dynamodb.published_keys import build_published_keys
from tokenvend.adapters.dynamodb.registry_items import RegistryItem, build_caller, build_grant
from tokenvend.domain.bounds import DEFAULT_LIFETIME_SECONDS
from tokenvend.domain.connection import parse_connection_name
from tokenvend.domain.consent_flow import ConsentFlow
from tokenvend.domain.credential_definition import (
    Assertion,
    Authorization,
    ClientAuthentication,
    CredentialDefinition,
    CredentialKind,
    Rotation,
)
from tokenvend.domain.registry import (
    ALL_CONNECTIONS,
    ALL_TENANTS,
    OWN_CONNECTIONS,
    SUBJECT_CONNECTIONS,
    Caller,
    Grant,
    Isolation,
    Observation,
)
from tokenvend.domain.secret_reference import SecretReference
from tokenvend.domain.signing import PublishedKey, SigningAlgorithm
from tokenvend_cli.configuration.credential_models import CredentialModel
from tokenvend_cli.configuration.grant_models import GrantModel
from tokenvend_cli.configuration.grants import end_of_observing
from tokenvend_cli.configuration.issuers import trusted_issuers
from tokenvend_cli.configuration.models import ConfigurationModel
from tokenvend_cli.configuration.providers import Provider
from tokenvend_cli.configuration.secret_models import SigningModel
from tokenvend_cli.configuration.semantics import identities_of
from tokenvend_cli.configuration.tenant_value_rules import tenant_values_in
from tokenvend_cli.configuration.users import users_of


def compile_registry(
    configuration: ConfigurationModel,
    providers: dict[str, Provider],
    *,
    jwks_uris: Mapping[str, str] | None = None,
    deployment_url: str | None = None,
) -> list[RegistryItem]:
    """Return the items in writing order: each comes after the items that it names.

    *jwks_uris* is where issuers publish their keys, by their names. *deployment_url* is the
    audience of the subject tokens of an issuer for which none is given.
    """
    definitions = [
        definition_of(name, model, providers[model.provider])
        for name, model in configuration.credentials.items()
    ]
    described = [build_definition(definition) for definition in definitions]
    callers = [
        build_caller(
            identity,
            Caller(
                name=name,
                title=caller.title,
                unique_id=model.unique_id if model else None,
                requests_per_minute=caller.requests_per_minute,
                burst=caller.burst,
            ),
        )
        for name, caller in configuration.callers.items()
        for identity, model in identities_of(name, caller).items()
    ]
    grants = [
        build_grant(identity, _grant(grant, users_of(grant, configuration, deployment_url)))
        for grant in configuration.grants
        for identity in identities_of(grant.caller, configuration.callers[grant.caller])
    ]
    issuers = trusted_issuers(configuration, jwks_uris or {}, deployment_url=deployment_url)
    return [
        *_published_keys(definitions),
        *described,
        *map(build_issuer, issuers),
        *callers,
        *grants,
    ]


def definition_of(name: str, model: CredentialModel, provider: Provider) -> CredentialDefinition:
    """Compile the definition of one credential."""
    has_endpoint = model.kind not in {"api_key", "signed_jwt"}
    signs = model.kind == "signed_jwt"
    definition = CredentialDefinition(
        name=name,
        provider=model.provider,
        kind=CredentialKind(model.kind),
        token_endpoint=provider.token_endpoint if has_endpoint else "",
        client_authentication=ClientAuthentication.NONE
        if signs
        else provider.client_authentication,
        client_id=model.client_id,
        scopes=frozenset(model.scopes),
        scope_mode=provider.scope_mode,
        scope_separator=provider.scope_separator,
        scope_parameter=provider.scope_parameter
        if model.scope_parameter is None
        else model.scope_parameter,
        extra_parameters=model.extra_parameters,
        revocation_endpoint=None if signs else provider.revocation_endpoint,
        family=model.family,
        single_active_token=model.single_active_token,
        rotation=Rotation(model.rotation),
        default_lifetime_seconds=model.default_lifetime_seconds
        or provider.default_lifetime_seconds
        or DEFAULT_LIFETIME_SECONDS,
        secret=SecretReference(**model.secret.model_dump()) if model.secret else None,
        api_request=provider.api_key if model.kind == "api_key" else provider.api_request,
        authorization=_authorization(model, provider)
        if model.kind == "authorization_code"
        else None,
        assertion=_assertion(model, provider),
        token_request=provider.token_request if has_endpoint else {},
        token_answer=provider.token_answer if has_endpoint else {},
        signed_jwt=provider.signed_jwt if signs else {},
    )
    if not provider.tenant_values:
        return definition
    used = tenant_values_in(definition)
    declared = {name: each for name, each in provider.tenant_values.items() if name in used}
    return replace(definition, tenant_values=declared)


def _authorization(model: CredentialModel, provider: Provider) -> Authorization:
    return Authorization(
        endpoint=provider.authorization_endpoint or "",
        redirect_uri=model.redirect_uri or "",
        issuer=provider.issuer,
        requires_iss=provider.requires_iss,
        parameters=provider.authorization_parameters,
        scope_words={
            scope: words for scope, words in provider.scope_words.items() if scope in model.scopes
        },
        refresh_token_days=provider.refresh_token_days,
        provider_title=provider.title,
        account_endpoint=provider.account_endpoint,
        account_field=provider.account_field,
        flow=ConsentFlow(**provider.consent_flow),
    )


def _assertion(model: CredentialModel, provider: Provider) -> Assertion | None:
    if model.kind == "api_key":
        return None
    if model.kind == "signed_jwt":
        return _signature(model, provider)
    signs = provider.client_authentication is ClientAuthentication.PRIVATE_KEY_JWT
    if not signs and "assertion" not in provider.token_request:
        return None
    signing = model.signing or SigningModel()
    return Assertion(
        audience=provider.assertion_audience or provider.issuer or provider.token_endpoint,
        algorithm=SigningAlgorithm(signing.algorithm),
        kms_keys=tuple(signing.kms_keys),
        aws_identity=signing.aws_identity,
        names_certificate=signing.certificate,
    )


def _signature(model: CredentialModel, provider: Provider) -> Assertion | None:
    """Return how a key pair signs the token; `None` if a shared key does."""
    algorithm = provider.signed_jwt.get("algorithm")
    if algorithm not in set(SigningAlgorithm):
        return None
    keys = tuple(model.signing.kms_keys) if model.signing else ()
    return Assertion(audience="", algorithm=SigningAlgorithm(str(algorithm)), kms_keys=keys)


def _published_keys(definitions: Iterable[CredentialDefinition]) -> list[RegistryItem]:
    """Return the one item that lists the keys to publish; none if nothing signs in KMS."""
    keys = [
        PublishedKey(arn, definition.assertion.algorithm)
        for definition in definitions
        if definition.assertion is not None
        for arn in definition.assertion.kms_keys
    ]
    return [build_published_keys(keys)] if keys else []


def _grant(model: GrantModel, users: Mapping[str, str | None]) -> Grant:
    defaults = model.default_scopes
    observation = None
    if model.observe is not None:
        observation = Observation(
            scopes=frozenset(model.observe.scopes), until=end_of_observing(model.observe)
        )
    return Grant(
        caller=model.caller,
        credential=model.credential,
        scopes=frozenset(model.scopes),
        default_scopes=None if defaults is None else frozenset(defaults),
        audiences=frozenset(model.audiences),
        resources=frozenset(model.resources),
        tenants=ALL_TENANTS if model.tenants == "all" else frozenset(model.tenants),
        connections=_connections(model),
        users=users,
        return_urls=frozenset(model.return_urls),
        full_access=model.full_access,
        accept_less=model.accept_less,
        isolation=Isolation(model.isolation),
        observation=observation,
    )


def _connections(model: GrantModel) -> frozenset[str]:
    match model.connections:
        case "own":
            return OWN_CONNECTIONS
        case "all":
            return ALL_CONNECTIONS
        case "subject":
            return SUBJECT_CONNECTIONS
        case names:
            parsed = [parse_connection_name(name, owner=model.caller) for name in names]
            return frozenset(f"{owner}/{name}" for owner, name in parsed)
