"""Build and parse a credential's definition in the registry; it has no secret."""

from tokenvend.adapters.dynamodb import documents
from tokenvend.adapters.dynamodb.authorization_items import parse_authorization
from tokenvend.adapters.dynamodb.definition_parts import (
    build_api_request,
    build_parts,
    parse_api_request,
    parse_assertion,
    parse_secret_reference,
    parse_tenant_values,
)
from tokenvend.adapters.dynamodb.registry_items import (
    SETTINGS,
    Document,
    RegistryItem,
    credential_pk,
)
from tokenvend.domain.credential_definition import (
    ClientAuthentication,
    CredentialDefinition,
    CredentialKind,
    Rotation,
    ScopeMode,
)


def build_definition(definition: CredentialDefinition) -> RegistryItem:
    """Build the item of *definition*: one item, however many grants it has."""
    document: Document = {
        "name": definition.name,
        "provider": definition.provider,
        "kind": definition.kind.value,
        "token_endpoint": definition.token_endpoint or None,
        "client_authentication": definition.client_authentication.value,
        "client_id": definition.client_id,
        "scopes": sorted(definition.scopes),
        "scope_mode": definition.scope_mode.value,
        "scope_separator": definition.scope_separator,
        "scope_parameter": definition.scope_parameter,
        "extra_parameters": dict(definition.extra_parameters),
        "revocation_endpoint": definition.revocation_endpoint,
        "family": definition.family,
        "single_active_token": definition.single_active_token,
        "rotation": definition.rotation.value,
        "default_lifetime_seconds": definition.default_lifetime_seconds,
        "token_request": dict(definition.token_request) or None,
        "token_answer": dict(definition.token_answer) or None,
    }
    if definition.signed_jwt:
        document["signed_jwt"] = dict(definition.signed_jwt)
    document |= build_api_request(definition) | build_parts(definition)
    return RegistryItem(credential_pk(definition.name), SETTINGS, document)


def parse_definition(document: Document) -> CredentialDefinition:
    """Parse what `build_definition` built.

    Raises:
        MalformedDocumentError: a required field is missing or has the wrong type.
    """
    return CredentialDefinition(
        name=documents.text(document, "name"),
        provider=documents.text(document, "provider"),
        kind=CredentialKind(documents.text(document, "kind")),
        token_endpoint=documents.optional_text(document, "token_endpoint") or "",
        client_authentication=ClientAuthentication(
            documents.text(document, "client_authentication")
        ),
        client_id=documents.optional_text(document, "client_id"),
        scopes=documents.texts(document, "scopes"),
        scope_mode=ScopeMode(documents.text(document, "scope_mode")),
        scope_separator=documents.text(document, "scope_separator"),
        scope_parameter=documents.flag(document, "scope_parameter"),
        extra_parameters=documents.texts_by_name(document, "extra_parameters"),
        revocation_endpoint=documents.optional_text(document, "revocation_endpoint"),
        family=documents.flag(document, "family"),
        single_active_token=documents.flag(document, "single_active_token"),
        rotation=Rotation(documents.text(document, "rotation")),
        default_lifetime_seconds=documents.count(document, "default_lifetime_seconds"),
        secret=parse_secret_reference(document),
        api_request=parse_api_request(document),
        assertion=parse_assertion(document),
        authorization=parse_authorization(document),
        # An older document does not have these fields.
        tenant_values=parse_tenant_values(document),
        token_request=documents.optional_mapping(document, "token_request"),
        token_answer=documents.optional_mapping(document, "token_answer"),
        signed_jwt=documents.optional_mapping(document, "signed_jwt"),
    )
