"""The file becomes items, and applying twice changes nothing."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.clock import START

from tokenvend.adapters.dynamodb.registry_items import RegistryItem, build_block, parse_grant
from tokenvend.domain.registry import ClientAuthentication, ScopeMode
from tokenvend_cli.configuration.compile import compile_registry
from tokenvend_cli.configuration.load import load_configuration
from tokenvend_cli.configuration.models import ProviderModel
from tokenvend_cli.configuration.providers import Provider, profile_names, resolve_provider
from tokenvend_cli.deployment.aliases import alias_policy
from tokenvend_cli.deployment.registry_table import changes_between
from tokenvend_cli.problems import CommandError

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "tokenvend.yaml"


def _no_network(url: str) -> dict[str, Any]:
    raise CommandError(f"no metadata at {url}")


def _example() -> list[RegistryItem]:
    configuration = load_configuration(EXAMPLE)
    providers = {
        name: resolve_provider(model, _no_network)
        for name, model in configuration.providers.items()
    }
    return compile_registry(configuration, providers)


def test_grant_is_compiled_for_each_identity_of_its_caller() -> None:
    keys = {item.key for item in _example()}

    assert {
        ("credential#sr-jobs", "*"),
        ("iam:111122223333:role/billing", "*"),
        ("iam:111122223333:role/billing", "acme-orders"),
        ("client:shop-web", "sr-jobs"),
        ("alias:events", "sr-partner"),
    } <= keys


def test_compiled_grant_is_read_back_whole() -> None:
    (item,) = [each for each in _example() if each.key == ("client:shop-web", "sr-jobs")]

    grant = parse_grant(item.document)

    assert grant.default_scopes == frozenset({"jobs_read"})
    assert grant.scopes == {"jobs_read", "candidates_read"}


def test_applying_twice_changes_nothing() -> None:
    assert not changes_between(_example(), _example())


@given(data=st.data())
def test_changes_turn_any_registry_into_the_desired_one(data: st.DataObject) -> None:
    desired = _example()
    kept = data.draw(st.lists(st.sampled_from(desired), unique_by=lambda item: item.key))
    foreign = [RegistryItem(f"client:old-{n}", "*", {"caller": "old"}) for n in range(3)]
    deployed = [*kept, *data.draw(st.lists(st.sampled_from(foreign), unique=False, max_size=3))]

    changes = changes_between(deployed, desired)

    after = {item.key: item for item in deployed} | {item.key: item for item in changes.added}
    for item in changes.removed:
        del after[item.key]
    assert {key: item.document for key, item in after.items()} == {
        item.key: item.document for item in desired
    }


def test_blocks_survive_and_secrets_go_with_their_identity() -> None:
    desired = _example()
    block = build_block("client:shop-web", reason="leaked", blocked_at=START)
    kept_secret = RegistryItem("client:shop-web", "!secret", {"secrets": []})
    lost_secret = RegistryItem("client:gone", "!secret", {"secrets": []})

    changes = changes_between([*desired, block, kept_secret, lost_secret], desired)

    assert changes.removed == [lost_secret]


def test_alias_policy_denies_everybody_who_is_not_named() -> None:
    role = "arn:aws:iam::111122223333:role/event-worker"

    allow, deny = alias_policy("arn:alias", [role])["Statement"]

    assert (allow["Effect"], allow["Principal"]) == ("Allow", {"AWS": [role]})
    assert (deny["Effect"], deny["Principal"]) == ("Deny", "*")
    assert deny["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": [role]}}


def test_every_shipped_profile_resolves() -> None:
    for name in profile_names():
        provider = resolve_provider(ProviderModel(profile=name), _no_network)
        assert provider.token_endpoint.startswith("https://")
        assert provider.scope_mode is ScopeMode.FIXED


def test_issuer_is_discovered_and_pinned() -> None:
    issuer = "https://login.acme.example/tenant"
    document = {"issuer": issuer, "token_endpoint": "https://login.acme.example/t"}
    asked: list[str] = []

    def fetch(url: str) -> dict[str, Any]:
        asked.append(url)
        if "oauth-authorization-server" in url:
            raise CommandError("none here")
        return document

    provider = resolve_provider(ProviderModel(issuer=issuer), fetch)

    assert provider == Provider(
        token_endpoint="https://login.acme.example/t",
        client_authentication=ClientAuthentication.BASIC,
    )
    assert asked == [
        "https://login.acme.example/.well-known/oauth-authorization-server/tenant",
        "https://login.acme.example/tenant/.well-known/openid-configuration",
    ]


def test_metadata_of_another_issuer_is_refused() -> None:
    def fetch(_: str) -> dict[str, Any]:
        return {"issuer": "https://evil.example", "token_endpoint": "https://evil.example/t"}

    with pytest.raises(CommandError, match="names another issuer"):
        resolve_provider(ProviderModel(issuer="https://login.acme.example"), fetch)
