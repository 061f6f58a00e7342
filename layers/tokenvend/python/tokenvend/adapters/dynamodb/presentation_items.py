"""Build and parse how a token is sent to its API, as fields of the encrypted token document.

The values from the credential's secret are among them, so that a stored token is answered whole
without reading the secret.
"""

from tokenvend.adapters.dynamodb import documents
from tokenvend.domain.secret import Secret
from tokenvend.domain.token_presentation import BEARER, Header, RequestParts, SentAs, TokenType


def build_presentation(sent_as: SentAs) -> dict[str, object]:
    """Build the fields of *sent_as*; none for a plain bearer token, as former versions write it.

    A former version never reads these fields: the definition that asks for them is part of the
    cache key, and that version knows no such definition.
    """
    if sent_as == BEARER:
        return {}
    token_type = {"token_type": sent_as.token_type.value}
    if isinstance(sent_as, Header):
        return {"header": {"name": sent_as.name, "prefix": sent_as.prefix} | token_type}
    return {
        "parts": {
            "headers": {name: value.reveal() for name, value in sent_as.headers.items()},
            "query": {name: value.reveal() for name, value in sent_as.query.items()},
        }
        | {
            name: each.reveal()
            for name in ("path_prefix", "body")
            if (each := getattr(sent_as, name)) is not None
        }
        | token_type
    }


def parse_presentation(document: documents.Fields) -> SentAs:
    """Parse what `build_presentation` built.

    Raises:
        MalformedDocumentError: a required field is missing or has the wrong type.
        ValueError: the token type is not known.
    """
    if "header" in document:
        header = documents.mapping(document, "header")
        return Header(
            documents.text(header, "name"),
            documents.any_text(header, "prefix"),
            TokenType(documents.text(header, "token_type")),
        )
    if "parts" not in document:
        return BEARER
    parts = documents.mapping(document, "parts")
    return RequestParts(
        _secrets_by_name(parts, "headers"),
        _secrets_by_name(parts, "query"),
        TokenType(documents.text(parts, "token_type")),
        _optional_secret(parts, "path_prefix"),
        _optional_secret(parts, "body"),
    )


def _optional_secret(parts: documents.Fields, name: str) -> Secret | None:
    text = documents.optional_text(parts, name)
    return None if text is None else Secret(text)


def _secrets_by_name(parts: documents.Fields, name: str) -> dict[str, Secret]:
    texts = documents.texts_by_name(parts, name)
    return {each: Secret(value) for each, value in texts.items()}
