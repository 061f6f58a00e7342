"""What a well-formed file may still get wrong."""

from datetime import date
from typing import Any

import pytest
from tests.configuration.samples import (
    FIXED,
    NARROWS,
    ROLE,
    credential,
    document,
    grant,
    problems_in,
)

from tokenvend_cli.configuration.models import ConfigurationModel
from tokenvend_cli.configuration.semantics import notices_of

DIRECT = {"principals": [ROLE]}
FAMILY = credential(family=True)
VOIDS = credential(single_active_token=True)


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
    ("provider", "credentials", "granted", "told"),
    [
        pytest.param(
            FIXED,
            credential(),
            grant(scopes=["read"]),
            "grants[0].scopes: a token of jobs always carries write too",
            id="fixed: the whole scope must be covered",
        ),
        pytest.param(
            FIXED, credential(), grant(scopes=["read"], full_access=True), "", id="or all"
        ),
        pytest.param(
            NARROWS, credential(), grant(scopes=["read"]), "", id="narrows: a part will do"
        ),
        pytest.param(
            FIXED,
            credential(scopes=[]),
            grant(scopes=[]),
            "grants[0]: jobs declares no scopes",
            id="fixed: reach not declared",
        ),
        pytest.param(
            FIXED, credential(scopes=[]), grant(scopes=[], full_access=True), "", id="full access"
        ),
        pytest.param(
            FIXED,
            credential(scopes=[]),
            grant(scopes=["read"], full_access=True),
            "grants[0].scopes: jobs does not declare read",
            id="a scope that no request could get",
        ),
        pytest.param(
            NARROWS,
            credential(),
            grant(scopes=["admin"]),
            "grants[0].scopes: jobs does not declare admin",
            id="beyond the credential",
        ),
        pytest.param(
            NARROWS, credential(scopes=[]), grant(scopes=["admin"]), "", id="narrows, undeclared"
        ),
        pytest.param(
            NARROWS,
            credential(),
            grant(scopes=[]),
            "grants[0]: name the scopes it may ask for",
            id="narrows: no scope would mean the provider's default",
        ),
        pytest.param(
            NARROWS,
            credential(),
            grant(scopes=["read"], default_scopes=["write"]),
            "grants[0].default_scopes: write: not among its scopes",
            id="default beyond the ceiling",
        ),
    ],
)
def test_ceiling_must_fit_what_tokens_carry(
    provider: dict[str, Any], credentials: dict[str, Any], granted: dict[str, Any], told: str
) -> None:
    found = problems_in(
        {"providers": {"acme": provider}, "credentials": credentials, "grants": [granted]}
    )

    assert [line for line in found if not told or not line.startswith(told)] == []
    assert bool(found) == bool(told)


@pytest.mark.parametrize(
    ("credentials", "changes", "told"),
    [
        (FAMILY, {}, "grants[0].tenants: jobs is a family: name tenants, or `all`"),
        (FAMILY, {"tenants": ["initech"]}, ""),
        (FAMILY, {"tenants": "all"}, ""),
        (credential(), {"tenants": "all"}, "grants[0].tenants: jobs has none"),
        (
            credential(family=True, client_id="us"),
            {"tenants": "all"},
            "credentials.jobs.client_id: each tenant",
        ),
        (
            credential(
                family=True,
                secret={"arn": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:a"},
            ),
            {"tenants": "all"},
            "credentials.jobs.secret: each tenant",
        ),
        (VOIDS, {}, ""),
        (VOIDS, {"isolation": "caller"}, "grants[0].isolation: jobs has a single_active_token"),
        (VOIDS, {"audiences": ["a"]}, "grants[0].audiences: jobs has a single_active_token"),
        (VOIDS, {"resources": ["a"]}, "grants[0].resources: jobs has a single_active_token"),
    ],
)
def test_grant_must_fit_the_credentials_kind(
    credentials: dict[str, Any], changes: dict[str, Any], told: str
) -> None:
    found = problems_in({"credentials": credentials, "grants": [grant(**changes)]})

    assert [line[: len(told)] for line in found] == ([told] if told else [])


def test_single_active_token_needs_one_scope_for_all() -> None:
    found = problems_in({"providers": {"acme": NARROWS}, "credentials": VOIDS})

    assert [line.partition(":")[0] for line in found] == ["credentials.jobs.single_active_token"]


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
    ("until", "told"),
    [
        pytest.param("2026-03-01", "grants[0].observe.until: is past", id="it began this morning"),
        pytest.param("2026-03-02", "", id="tomorrow"),
        pytest.param("2026-03-31", "", id="30 days off"),
        pytest.param("2026-04-01", "grants[0].observe.until: is too far off: 2026-03-31", id="31"),
    ],
)
def test_observing_ends_within_30_days(until: str, told: str) -> None:
    observe = {"scopes": ["write"], "until": date.fromisoformat(until)}

    found = problems_in({"grants": [grant(scopes=["read"], observe=observe)]})

    assert [line[: len(told)] for line in found] == ([told] if told else [])


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"full_access": True}, "grants[0].observe: goes with no full_access"),
        ({"scopes": ["read", "write"]}, "grants[0].observe.scopes: write: granted already"),
    ],
)
def test_observing_must_have_something_to_observe(changes: dict[str, Any], told: str) -> None:
    observe = {"scopes": ["write"], "until": date(2026, 3, 9)}
    granted = grant(scopes=["read"], observe=observe) | changes

    assert [line[: len(told)] for line in problems_in({"grants": [granted]})] == [told]


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
