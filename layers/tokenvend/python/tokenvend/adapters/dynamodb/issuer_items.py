"""Store trusted issuers in the registry: one item each, with rules from subjects to callers."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tokenvend.adapters.dynamodb import documents
from tokenvend.adapters.dynamodb.batch_read import batch_get, parsed, registry_found
from tokenvend.adapters.dynamodb.registry_items import (
    SETTINGS,
    Document,
    RegistryItem,
    issuer_pk,
)
from tokenvend.domain.untrusted import OnUntrusted
from tokenvend.domain.workload.issuer import ClaimPattern, SubjectRule, TrustedIssuer
from tokenvend.domain.workload.keys import usable_keys

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def build_issuer(issuer: TrustedIssuer) -> RegistryItem:
    """Build the item of *issuer*."""
    document: Document = {
        "name": issuer.name,
        "issuer": issuer.issuer,
        "audience": issuer.audience,
        "algorithms": sorted(issuer.algorithms),
        "max_age_seconds": int(issuer.max_age.total_seconds()),
        "one_time": issuer.one_time,
        "rules": [_rule_document(rule) for rule in issuer.rules],
    }
    if issuer.of_users:
        document["of_users"] = True
    if issuer.keys:
        document["keys"] = [dict(key) for key in issuer.keys]
    if issuer.jwks_uri is not None:
        document["jwks_uri"] = issuer.jwks_uri
    return RegistryItem(issuer_pk(issuer.issuer), SETTINGS, document)


def parse_issuer(document: Document) -> TrustedIssuer:
    """Parse what `build_issuer` built.

    Raises:
        MalformedDocumentError: a required field is missing or has the wrong type.
    """
    keys = documents.entries(document, "keys") if "keys" in document else []
    return TrustedIssuer(
        name=documents.text(document, "name"),
        issuer=documents.text(document, "issuer"),
        audience=documents.optional_text(document, "audience"),
        algorithms=documents.texts(document, "algorithms"),
        max_age=timedelta(seconds=documents.count(document, "max_age_seconds")),
        one_time=documents.flag(document, "one_time"),
        # Items of versions before user tokens do not have this field.
        of_users="of_users" in document and documents.flag(document, "of_users"),
        keys=usable_keys(keys),
        jwks_uri=documents.optional_text(document, "jwks_uri"),
        rules=tuple(_parse_rule(each) for each in documents.entries(document, "rules")),
    )


def _rule_document(rule: SubjectRule) -> Document:
    document: Document = {"caller": rule.caller, "claims": _plain(rule.claims)}
    if rule.subject is not None:
        document["sub"] = rule.subject
    return document


def _plain(claims: ClaimPattern) -> Any:
    if isinstance(claims, str | bool | int):
        return claims
    return {name: _plain(pattern) for name, pattern in claims.items()}


def _parse_rule(document: dict[str, Any]) -> SubjectRule:
    subject, claims = (
        documents.optional_text(document, "sub"),
        documents.mapping(document, "claims"),
    )
    _check_patterns(claims)
    if subject is None and not claims:
        raise documents.MalformedDocumentError("rules", "about any subject")
    return SubjectRule(caller=documents.text(document, "caller"), subject=subject, claims=claims)


def _check_patterns(claims: dict[str, Any]) -> None:
    for pattern in claims.values():
        if isinstance(pattern, dict) and pattern:
            _check_patterns(pattern)
        elif not isinstance(pattern, str | bool | int):
            raise documents.MalformedDocumentError("claims", "texts, numbers or true or false")


class DynamoDbTrustedIssuers:
    """`ports.workloads.TrustedIssuers` on the registry table."""

    def __init__(self, client: "DynamoDBClient", *, table: str, on_untrusted: OnUntrusted) -> None:
        self._client = client
        self._table = table
        self._on_untrusted = on_untrusted

    def read(self, issuer: str) -> TrustedIssuer | None:
        """See `ports.workloads.TrustedIssuers`."""
        pk = issuer_pk(issuer)
        found = batch_get(self._client, {self._table: [{"pk": {"S": pk}, "sk": {"S": SETTINGS}}]})
        items = registry_found(found[self._table])
        return parsed(items, pk, SETTINGS, parse_issuer, self._on_untrusted)
