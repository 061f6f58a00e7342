"""Parts of a file with an issuer and its workloads."""

from typing import Any

from tests.configuration.samples import document, resolved
from tests.fakes.issuer import public_jwk, shared_key

from tokenvend.adapters.dynamodb.registry_items import RegistryItem
from tokenvend_cli.configuration.compile import compile_registry
from tokenvend_cli.configuration.models import ConfigurationModel

URL = "https://ci.example"
SUBJECT = "repo:acme/app:ref:refs/heads/main"
KEY = public_jwk(shared_key("ES256"))
DEPLOYED_AT = "https://tokens.example.com"


def issuer(**changes: Any) -> dict[str, Any]:
    return {"ci": {"issuer": URL, "keys": [KEY]} | changes}


def workload(**fields: Any) -> dict[str, Any]:
    return {"workload": {"issuer": "ci"} | fields}


def callers(**each: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: {"identities": identities} for name, identities in each.items()}


def parts(**changes: Any) -> dict[str, Any]:
    return {"issuers": issuer(), "callers": callers(billing=[workload(sub=SUBJECT)])} | changes


def compiled(**changes: Any) -> dict[tuple[str, str], RegistryItem]:
    configuration = ConfigurationModel.model_validate(document(**parts(**changes)))
    providers, _ = resolved(configuration)
    items = compile_registry(configuration, providers, deployment_url=DEPLOYED_AT)
    return {item.key: item for item in items}
