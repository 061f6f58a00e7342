"""One small configuration without fault, to be changed in one place by each test."""

from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tokenvend_cli.configuration.models import ConfigurationModel
from tokenvend_cli.configuration.providers import (
    Provider,
    resolve_providers,
    undiscovered,
)
from tokenvend_cli.configuration.semantics import problems_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "tokenvend.yaml"
ROLE = "arn:aws:iam::111122223333:role/billing"
FIXED: dict[str, Any] = {"token_endpoint": "https://login.acme.example/token"}
NARROWS: dict[str, Any] = FIXED | {"scope_mode": "narrows", "scope_mode_source": "its manual"}


def document(**parts: Any) -> dict[str, Any]:
    """A whole file: a caller with a grant that covers its credential's scopes."""
    whole = {
        "version": 1,
        "providers": {"acme": FIXED},
        "credentials": {"jobs": {"provider": "acme", "scopes": ["read", "write"]}},
        "callers": {"billing": {"identities": [{"iam": ROLE}]}},
        "grants": [grant()],
    }
    return deepcopy(whole | parts)


def grant(**changes: Any) -> dict[str, Any]:
    """Its grant."""
    return {"caller": "billing", "credential": "jobs", "scopes": ["read", "write"]} | changes


def credential(**changes: Any) -> dict[str, Any]:
    """Its credentials, the one changed."""
    return {"jobs": {"provider": "acme", "scopes": ["read", "write"]} | changes}


def resolved(
    configuration: ConfigurationModel, *, local_stack: bool = False
) -> tuple[dict[str, Provider], list[str]]:
    """Its providers without the network, and what is wrong with them."""
    providers, problems = resolve_providers(
        configuration.providers, undiscovered, local_stack=local_stack
    )
    return providers, [str(problem) for problem in problems]


def problems_in(parts: dict[str, Any], *, local_stack: bool = False) -> list[str]:
    """Everything that is wrong with a file, as the command prints it."""
    configuration = ConfigurationModel.model_validate(document(**parts))
    providers, unresolved = resolved(configuration, local_stack=local_stack)
    found = problems_of(configuration, providers, now=NOW)
    return unresolved + [str(problem) for problem in found]
