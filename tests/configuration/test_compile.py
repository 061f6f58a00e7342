"""The file becomes items of the registry, and each grant that passes the checks can be used."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.configuration.samples import (
    EXAMPLE,
    FIXED,
    NARROWS,
    NOW,
    credential,
    document,
    grant,
    problems_in,
    resolved,
)

from tokenvend.adapters.dynamodb.definition_items import parse_definition
from tokenvend.adapters.dynamodb.registry_items import RegistryItem, parse_caller, parse_grant
from tokenvend.domain.credential_definition import ScopeMode
from tokenvend.domain.decision import decide
from tokenvend.domain.identity import EntryPoint, Proof
from tokenvend.domain.registry import ALL_TENANTS, Isolation, RegistryView
from tokenvend.domain.request import VendRequest
from tokenvend.domain.secret_reference import SecretReference
from tokenvend_cli.configuration.compile import compile_registry
from tokenvend_cli.configuration.load import load_configuration
from tokenvend_cli.configuration.models import ConfigurationModel
from tokenvend_cli.deployment.changes import changes_between

SECRET_ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:theirs-AbCdEf"
SCOPES = ["read", "write", "admin"]


def _compile(**parts: Any) -> dict[tuple[str, str], RegistryItem]:
    return _items(ConfigurationModel.model_validate(document(**parts)))


def _items(configuration: ConfigurationModel) -> dict[tuple[str, str], RegistryItem]:
    providers, _ = resolved(configuration)
    return {item.key: item for item in compile_registry(configuration, providers)}


def test_grant_is_compiled_for_each_identity_of_its_caller() -> None:
    keys = _items(load_configuration(EXAMPLE).configuration).keys()

    assert {
        ("credential#sr-jobs", "*"),
        ("iam:111122223333:role/billing", "*"),
        ("iam:111122223333:role/billing", "acme-orders"),
        ("client:billing-batch", "acme-orders"),
        ("client:shop-web", "sr-jobs"),
        ("alias:events", "sr-partner"),
    } <= keys


def test_definition_takes_what_the_provider_and_the_credential_say() -> None:
    items = _compile(
        providers={"acme": NARROWS | {"scope_separator": ","}},
        credentials=credential(
            client_id="us",
            extra_parameters={"company": "initech"},
            default_lifetime_seconds=900,
            secret={"arn": SECRET_ARN, "client_secret_key": "key"},
        ),
    )

    definition = parse_definition(items["credential#jobs", "*"].document)

    assert definition.token_endpoint == "https://login.acme.example/token"
    assert definition.scopes == {"read", "write"}
    assert (definition.scope_mode, definition.scope_separator) == (ScopeMode.NARROWS, ",")
    assert definition.client_id == "us"
    assert definition.extra_parameters == {"company": "initech"}
    assert definition.default_lifetime_seconds == 900
    assert definition.secret == SecretReference(SECRET_ARN, "client_id", "key")


@pytest.mark.parametrize(
    ("provider", "said", "seconds"),
    [
        pytest.param({"profile": "smartrecruiters"}, {}, 1799, id="the profile's"),
        pytest.param(
            {"profile": "smartrecruiters"},
            {"default_lifetime_seconds": 60},
            60,
            id="the credential's goes first",
        ),
        pytest.param(FIXED, {}, 300, id="nobody's"),
    ],
)
def test_lifetime_of_a_token_that_does_not_say(
    provider: dict[str, Any], said: dict[str, Any], seconds: int
) -> None:
    items = _compile(providers={"acme": provider}, credentials=credential(**said))

    document_ = items["credential#jobs", "*"].document
    assert parse_definition(document_).default_lifetime_seconds == seconds


def test_caller_is_pinned_where_the_file_says_so() -> None:
    arn = "arn:aws:iam::111122223333:role/service/billing"
    callers = {
        "billing": {
            "identities": [{"iam": arn, "unique_id": "AROAEXAMPLEEXAMPLE"}, {"client": "batch"}],
            "requests_per_minute": 60,
        }
    }

    items = _compile(callers=callers)

    role = parse_caller(items["iam:111122223333:role/billing", "*"].document)
    client = parse_caller(items["client:batch", "*"].document)
    assert (role.name, role.unique_id, role.requests_per_minute) == (
        "billing",
        "AROAEXAMPLEEXAMPLE",
        60,
    )
    assert client.unique_id is None


def test_grant_is_compiled_whole() -> None:
    items = _compile(
        providers={"acme": NARROWS},
        credentials=credential(family=True),
        grants=[
            grant(
                scopes=["read"],
                default_scopes=["read"],
                audiences=["https://api.acme.example"],
                resources=["urn:acme"],
                tenants="all",
                accept_less=True,
                isolation="caller",
                observe={"scopes": ["write"], "until": date(2026, 3, 9)},
            )
        ],
    )

    compiled = parse_grant(items["iam:111122223333:role/billing", "jobs"].document)

    assert compiled.scopes == compiled.default_scopes == frozenset({"read"})
    assert compiled.audiences == {"https://api.acme.example"}
    assert compiled.resources == {"urn:acme"}
    assert compiled.tenants == ALL_TENANTS
    assert (compiled.accept_less, compiled.isolation) == (True, Isolation.CALLER)
    assert compiled.observation is not None
    assert compiled.observation.scopes == {"write"}
    assert compiled.observation.until == datetime(2026, 3, 9, tzinfo=UTC)


def _some(draw: st.DrawFn, scopes: list[str]) -> list[str]:
    return draw(st.lists(st.sampled_from(scopes), unique=True)) if scopes else []


@st.composite
def _files(draw: st.DrawFn) -> dict[str, Any]:
    """Files of one caller and one credential: many are sound, and some are nearly so."""
    whole = _some(draw, SCOPES)
    ceiling = _some(draw, whole if draw(st.booleans()) else SCOPES)
    beyond = _some(draw, sorted(set(whole) - set(ceiling)))
    family = draw(st.booleans())
    return document(
        providers={"acme": draw(st.sampled_from([FIXED, NARROWS]))},
        credentials=credential(scopes=whole, family=family),
        grants=[
            grant(
                scopes=ceiling,
                full_access=draw(st.booleans()),
                tenants=draw(st.sampled_from([["initech"], "all"])) if family else [],
                default_scopes=_some(draw, ceiling) or None,
                observe={"scopes": beyond, "until": date(2026, 3, 9)} if beyond else None,
            )
        ],
    )


@given(_files())
def test_grant_that_passes_the_checks_can_be_used(file: dict[str, Any]) -> None:
    assume(problems_in(file) == [])
    items = _compile(**file)
    identity, name = "iam:111122223333:role/billing", "jobs"
    family = file["credentials"]["jobs"]["family"]

    decision = decide(
        Proof(EntryPoint.IAM, identity),
        VendRequest(name, tenant="initech" if family else None),
        RegistryView(
            caller=parse_caller(items[identity, "*"].document),
            grant=parse_grant(items[identity, name].document),
            definition=parse_definition(items[f"credential#{name}", "*"].document),
        ),
        now=NOW,
    )

    assert decision.caller.name == "billing"


@given(_files(), st.randoms(use_true_random=False))
def test_order_in_the_file_does_not_matter(file: dict[str, Any], random: Any) -> None:
    shuffled = dict(sorted(file.items(), key=lambda _: random.random()))
    for part in (shuffled["credentials"]["jobs"], shuffled["grants"][0]):
        random.shuffle(part["scopes"])

    assert changes_between(_compile(**file).values(), [*_compile(**shuffled).values()]) == []
