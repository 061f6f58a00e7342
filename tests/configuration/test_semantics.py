"""What a well-formed file may still get wrong."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tokenvend_cli.configuration.models import ConfigurationModel
from tokenvend_cli.configuration.providers import resolve_provider
from tokenvend_cli.configuration.semantics import notices_of, problems_of
from tokenvend_cli.problems import CommandError

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ROLE = "arn:aws:iam::111122223333:role/billing"


def _no_network(url: str) -> dict[str, Any]:
    raise CommandError(f"no metadata at {url}")


def _problems(*, local_stack: bool = False, **parts: Any) -> list[str]:
    document = {
        "version": 1,
        "providers": {"acme": {"token_endpoint": "https://login.acme.example/token"}},
        "credentials": {"jobs": {"provider": "acme", "scopes": ["read", "write"]}},
        "callers": {"billing": {"identities": [{"iam": ROLE}]}},
        "grants": [{"caller": "billing", "credential": "jobs", "scopes": ["read", "write"]}],
    }
    configuration = ConfigurationModel.model_validate(document | parts)
    providers = {
        name: resolve_provider(model, _no_network)
        for name, model in configuration.providers.items()
    }
    return problems_of(configuration, providers, now=NOW, local_stack=local_stack)


def _grant(**changes: Any) -> list[dict[str, Any]]:
    base = {"caller": "billing", "credential": "jobs", "scopes": ["read", "write"]}
    return [base | changes]


def test_file_without_fault_has_no_problem() -> None:
    assert _problems() == []


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        pytest.param({"callers": {}}, "there is no caller billing", id="orphaned by its caller"),
        pytest.param({"credentials": {}}, "there is no credential jobs", id="by its credential"),
        pytest.param({"providers": {}}, "there is no provider acme", id="no provider"),
        pytest.param(
            {"grants": _grant(scopes=["read"])}, "always carry write too", id="fixed not covered"
        ),
        pytest.param(
            {"credentials": {"jobs": {"provider": "acme"}}, "grants": _grant(scopes=[])},
            "say full_access: true",
            id="reach not declared",
        ),
        pytest.param({"grants": _grant() * 2}, "has a grant for jobs already", id="two grants"),
        pytest.param(
            {"grants": _grant(scopes=["read", "write", "admin"])}, "does not carry admin", id="more"
        ),
        pytest.param({"grants": _grant(tenants=["a"])}, "it has no tenants", id="tenants of one"),
        pytest.param({"callers": {"billing": {}}}, "has no way in", id="caller that nobody can be"),
        pytest.param(
            {
                "callers": {
                    "billing": {"identities": [{"iam": ROLE}]},
                    "other": {"identities": [{"iam": ROLE.replace("/", "/path/", 1)}]},
                }
            },
            "is already callers.billing",
            id="one role, two callers, by another path",
        ),
        pytest.param(
            {"callers": {"billing": {"identities": [{"iam": "arn:aws:iam::111122223333:root"}]}}},
            "the ARN of an IAM role or user",
            id="root",
        ),
        pytest.param(
            {"providers": {"acme": {"token_endpoint": "http://login.acme.example/token"}}},
            "must be https",
            id="http",
        ),
        pytest.param(
            {"grants": _grant(observe={"scopes": ["x"], "until": "2026-04-01"})},
            "within the next 30 days",
            id="observing too long",
        ),
        pytest.param(
            {
                "credentials": {
                    "jobs": {
                        "provider": "acme",
                        "scopes": ["read", "write"],
                        "extra_parameters": {"client_assertion": "x"},
                    }
                }
            },
            "is not yours to set here",
            id="reserved parameter",
        ),
    ],
)
def test_fault_is_found(parts: dict[str, Any], problem: str) -> None:
    found = _problems(**parts)

    assert any(problem in line for line in found), found


@pytest.mark.parametrize(
    ("url", "local_stack", "accepted"),
    [
        ("http://127.0.0.1:9000/token", True, True),
        ("http://127.0.0.1:9000/token", False, False),
        ("http://10.0.0.1/token", True, False),
    ],
)
def test_plain_http_is_for_loopback_on_the_local_stack(
    url: str, *, local_stack: bool, accepted: bool
) -> None:
    found = _problems(providers={"acme": {"token_endpoint": url}}, local_stack=local_stack)

    assert (found == []) == accepted


def test_dropped_role_path_is_a_notice() -> None:
    callers = {"billing": {"identities": [{"iam": ROLE.replace("role/", "role/service/")}]}}
    configuration = ConfigurationModel.model_validate({"version": 1, "callers": callers})

    assert notices_of(configuration) == [
        "callers.billing: the role's path is dropped, because its sessions do not show it"
    ]
