"""A grant whose ceiling does not fit its credential, or that observes wrong scopes, is refused."""

from datetime import date
from typing import Any

import pytest
from tests.configuration.samples import FIXED, NARROWS, credential, grant, problems_in

FAMILY = credential(family=True)
VOIDS = credential(single_active_token=True)


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
