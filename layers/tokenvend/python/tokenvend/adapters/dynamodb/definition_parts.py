"""Build and parse the nested objects in the document of a credential's definition."""

from typing import Any

from tokenvend.adapters.dynamodb import documents
from tokenvend.adapters.dynamodb.authorization_items import build_authorization
from tokenvend.domain.credential_definition import Assertion, CredentialDefinition, SecretReference
from tokenvend.domain.signing import SigningAlgorithm
from tokenvend.domain.token_presentation import Header

_ASSERTION_FLAGS = ("aws_identity", "names_certificate")

type Document = dict[str, Any]


def build_parts(definition: CredentialDefinition) -> Document:
    """Build the nested objects that *definition* has."""
    parts: Document = {}
    if (secret := definition.secret) is not None:
        reference = {name: getattr(secret, name) for name in SecretReference.__slots__}
        # `False` is left out, so the document equals that of versions before `plain_text`.
        parts["secret"] = {name: each for name, each in reference.items() if each is not False}
    if (header := definition.api_key_header) is not None:
        parts["api_key_header"] = {"name": header.name, "prefix": header.prefix or None}
    if (assertion := definition.assertion) is not None:
        parts["assertion"] = {
            "audience": assertion.audience,
            "algorithm": assertion.algorithm.value,
            "kms_keys": list(assertion.kms_keys),
            **{name: True for name in _ASSERTION_FLAGS if getattr(assertion, name)},
        }
    if definition.authorization is not None:
        parts["authorization"] = build_authorization(definition.authorization)
    if values := definition.tenant_values:
        parts["tenant_values"] = {name: list(patterns) for name, patterns in values.items()}
    return parts


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


def parse_api_key_header(document: Document) -> Header | None:
    """Parse how an API key is sent; `None` if the document does not say.

    Raises:
        MalformedDocumentError: a required field is missing or has the wrong type.
    """
    if document.get("api_key_header") is None:
        return None
    header = documents.mapping(document, "api_key_header")
    return Header(documents.text(header, "name"), documents.optional_text(header, "prefix") or "")


def parse_assertion(document: Document) -> Assertion | None:
    """Parse the settings of a client assertion; `None` if the document has none.

    Raises:
        MalformedDocumentError: a required field is missing or has the wrong type.
    """
    if document.get("assertion") is None:
        return None
    assertion = documents.mapping(document, "assertion")
    return Assertion(
        audience=documents.text(assertion, "audience"),
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
