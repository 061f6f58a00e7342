"""A compiled item is within DynamoDB's limits, or `validate` says which key makes it too large."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.configuration.samples import (
    FIXED,
    NARROWS,
    credential,
    document,
    grant,
    problems_in,
    resolved,
)

from tokenvend.adapters.dynamodb.registry_items import RegistryItem
from tokenvend.domain.bounds import ISSUER_KEYS, REGISTRY_ITEM_BYTES
from tokenvend_cli.configuration.checked import CheckedFile, check_file
from tokenvend_cli.configuration.compile import compile_registry
from tokenvend_cli.configuration.item_limits import item_problems
from tokenvend_cli.configuration.models import ConfigurationModel
from tokenvend_cli.configuration.providers import undiscovered
from tokenvend_cli.item_size import item_bytes
from tokenvend_cli.problems import ConfigurationError

#: What one BatchGetItem returns, and how many items a vend reads by it: seven of the registry
#: and two of the tokens table.
BATCH_GET_BYTES, ITEMS_OF_A_VEND = 16_000_000, 9
HALF = REGISTRY_ITEM_BYTES // 2
LONG = "x" * 200
FAMILY: dict[str, Any] = {"credentials": credential(family=True)}
CONSENT: dict[str, Any] = {
    "kind": "authorization_code",
    "redirect_uri": "https://pages.example/callback/jobs",
}
CONSENTS = FIXED | {"authorization_endpoint": "https://login.acme.example/authorize"}
UNTIL = datetime.now(UTC).date() + timedelta(days=7)
#: Ten keys with a certificate each, longer than any is.
KEYS = [
    {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43, "kid": kid, "x5c": [LONG * 205]}
    for kid in "abcdefghij"
]


def _check(folder: Path, **parts: Any) -> CheckedFile:
    path = folder / "tokenvend.yaml"
    path.write_text(yaml.safe_dump(document(**parts), sort_keys=False), encoding="utf-8")
    return check_file(path, lambda _: undiscovered, local_stack=False)


def _names(count: int) -> list[str]:
    """Texts that fit tenants, scopes and names alike: 60 characters each."""
    return [f"n{index:059}" for index in range(count)]


def _compiled(**parts: Any) -> tuple[ConfigurationModel, list[RegistryItem]]:
    configuration = ConfigurationModel.model_validate(document(**parts))
    return configuration, compile_registry(configuration, resolved(configuration)[0])


@pytest.mark.parametrize(
    ("parts", "place", "advice"),
    [
        pytest.param(
            FAMILY | {"grants": [grant(tenants=_names(7_000))]},
            "grants[0].tenants",
            "say `all`",
            id="tenants of a grant",
        ),
        pytest.param(
            {"grants": [grant(audiences=[f"a:{each}" for each in _names(7_000)])]},
            "grants[0].audiences",
            "divide them among several callers",
            id="audiences of a grant",
        ),
        pytest.param(
            {
                "providers": {"acme": NARROWS},
                "credentials": credential(scopes=_names(6_300)),
                "grants": [
                    grant(
                        scopes=_names(3_000),
                        default_scopes=_names(3_000),
                        observe={"scopes": _names(6_300)[3_000:], "until": UNTIL},
                    )
                ],
            },
            "grants[0].observe.scopes",
            "divide them among several callers",
            id="observed scopes",
        ),
        pytest.param(
            {
                "providers": {"acme": NARROWS},
                "credentials": credential(scopes=["read", *_names(7_000)]),
                "grants": [grant(scopes=["read"])],
            },
            "credentials.jobs.scopes",
            "divide them among several credentials",
            id="scopes of a credential",
        ),
        pytest.param(
            {"credentials": credential(extra_parameters={"a": "é" * HALF})},
            "credentials.jobs.extra_parameters",
            "divide them among several credentials",
            id="text that takes more bytes than characters",
        ),
        pytest.param(
            {
                "providers": {"acme": CONSENTS | {"authorization_parameters": {"a": LONG * 2_100}}},
                "credentials": credential(**CONSENT),
            },
            "providers.acme.authorization_parameters",
            "divide it among several providers",
            id="parameters of a consent",
        ),
        pytest.param(
            {"issuers": {"ci": {"issuer": "https://ci.example", "keys": KEYS}}},
            "issuers.ci.keys",
            "give jwks_uri",
            id="keys of an issuer",
        ),
    ],
)
def test_item_that_dynamodb_would_refuse_is_refused_with_its_place(
    tmp_path: Path, parts: dict[str, Any], place: str, advice: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _check(tmp_path, **parts)

    (problem,) = caught.value.problems
    text = (tmp_path / "tokenvend.yaml").read_text(encoding="utf-8").splitlines()
    assert problem.place == place
    assert problem.line is not None
    assert place.rpartition(".")[2] in text[problem.line - 1]
    assert "DynamoDB takes 409600" in problem.what
    assert advice in problem.what


def test_grant_of_a_caller_with_several_identities_is_told_once(tmp_path: Path) -> None:
    callers = {"billing": {"identities": [{"client": "one"}, {"client": "two"}]}}

    with pytest.raises(ConfigurationError) as caught:
        _check(tmp_path, callers=callers, grants=[grant(resources=_names(7_000))])

    assert [each.place for each in caught.value.problems] == ["grants[0].resources"]


@pytest.mark.parametrize("beyond", [0, 1], ids=["all that DynamoDB takes", "a byte more"])
def test_item_may_have_what_dynamodb_takes_and_no_byte_more(tmp_path: Path, beyond: int) -> None:
    _, items = _compiled(credentials=credential(extra_parameters={"a": ""}))
    base = max(map(item_bytes, items))
    parameters = {"a": "x" * (REGISTRY_ITEM_BYTES - base + beyond)}
    parts = {"credentials": credential(extra_parameters=parameters)}

    if beyond:
        with pytest.raises(ConfigurationError, match="would have 409601 bytes"):
            _check(tmp_path, **parts)
        return
    assert max(map(item_bytes, _check(tmp_path, **parts).items)) == REGISTRY_ITEM_BYTES


@pytest.mark.parametrize(("letters", "told"), [(2041, []), (2042, ["issuers.ci"])])
def test_key_is_as_long_as_dynamodb_takes_and_no_longer(letters: int, told: list[str]) -> None:
    issuer = "https://ci.example/".ljust(letters, "x")
    parts = {"issuers": {"ci": {"issuer": issuer, "jwks_uri": "https://ci.example/jwks"}}}

    problems = list(item_problems(*_compiled(**parts)))

    assert [each.place for each in problems] == told
    assert all("DynamoDB takes 2048" in each.what for each in problems)


@settings(max_examples=25)
@given(
    tenants=st.integers(0, 8_000),
    scopes=st.integers(0, 8_000),
    parameter=st.integers(0, REGISTRY_ITEM_BYTES),
)
def test_file_is_refused_exactly_where_an_item_is_too_large(
    tenants: int, scopes: int, parameter: int
) -> None:
    listed = [f"n{index:059}" for index in range(scopes)]
    configuration, items = _compiled(
        credentials=credential(
            family=True, scopes=["read", *listed], extra_parameters={"a": "x" * parameter}
        ),
        grants=[grant(scopes=["read"], tenants=_names(tenants))],
    )

    places = {each.place for each in item_problems(configuration, items)}

    # Counted apart from the code: a compiled document is plain ASCII, beside a few short names.
    large = {item.sk for item in items if len(item.to_item()["document"]["S"]) > 409_500}
    sure = {item.sk for item in items if len(item.to_item()["document"]["S"]) > 409_600}
    named = {"jobs" if each.startswith("grants") else "*" for each in places}
    assert sure <= named <= large


def test_one_vend_reads_less_than_dynamodb_returns_at_once() -> None:
    assert ITEMS_OF_A_VEND * REGISTRY_ITEM_BYTES < BATCH_GET_BYTES


def test_issuer_has_as_many_keys_as_are_looked_at_and_no_more() -> None:
    keys = [KEYS[0] | {"kid": str(index)} for index in range(ISSUER_KEYS + 1)]

    def told(count: int) -> list[str]:
        issuers = {"ci": {"issuer": "https://ci.example", "keys": keys[:count]}}
        return problems_in({"issuers": issuers})

    assert told(ISSUER_KEYS) == []
    assert told(ISSUER_KEYS + 1) == ["issuers.ci.keys: has 101 keys; 100 are the most"]
