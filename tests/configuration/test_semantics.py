"""A well-formed file is refused if a reference, identity or endpoint in it cannot be right."""

from typing import Any

import pytest
from tests.configuration.samples import FIXED, ROLE, credential, document, grant, problems_in

from tokenvend_cli.configuration.models import ConfigurationModel
from tokenvend_cli.configuration.semantics import notices_of

DIRECT = {"principals": [ROLE]}


def test_file_without_fault_has_no_problem() -> None:
    assert problems_in({}) == []


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        pytest.param(
            {"callers": {}}, "grants[0].caller: there is no caller billing", id="no caller"
        ),
        pytest.param(
            {"credentials": {}},
            "grants[0].credential: there is no credential jobs",
            id="no credential",
        ),
        pytest.param(
            {"providers": {}}, "credentials.jobs.provider: there is no provider acme", id="provider"
        ),
        pytest.param(
            {"providers": {"acme": {"profile": "smartrecruiter"}}},
            "providers.acme.profile: there is no such profile; `tokenvend providers list`",
            id="no such profile",
        ),
        pytest.param(
            {"grants": [grant(), grant()]},
            "grants[1]: grants[0] is for the same caller and credential",
            id="two grants",
        ),
        pytest.param(
            {"callers": {"billing": {"direct": DIRECT, "burst": 5}}},
            "callers.billing.burst: limits nothing without requests_per_minute",
            id="a burst of no limit",
        ),
        pytest.param(
            {"credentials": credential(extra_parameters={"client_assertion": "x", "a": "b"})},
            "credentials.jobs.extra_parameters.client_assertion: is not for the file to say",
            id="reserved parameter",
        ),
    ],
)
def test_reference_or_name_that_cannot_be_is_found(parts: dict[str, Any], told: str) -> None:
    assert any(line.startswith(told) for line in problems_in(parts)), problems_in(parts)


@pytest.mark.parametrize(
    ("callers", "told"),
    [
        pytest.param({"a": {}}, "callers.a: nobody can be this caller", id="no way in"),
        pytest.param(
            {"live": {"direct": DIRECT}},
            "callers.live: a direct caller cannot be called",
            id="live",
        ),
        pytest.param({"live": {"identities": [{"client": "x"}]}}, "", id="live is free over HTTP"),
        pytest.param(
            {
                "a": {"identities": [{"iam": ROLE}]},
                "b": {"identities": [{"iam": ROLE.replace("role/", "role/path/")}]},
            },
            "callers.b.identities[0]: iam:111122223333:role/billing is callers.a already",
            id="one role, two callers, by another path",
        ),
        pytest.param(
            {"a": {"identities": [{"client": "x"}]}, "b": {"identities": [{"client": "x"}]}},
            "callers.b.identities[0]: client:x is callers.a already",
            id="one client, two callers",
        ),
        pytest.param(
            {"a": {"identities": [{"client": "x"}, {"client": "x"}]}},
            "callers.a.identities[1]: client:x stands here twice",
            id="twice",
        ),
        pytest.param(
            {"a": {"direct": DIRECT}, "b": {"direct": DIRECT}}, "", id="one role, two aliases"
        ),
    ],
)
def test_identity_belongs_to_one_caller(callers: dict[str, Any], told: str) -> None:
    found = problems_in({"callers": callers, "grants": []})

    assert [line[: len(told)] for line in found] == ([told] if told else [])


@pytest.mark.parametrize(
    ("url", "local_stack", "accepted"),
    [
        ("https://login.acme.example/token", False, True),
        ("http://login.acme.example/token", True, False),
        ("http://127.0.0.1:9000/token", True, True),
        ("http://[::1]:9000/token", True, True),
        ("http://127.0.0.1:9000/token", False, False),
        ("http://10.0.0.1/token", True, False),
        ("http://127.0.0.1.evil.example/token", True, False),
        ("http://localhost/token", True, False),
    ],
)
@pytest.mark.parametrize("key", ["token_endpoint", "revocation_endpoint", "issuer"])
def test_plain_http_is_for_loopback_on_the_local_stack(
    key: str, url: str, *, local_stack: bool, accepted: bool
) -> None:
    provider = {key: url} if key != "revocation_endpoint" else FIXED | {key: url}

    found = problems_in({"providers": {"acme": provider}}, local_stack=local_stack)

    refused = [line for line in found if line.startswith(f"providers.acme.{key}: must begin")]
    assert bool(refused) != accepted


def test_refused_loopback_says_that_a_local_stack_would_take_it() -> None:
    here, elsewhere = (
        problems_in({"providers": {"acme": {"token_endpoint": f"http://{host}/token"}}})
        for host in ("127.0.0.1:9000", "10.0.0.1")
    )

    assert "only a local stack admits http" in here[0]
    assert "local stack" not in elsewhere[0]


def test_dropped_role_path_is_a_notice() -> None:
    callers = {"billing": {"identities": [{"iam": ROLE.replace("role/", "role/service/")}]}}
    configuration = ConfigurationModel.model_validate(document(callers=callers))

    (notice,) = notices_of(configuration)

    assert notice.place == "callers.billing.identities[0].iam"
    assert "iam:111122223333:role/billing" in notice.what
