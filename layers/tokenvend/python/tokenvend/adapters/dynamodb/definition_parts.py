"""Build and parse the nested objects in the document of a credential's definition."""

from typing import Any

from tokenvend.adapters.dynamodb import documents
from tokenvend.adapters.dynamodb.authorization_items import build_authorization
from tokenvend.domain.credential_definition import Assertion, CredentialDefinition, CredentialKind
from tokenvend.domain.secret_reference import SecretReference
from tokenvend.domain.signing import SigningAlgorithm

_ASSERTION_FLAGS = ("aws_identity", "names_certificate")

type Document = dict[str, Any]


def build_parts(definition: CredentialDefinition) -> Document:
    """Build the nested objects that *definition* has."""
    parts: Document = {}
    if (secret := definition.secret) is not None:
        reference = {name: getattr(secret, name) for name in SecretReference.__slots__}
        # `False` is left out, so the document equals that of versions before `plain_text`.
        parts["secret"] = {name: each for name, each in reference.items() if each is not False}
    if (assertion := definition.assertion) is not None:
        parts["assertion"] = {
            # A token that we sign ourselves has its audience among its claims.
            "audience": assertion.audience or None,
            "algorithm": assertion.algorithm.value,
            "kms_keys": list(assertion.kms_keys),
            **{name: True for name in _ASSERTION_FLAGS if getattr(assertion, name)},
        }
    if definition.authorization is not None:
        parts["authorization"] = build_authorization(definition.authorization)
    if values := definition.tenant_values:
        parts["tenant_values"] = {name: list(patterns) for name, patterns in values.items()}
    return parts


def build_api_request(definition: CredentialDefinition) -> Document:
    """Build the field that says how the API takes a token or a key; no field if none is needed.

    That of an API key has the form that it had before tokens could have one, so that a function of
    a former version can read it.
    """
    described = dict(definition.api_request)
    if not described:
        return {}
    if definition.kind is not CredentialKind.API_KEY:
        return {"api_request": described}
    if "header_name" not in described:
        return {"api_key_parts": described}
    prefix = described.get("header_prefix")
    return {"api_key_header": {"name": described["header_name"], "prefix": prefix or None}}


def parse_api_request(document: Document) -> Document:
    """Parse what `build_api_request` built.

    Raises:
        MalformedDocumentError: a required field is missing or has the wrong type.
    """
    if document.get("api_key_header") is None:
        name = "api_key_parts" if "api_key_parts" in document else "api_request"
        return documents.optional_mapping(document, name)
    header = documents.mapping(document, "api_key_header")
    prefix = documents.optional_text(header, "prefix")
    return {
        "header_name": documents.text(header, "name"),
        **({"header_prefix": prefix} if prefix else {}),
    }


def parse_secret_reference(document: Document) -> SecretReference | None:
    """Parse the reference to an adopted secret; `None` if the secret is not adopted.

    Raises:
        MalformedDocumentError: a required field is missing or has the wrong type.
    """
    if document.get("secret") is None:
        return None
    reference = documents.mapping(document, "secret")
    # Fields that an older document lacks have their defaults.
    known = reference.keys() & set(SecretReference.__slots__) - {"plain_text"}
    texts = {name: documents.text(reference, name) for name in known | {"arn"}}
    plain_text = "plain_text" in reference and documents.flag(reference, "plain_text")
    return SecretReference(**texts, plain_text=plain_text)


def parse_assertion(document: Document) -> Assertion | None:
    """Parse the settings of a client assertion; `None` if the document has none.

    Raises:
        MalformedDocumentError: a required field is missing or has the wrong type.
    """
    if document.get("assertion") is None:
        return None
    assertion = documents.mapping(document, "assertion")
    return Assertion(
        audience=documents.optional_text(assertion, "audience") or "",
        algorithm=SigningAlgorithm(documents.text(assertion, "algorithm")),
        kms_keys=documents.ordered_texts(assertion, "kms_keys"),
        # An older document does not have these flags.
        **{name: documents.flag(assertion, name) for name in _ASSERTION_FLAGS if name in assertion},
    )


def parse_tenant_values(document: Document) -> dict[str, tuple[str, ...]]:
    """Parse the tenant values: each name with its patterns, of which a value must match one.

    Raises:
        MalformedDocumentError: a required field is missing or has the wrong type.
    """
    values = documents.optional_mapping(document, "tenant_values")
    return {name: documents.ordered_texts(values, name) for name in values}
