"""Count the providers of a public catalogue: `python -m scripts.catalogue.measure FILE COMMIT`.

FILE is Nango's `packages/providers/providers.yaml`. Every entry is turned into a provider and a
credential, checked as `validate` checks them and compiled. Its requests are built with a made-up
secret: the token request, or the code exchange and a refresh. The result is
`docs/evidence/catalogue.json`. No request is sent to a provider.
"""

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from scripts.catalogue.consent_parameters import REDIRECT_URI
from scripts.catalogue.entries import KINDS, described, kind_of
from scripts.catalogue.placeholders import CannotSayError
from scripts.envs import ROOT
from tokenvend.adapters.dynamodb.definition_items import parse_definition
from tokenvend.adapters.dynamodb.registry_items import credential_pk
from tokenvend.adapters.provider_http import encoded
from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.credential_definition import CredentialDefinition, CredentialKind
from tokenvend.domain.errors import CredentialNotReadyError
from tokenvend.domain.oauth.code_exchange import build_code_request
from tokenvend.domain.oauth.refresh import build_refresh_request
from tokenvend.domain.oauth.signed_jwt import build_signed_jwt
from tokenvend.domain.oauth.token_request import build_token_request
from tokenvend.domain.secret import Secret
from tokenvend.domain.secret_destination import destination_of
from tokenvend.domain.secret_fields import secret_fields, secret_of
from tokenvend.domain.tenant_values import bind
from tokenvend_cli.configuration.compile import compile_registry
from tokenvend_cli.configuration.models import ConfigurationModel
from tokenvend_cli.configuration.providers import resolve_providers, undiscovered
from tokenvend_cli.configuration.semantics import problems_of

RESULT = ROOT / "docs" / "evidence" / "catalogue.json"
_CALLER = {"identities": [{"iam": "arn:aws:iam::111122223333:role/billing"}]}


def problem_of(provider: Mapping[str, Any], credential: Mapping[str, Any]) -> str | None:
    """Return why the file cannot express it or its request cannot be built; `None` if neither."""
    try:
        configuration = ConfigurationModel.model_validate(_document(provider, credential))
    except ValidationError as error:
        # Only the place and the kind of each fault: the text would quote the catalogue's value.
        return f"{error.errors()[0]['loc']} {error.errors()[0]['type']}"
    providers, unresolved = resolve_providers(
        configuration.providers, undiscovered, local_stack=False
    )
    found = [*unresolved, *problems_of(configuration, providers, now=datetime.now(UTC))]
    if found:
        return str(found[0])
    items = {item.pk: item for item in compile_registry(configuration, providers)}
    definition = parse_definition(items[credential_pk("jobs")].document)
    try:
        build_requests(definition)
    except (CredentialNotReadyError, ValueError) as error:
        return f"its request cannot be built: {error}"
    return None


def count(catalogue: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Count the entries of each kind, those that can be described, and why the others cannot."""
    kinds = {kind: {"all": 0, "described": 0} for kind in KINDS}
    reasons: Counter[str] = Counter()
    for name in catalogue:
        entry = whole_entry(catalogue, name)
        kind = kind_of(entry)
        if kind is None:
            continue
        kinds[kind]["all"] += 1
        reason = _reason(entry)
        if reason is None:
            kinds[kind]["described"] += 1
        else:
            reasons[reason] += 1
    return {"kinds": kinds, "reasons": dict(sorted(reasons.items()))}


def whole_entry(catalogue: Mapping[str, Mapping[str, Any]], name: str) -> dict[str, Any]:
    """Return an entry with the fields that it inherits from the entry of which it is an alias."""
    entry = catalogue[name]
    base = whole_entry(catalogue, entry["alias"]) if "alias" in entry else {}
    return {**base, **entry}


def _reason(entry: Mapping[str, Any]) -> str | None:
    try:
        provider, credential = described(entry)
    except CannotSayError as error:
        return str(error)
    return "tokenvend validate refuses it" if problem_of(provider, credential) else None


def _document(provider: Mapping[str, Any], credential: Mapping[str, Any]) -> dict[str, Any]:
    said = {"provider": "acme"} | dict(credential)
    grant: dict[str, Any] = {"caller": "billing", "credential": "jobs", "full_access": True}
    if said.get("kind") == "authorization_code":
        said |= {"redirect_uri": REDIRECT_URI, "scopes": ["read"]}
    elif "tenant_values" in provider:
        said["family"], grant["tenants"] = True, "all"
    return {
        "version": 1,
        "providers": {"acme": provider},
        "credentials": {"jobs": said},
        "callers": {"billing": _CALLER},
        "grants": [grant],
    }


def build_requests(definition: CredentialDefinition) -> None:
    """Build each request that would be sent, down to its bytes."""
    if definition.kind is CredentialKind.API_KEY:
        return
    tenant = {name: each[0].replace("*", "acme") for name, each in definition.tenant_values.items()}
    bound = bind(definition, tenant)
    values = {name: f"the-{name}" for name in secret_fields(bound)}
    secret = secret_of(bound, values, allowed_host=destination_of(bound))
    spec = TokenSpec(credential="jobs", definition="d", scopes=bound.scopes)
    if definition.kind is CredentialKind.SIGNED_JWT:
        build_signed_jwt(bound, spec, secret, now=datetime.now(UTC))
        return
    if bound.authorization is None:
        encoded(build_token_request(bound, spec, secret))
        return
    code, verifier = Secret("the-code"), Secret("the-verifier")
    encoded(
        build_code_request(
            bound, bound.authorization, code=code, code_verifier=verifier, secret=secret
        )
    )
    refresh_token = Secret("the-refresh-token")
    encoded(build_refresh_request(bound, refresh_token, secret, requested_scopes=None))


def main(arguments: Sequence[str]) -> int:
    """Count, and write the result."""
    path, commit = arguments
    catalogue = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    result = {"catalogue": "NangoHQ/nango", "commit": commit} | count(catalogue)
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(RESULT.read_text(encoding="utf-8"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
