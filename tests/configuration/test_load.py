"""What the command prints about a file that is not well-formed."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.configuration.samples import document

from tokenvend_cli.configuration.load import load_configuration, parse_configuration
from tokenvend_cli.problems import CommandError, ConfigurationError, Problem


def _problems(text: str) -> list[Problem]:
    with pytest.raises(ConfigurationError) as caught:
        parse_configuration(text, name="tokenvend.yaml")
    return list(caught.value.problems)


def _problems_of(place: str, value: Any) -> list[Problem]:
    """The problems of a sound file in which *value* stands at *place*."""
    changed: Any = document()
    *path, last = place.split(".")
    holder = changed
    for part in path:
        holder = holder[int(part) if part.isdigit() else part]
    holder[last] = value
    return _problems(yaml.safe_dump(changed))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("", "the file must hold `version: 1`", id="empty"),
        pytest.param("- a", "the file must hold `version: 1`", id="a list"),
        pytest.param("version: 2", "version: must be 1", id="unknown version"),
        pytest.param("version: [", "this is not well-formed YAML", id="not YAML"),
        pytest.param("grants: []", "version: is needed", id="missing"),
        pytest.param("version: 1\nprovders: {}", "did you mean providers?", id="mistyped key"),
        pytest.param("version: 1\nxyzzy: {}", "there are version, providers,", id="unknown key"),
        pytest.param(
            "version: 1\ncallers: {a: {identities: [{}]}}",
            "callers.a.identities[0]: give exactly one of iam, client and workload",
            id="place in a list",
        ),
        pytest.param("version: 1\ncallers: {A: {}}", "callers.A: must be a name", id="name"),
        pytest.param("version: 1\ncallers: {1: {}}", "callers[1]: must be a text", id="number"),
        pytest.param("version: 1\ncallers: []", "callers: must hold names", id="not a mapping"),
        pytest.param("? [a]\n: 1", "this is not well-formed YAML", id="a list for a key"),
        pytest.param(
            "version: 1\na: 2026-02-30", "this value is not of its kind", id="no such day"
        ),
        pytest.param("version: !!int x", "this value is not of its kind", id="no number"),
        pytest.param("version: !!bool x", "this value is not of its kind", id="no truth value"),
        pytest.param("version: !!timestamp x", "this value is not of its kind", id="no time"),
        pytest.param("version: " + "9" * 5_000, "this value is not of its kind", id="huge number"),
        pytest.param("version: \x1f", "this is not well-formed YAML", id="a control character"),
        pytest.param("version: " + "[" * 2_000, "it is nested too deeply", id="deep"),
    ],
)
def test_problem_is_told_with_its_place(text: str, told: str) -> None:
    assert any(told in str(problem) for problem in _problems(text)), _problems(text)


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        ("providers.acme.profile", "x", "providers.acme: give exactly one of profile, issuer"),
        ("providers.acme.token_endpoint", "https://u:p@a.example/t", "without user, query"),
        ("providers.acme.token_endpoint", "https://a.example/t?x=1", "without user, query"),
        ("providers.acme.scope_mode", "narrows", "narrows needs scope_mode_source"),
        ("providers.acme.scope_mode", "wide", "must be `fixed` or `narrows`"),
        (
            "providers.acme.consent_flow",
            {"refresh_names_scopes": True},
            "consent_flow: refresh_names_scopes needs refresh_names_scopes_source",
        ),
        ("providers.acme.consent_flow", {"without_pkce": True}, "without_pkce: must be a text"),
        ("providers.acme.scope_separator", ", ", "must be one character"),
        ("credentials.jobs.scopes", "read", "credentials.jobs.scopes: must be a list"),
        ("credentials.jobs.scopes", ["a b"], "credentials.jobs.scopes[0]: must be one scope"),
        ("credentials.jobs.family", "yes", "must be true or false"),
        ("credentials.jobs.default_lifetime_seconds", 5, "must be at least 30"),
        ("credentials.jobs.default_lifetime_seconds", 10**9, "must be at most 2592000"),
        ("credentials.jobs.secret", {"arn": "arn:aws:s3:::x"}, "secret.arn: must be the ARN"),
        ("credentials.jobs.extra_parameters", {"a": 1}, "extra_parameters.a: must be a text"),
        ("callers.billing.requests_per_minute", "3", "must be a whole number"),
        ("callers.billing.requests_per_minute", True, "must be a whole number"),
        ("callers.billing.identities.0.unique_id", "AIDA", "`aws iam get-role`"),
        ("callers.billing.direct", {"principals": []}, "principals: must name at least one"),
        ("grants.0.tenants", "some", "grants[0].tenants: must be `all`"),
        ("grants.0.tenants", ["a/b"], "grants[0].tenants[0]: must be a name of"),
        ("grants.0.tenants", 1, "grants[0].tenants: must be a list"),
        ("grants.0.default_scopes", [], "must name at least one"),
        ("grants.0.observe", {"scopes": ["a"], "until": "x"}, "until: must be a day"),
    ],
)
def test_wrong_value_is_told_with_the_mend(place: str, value: Any, told: str) -> None:
    assert any(told in str(problem) for problem in _problems_of(place, value))


@pytest.mark.parametrize(
    "arn",
    [
        pytest.param("arn:aws:iam::111122223333:root", id="the root user"),
        pytest.param("arn:aws:sts::111122223333:assumed-role/billing/x", id="a session"),
        pytest.param("arn:aws:sts::111122223333:federated-user/x", id="a federated user"),
        pytest.param("arn:aws:iam::111122223333:role/*", id="a wildcard"),
        pytest.param("arn:aws:iam::111122223333:role/bill?ng", id="another wildcard"),
        pytest.param("arn:aws:iam::111122223333:role/${aws:username}/x", id="a policy variable"),
        pytest.param("arn:aws:iam::1:role/billing", id="no account"),
        pytest.param("billing", id="no ARN"),
    ],
)
def test_only_roles_and_users_can_be_callers(arn: str) -> None:
    (over_http,) = _problems_of("callers.billing.identities.0.iam", arn)
    (direct,) = _problems_of("callers.billing.direct", {"principals": [arn]})

    assert over_http.what.startswith("must be the ARN of an IAM role or user")
    assert direct.place == "callers.billing.direct.principals[0]"


def test_value_that_is_not_of_its_kind_is_told_with_its_line() -> None:
    assert [problem.line for problem in _problems("version: 1\na:\n  b: 2026-02-30")] == [3]


def test_every_problem_is_told_at_once_in_the_order_of_the_file() -> None:
    text = "version: 1\ncallers:\n  A: {}\n  b:\n    requests_per_minute: 0\ngrants: {}\n"

    found = _problems(text)

    assert [(each.line, each.place) for each in found] == [
        (3, "callers.A"),
        (5, "callers.b.requests_per_minute"),
        (6, "grants"),
    ]


def test_what_is_missing_is_told_at_the_line_of_what_lacks_it() -> None:
    (problem,) = _problems("version: 1\ngrants:\n  - scopes: []\n    caller: a\n")

    assert (problem.place, problem.line) == ("grants[0].credential", 3)


@pytest.mark.parametrize(
    ("text", "place", "line"),
    [
        ("version: 1\nversion: 1", "version", 2),
        ("version: 1\ncallers: {a: {}, a: {}}", "callers.a", 2),
        ("version: 1\ngrants:\n- caller: a\n  caller: b", "grants[0].caller", 4),
    ],
)
def test_key_that_stands_twice_is_refused(text: str, place: str, line: int) -> None:
    (problem,) = _problems(text)

    assert (problem.place, problem.line, problem.what) == (place, line, "stands here twice")


def test_anchors_may_be_used_even_inside_themselves() -> None:
    shared = "version: 1\ncredentials:\n  a: &a {provider: p, scopes: [x]}\n  b: *a\n"

    assert parse_configuration(shared, name="f").configuration.credentials["b"].scopes == ["x"]
    assert _problems("version: 1\ngrants: &g [*g]")


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\ncredentials: {a: {provider: p, client_secret: hunter2-hunter2}}",
        "version: 1\ncredentials: {a: {provider: hunter2-hunter2-H}}",
        "version: 1\ncredentials: {a: {provider: p, secret: hunter2-hunter2}}",
        "version: 1\nproviders: {a: {token_endpoint: 'https://hunter2-hunter2@a.example'}}",
        "version: hunter2-hunter2",
        "hunter2-hunter2",
        "version: 1\n'hunter2-hunter2-hunter2-hunter2-hunter2-hunter2': 1",
        "version: 1\nx: [hunter2-hunter2",
    ],
)
def test_value_that_may_be_a_secret_is_not_repeated(text: str) -> None:
    assert "hunter2" not in "".join(str(problem) for problem in _problems(text))


def test_key_that_means_a_secret_is_told_where_secrets_go() -> None:
    (problem,) = _problems("version: 1\ncredentials: {a: {provider: p, client_secret: x}}")

    assert problem.place == "credentials.a.client_secret"
    assert "`tokenvend secret put`" in problem.what


def test_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("version: 1 # caf\xe9".encode("latin-1"))

    for path, reason in [(tmp_path / "none.yaml", "No such file"), (latin, "not UTF-8")]:
        with pytest.raises(CommandError, match=reason):
            load_configuration(path)
