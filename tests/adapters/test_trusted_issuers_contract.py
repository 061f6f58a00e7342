"""The contract of `ports.workloads.TrustedIssuers`, on the fake and on DynamoDB."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Protocol

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.adapters.aws import Aws, Tables
from tests.fakes.issuer import TRUSTED, URL, InMemoryTrustedIssuers

from tokenvend.adapters.dynamodb.documents import MalformedDocumentError
from tokenvend.adapters.dynamodb.issuer_items import (
    DynamoDbTrustedIssuers,
    build_issuer,
    parse_issuer,
)
from tokenvend.adapters.dynamodb.registry_items import RegistryItem, registry_item_of
from tokenvend.domain.untrusted import Distrust
from tokenvend.domain.workload.issuer import SubjectRule, TrustedIssuer
from tokenvend.domain.workload.keys import ASYMMETRIC
from tokenvend.ports.workloads import TrustedIssuers


class Harness(Protocol):
    """A registry that a test fills, and whoever reads it."""

    @property
    def issuers(self) -> TrustedIssuers: ...
    def trust(self, issuer: TrustedIssuer) -> None: ...


@dataclass
class FakeWorld:
    issuers: InMemoryTrustedIssuers = field(default_factory=InMemoryTrustedIssuers)

    def trust(self, issuer: TrustedIssuer) -> None:
        self.issuers.trust(issuer)


class DynamoDbWorld:
    def __init__(self, aws: Aws, tables: Tables) -> None:
        self._aws, self._table = aws, tables.registry
        self.distrusted: list[tuple[str, Distrust]] = []
        self.issuers = DynamoDbTrustedIssuers(
            aws.dynamodb,
            table=tables.registry,
            on_untrusted=lambda key, why: self.distrusted.append((key, why)),
        )

    def trust(self, issuer: TrustedIssuer) -> None:
        self.write(build_issuer(issuer))

    def write(self, item: RegistryItem) -> None:
        self._aws.dynamodb.put_item(TableName=self._table, Item=item.to_item())


@pytest.fixture(params=["fake", "dynamodb"])
def harness(request: pytest.FixtureRequest) -> Harness:
    if request.param == "fake":
        return FakeWorld()
    return DynamoDbWorld(request.getfixturevalue("aws"), request.getfixturevalue("tables"))


def test_issuer_is_found_by_its_iss_to_the_letter(harness: Harness) -> None:
    harness.trust(TRUSTED)

    assert harness.issuers.read(URL) == TRUSTED
    for other in (URL + "/", URL.upper(), URL[:-1], "ci", "https://other.example"):
        assert harness.issuers.read(other) is None


def test_issuers_do_not_mix(harness: Harness) -> None:
    other = replace(TRUSTED, name="other", issuer="https://other.example", rules=())
    harness.trust(TRUSTED)
    harness.trust(other)

    assert harness.issuers.read("https://other.example") == other
    assert harness.issuers.read(URL) == TRUSTED


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda d: d.pop("algorithms"), id="no algorithms"),
        pytest.param(lambda d: d.update(one_time="false"), id="a flag that is a text"),
        pytest.param(lambda d: d.update(max_age_seconds=True), id="an age that is true"),
        pytest.param(lambda d: d.update(rules=[{"caller": "a", "claims": {}}]), id="any subject"),
        pytest.param(
            lambda d: d.update(rules=[{"caller": "a", "claims": {"x": ["y"]}}]), id="a list"
        ),
        pytest.param(
            lambda d: d.update(rules=[{"caller": "a", "claims": {"x": {}}}]), id="an empty claim"
        ),
        pytest.param(lambda d: d.update(rules=[{"sub": "x", "claims": {}}]), id="no caller"),
        pytest.param(lambda d: d.update(keys="all"), id="keys that are a text"),
    ],
)
def test_issuer_that_makes_no_sense_is_not_trusted(
    aws: Aws, tables: Tables, spoil: Callable[[dict[str, Any]], object]
) -> None:
    harness, item = DynamoDbWorld(aws, tables), build_issuer(TRUSTED)
    spoil(item.document)
    harness.write(item)

    assert harness.issuers.read(URL) is None
    assert harness.distrusted == [(item.pk, Distrust.MALFORMED)]


_texts = st.text("abc/:*", min_size=1, max_size=9)
_patterns = st.recursive(
    _texts | st.booleans() | st.integers(0, 9),
    lambda inner: st.dictionaries(_texts, inner, min_size=1, max_size=2),
    max_leaves=4,
)
_rules = st.builds(
    SubjectRule,
    caller=_texts,
    subject=_texts,
    claims=st.dictionaries(_texts, _patterns, max_size=2),
)
_issuers = st.builds(
    TrustedIssuer,
    name=_texts,
    issuer=_texts,
    audience=st.none() | _texts,
    algorithms=st.frozensets(st.sampled_from(sorted(ASYMMETRIC)), min_size=1),
    max_age=st.integers(1, 86_400).map(lambda seconds: timedelta(seconds=seconds)),
    keys=st.sampled_from([(), TRUSTED.keys]),
    jwks_uri=st.none() | _texts,
    one_time=st.booleans(),
    of_users=st.booleans(),
    rules=st.lists(_rules, max_size=2).map(tuple),
)


@given(issuer=_issuers)
def test_issuer_comes_back_as_it_was(issuer: TrustedIssuer) -> None:
    found = registry_item_of(build_issuer(issuer).to_item())

    assert found is not None
    assert parse_issuer(found.document) == issuer


def test_private_or_weak_key_in_the_registry_is_left_out() -> None:
    document = build_issuer(TRUSTED).document
    document["keys"].append({"kty": "oct", "k": "c2VjcmV0", "kid": "one"})

    assert parse_issuer(document).keys == TRUSTED.keys


def test_issuer_of_a_version_before_user_tokens_is_not_of_users() -> None:
    document = build_issuer(replace(TRUSTED, of_users=True)).document
    del document["of_users"]

    assert not parse_issuer(document).of_users


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        pytest.param({"caller": "a", "claims": {}}, "rules is not about any subject", id="subject"),
        pytest.param(
            {"caller": "a", "claims": {"x": ["y"]}},
            "claims is not texts, numbers or true or false",
            id="claims",
        ),
    ],
)
def test_rule_that_is_refused_is_told_by_the_field(rule: dict[str, Any], told: str) -> None:
    document = build_issuer(TRUSTED).document | {"rules": [rule]}

    with pytest.raises(MalformedDocumentError) as caught:
        parse_issuer(document)

    assert str(caught.value) == told


def test_document_without_rules_is_refused() -> None:
    document = build_issuer(TRUSTED).document
    del document["rules"]

    with pytest.raises(MalformedDocumentError, match="rules"):
        parse_issuer(document)
