"""`caller`: who may ask, and the secrets of OAuth clients."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.cli.conftest import Items, Refuse, Tokenvend

from tokenvend.adapters.dynamodb.registry_items import parse_client_secrets
from tokenvend.domain.decision import prove_caller
from tokenvend.domain.errors import InvalidClientError
from tokenvend.domain.identity import EntryPoint, Proof
from tokenvend.domain.registry import Caller, RegistryView
from tokenvend.domain.secret import Secret

type Read = Callable[[], Items]

ROLE = "arn:aws:iam::123456789012:role/shop"


def _two_clients(document: dict[str, Any]) -> None:
    identities = [{"client": "shop-web"}, {"client": "shop-app"}, {"iam": ROLE}]
    document["callers"]["shop"]["identities"] = identities


def _new_secret(tokenvend: Tokenvend, *words: str) -> str:
    issued: dict[str, str] = tokenvend.json("caller", "new-secret", "shop", *words)
    return issued["client_secret"]


def _is_valid(items: Items, secret: str, client: str = "shop-web") -> bool:
    """Whether vending takes it."""
    held = items.get((f"client:{client}", "!secret"))
    view = RegistryView(
        caller=Caller(name="shop"), client_secret_hashes=parse_client_secrets(held) if held else ()
    )
    try:
        prove_caller(
            Proof(EntryPoint.OAUTH2, f"client:{client}", client_secret=Secret(secret)), view
        )
    except InvalidClientError:
        return False
    return True


def test_secret_is_shown_once_and_kept_as_its_hash(tokenvend: Tokenvend, registry: Read) -> None:
    tokenvend.apply()

    result = tokenvend("caller", "new-secret", "shop")
    secret = result.stdout.split("client_secret  ")[1].split()[0]

    assert "client_id      shop-web\n" in result.stdout
    assert "it is not shown again" in result.stdout
    assert _is_valid(registry(), secret)
    assert not _is_valid(registry(), secret[:-1])
    assert secret not in json.dumps(list(registry().values()))
    assert secret not in tokenvend("caller", "list", "--json").output


def test_secret_has_256_random_bits_behind_a_prefix_that_scanners_know(
    tokenvend: Tokenvend,
) -> None:
    tokenvend.apply()

    secrets = {_new_secret(tokenvend) for _ in range(3)}

    assert len(secrets) == 3
    assert all(each.startswith("tv_") and len(each) == 3 + 43 for each in secrets)


def test_two_are_valid_during_rotation_and_the_third_ends_the_first(
    tokenvend: Tokenvend, registry: Read
) -> None:
    tokenvend.apply()

    issued, valid = [], []
    for _ in range(3):
        issued.append(_new_secret(tokenvend))
        valid.append([_is_valid(registry(), each) for each in issued])

    assert valid == [[True], [True, True], [False, True, True]]


def test_retiring_ends_the_former_and_leaves_the_newest(
    tokenvend: Tokenvend, registry: Read
) -> None:
    tokenvend.apply()
    former, newest = _new_secret(tokenvend), _new_secret(tokenvend)

    result = tokenvend("caller", "retire-secret", "shop")

    assert result.exit_code == 0
    assert "is no longer valid" in result.stdout
    assert [_is_valid(registry(), each) for each in (former, newest)] == [False, True]


def test_newest_secret_is_not_retired(tokenvend: Tokenvend, registry: Read) -> None:
    tokenvend.apply()
    only = _new_secret(tokenvend)

    result = tokenvend("caller", "retire-secret", "shop")

    assert result.exit_code == 1
    assert "shop-web has no former secret" in result.stderr
    assert _is_valid(registry(), only)


def test_clients_of_one_caller_have_secrets_of_their_own(
    tokenvend: Tokenvend, registry: Read
) -> None:
    tokenvend.write(_two_clients)
    tokenvend.apply()
    web = _new_secret(tokenvend, "--client", "shop-web")
    app = _new_secret(tokenvend, "--client", "shop-app")

    items = registry()

    assert [_is_valid(items, web, client) for client in ("shop-web", "shop-app")] == [True, False]
    assert [_is_valid(items, app, client) for client in ("shop-web", "shop-app")] == [False, True]


@pytest.mark.parametrize("command", ["new-secret", "retire-secret"])
@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(("nobody",), "no caller nobody in the deployment", id="unknown caller"),
        pytest.param(("events",), "events is no OAuth client: add `client:", id="no client"),
        pytest.param(("shop",), "name one of shop-app, shop-web with --client", id="two clients"),
        pytest.param(
            ("shop", "--client", "shop"),
            "shop has no client shop; it has shop-app, shop-web",
            id="unknown client",
        ),
    ],
)
def test_client_must_be_a_deployed_one(
    tokenvend: Tokenvend, registry: Read, command: str, words: tuple[str, ...], told: str
) -> None:
    tokenvend.write(_two_clients)
    tokenvend.apply()
    before = registry()

    result = tokenvend("caller", command, *words)

    assert (result.exit_code, result.stdout, registry()) == (1, "", before)
    assert told in result.stderr


def test_secrets_survive_apply(tokenvend: Tokenvend, registry: Read) -> None:
    tokenvend.apply()
    secret = _new_secret(tokenvend)
    tokenvend.write(_two_clients)

    tokenvend.apply()

    assert _is_valid(registry(), secret)


def test_client_that_is_made_again_does_not_get_its_secrets_back(
    tokenvend: Tokenvend, registry: Read
) -> None:
    tokenvend.apply()
    secret = _new_secret(tokenvend)
    role = [{"iam": ROLE}]
    tokenvend.write(lambda document: document["callers"]["shop"].update(identities=role))
    tokenvend.apply()
    tokenvend.write()
    tokenvend.apply()

    assert not _is_valid(registry(), secret)


def test_list_shows_every_identity_with_what_it_has(tokenvend: Tokenvend) -> None:
    tokenvend.write(_two_clients)
    tokenvend.apply()
    _new_secret(tokenvend, "--client", "shop-web")
    tokenvend("block", "client", "shop-app", "--reason", "lost")

    found = {row.pop("identity"): row for row in tokenvend.json("caller", "list")}
    issued_at = found["client:shop-web"].pop("secrets_issued_at")
    shown = tokenvend("caller", "list").stdout

    shop = {"caller": "shop", "grants": ["jobs"], "blocked": False}
    assert found == {
        "alias:events": {
            "caller": "events",
            "grants": ["partner"],
            "blocked": False,
            "secrets_issued_at": None,
        },
        "client:shop-app": shop | {"blocked": True, "secrets_issued_at": []},
        "client:shop-web": shop,
        "iam:123456789012:role/shop": shop | {"secrets_issued_at": None},
    }
    assert len(issued_at) == 1
    assert "client:shop-app (blocked)" in shown
    assert "iam:123456789012:role/shop" in shown


def test_list_of_nobody_says_so(tokenvend: Tokenvend) -> None:
    assert tokenvend.json("caller", "list") == []
    assert "No callers are deployed" in tokenvend("caller", "list").stdout


def test_refusal_of_aws_issues_nothing(
    tokenvend: Tokenvend, registry: Read, refuse: Refuse
) -> None:
    tokenvend.apply()
    refuse("TransactWriteItems")

    result = tokenvend("caller", "new-secret", "shop")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "AWS refused TransactWriteItems: not allowed" in result.stderr
    assert ("client:shop-web", "!secret") not in registry()
