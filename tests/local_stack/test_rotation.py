"""Refresh tokens that are good for one use, spent by real workers at the same time."""

import json
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice

import pytest
from tests.local_stack.consenting_shop import Shop, consent, new_shop
from tests.local_stack.harness import Harness
from tests.local_stack.scheduled import invoke

from tokenvend_local.browsing import Browser
from tokenvend_local.callers import Answer, ask_directly, ask_signed
from tokenvend_local.demo_provider.clients import Flavour, TokenExchangeRecord
from tokenvend_local.stack import CommandFailedError, LocalStack

WORKERS = 12
SCOPE_SETS = ("jobs_read", "user_me_read", "jobs_read user_me_read")


def connected(stack: LocalStack, harness: Harness, flavour: Flavour) -> tuple[Shop, str]:
    """A caller with a user's connection, and the client id at the provider."""
    shop = new_shop(stack, harness, flavour)
    completed = shop.complete(consent(Browser(), shop.start()))
    assert completed.status == 200, completed.document
    client_id = next(
        each.client_id
        for each in stack.provider.exchanges()
        if each.client_id.startswith(shop.credential)
    )
    return shop, client_id


def vend(stack: LocalStack, shop: Shop, scope: str) -> Answer:
    request = {"credential": shop.credential, "connection": "ada", "scope": scope}
    return ask_directly(stack.deployed, shop.role, shop.alias, request)


def vend_at_once(stack: LocalStack, shop: Shop, count: int = WORKERS) -> list[Answer]:
    """Many requests at the same moment, for every scope set."""
    scopes = list(islice(cycle(SCOPE_SETS), count))
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda scope: vend(stack, shop, scope), scopes))


def refreshes(stack: LocalStack, client_id: str) -> list[TokenExchangeRecord]:
    """Every refresh so far: the code was exchanged first."""
    return stack.provider.exchanges(client_id)[1:]


def test_many_workers_redeem_each_refresh_token_once(stack: LocalStack, harness: Harness) -> None:
    shop, client_id = connected(stack, harness, Flavour.STANDARD)

    first = vend_at_once(stack, shop)
    # Whoever could not wait for its turn must ask again, and nobody is refused.
    again = vend_at_once(stack, shop)

    waited = [answer for answer in first if answer.error is not None]
    assert {answer.document["error"] for answer in waited} <= {"temporarily_unavailable"}
    assert [answer.document for answer in again if answer.error is not None] == []
    assert {answer.document["scope"] for answer in again} == {
        " ".join(sorted(scopes.split())) for scopes in SCOPE_SETS
    }
    # A token for each scope set, one after another, whoever of the twelve was first.
    assert [each.status for each in refreshes(stack, client_id)] == [200] * len(SCOPE_SETS)
    assert len({answer.token for answer in again}) == len(SCOPE_SETS)


def test_a_rejected_token_costs_one_refresh_however_many_ask(
    stack: LocalStack, harness: Harness
) -> None:
    shop, client_id = connected(stack, harness, Flavour.SMARTRECRUITERS)
    before = vend(stack, shop, "jobs_read")
    report = {
        "reject": {
            "credential": shop.credential,
            "connection": "ada",
            "scope": "jobs_read",
            "token_sha256": before.document["token_sha256"],
        }
    }
    assert ask_directly(stack.deployed, shop.role, shop.alias, report).error is None

    answers = vend_at_once(stack, shop)
    later = vend_at_once(stack, shop)

    assert not [answer.document for answer in later if answer.error is not None]
    assert [each.status for each in refreshes(stack, client_id)] == [200, 200]
    assert {answer.document["scope"] for answer in [*answers, *later] if answer.error is None} == {
        "jobs_read user_me_read"
    }


def test_a_provider_that_is_away_costs_no_consent(stack: LocalStack, harness: Harness) -> None:
    shop, client_id = connected(stack, harness, Flavour.SMARTRECRUITERS)
    stack.provider.misbehave(client_id=client_id, status=429, retry_after="1", times=1)

    away = ask_signed(stack.deployed, shop.role, shop.credential, connection="ada")
    inspected = shop.connections("inspect", connection="ada")

    assert (away.status, away.error) == (503, "temporarily_unavailable")
    assert inspected.document["status"] == "active"
    assert [each.status for each in refreshes(stack, client_id)] == [429]


def test_a_refused_refresh_token_is_one_lost_consent_that_reconnecting_heals(
    stack: LocalStack, harness: Harness
) -> None:
    shop, client_id = connected(stack, harness, Flavour.SMARTRECRUITERS)
    stack.provider.misbehave(client_id=client_id, status=400, error="invalid_grant", times=1)

    answers = [
        ask_signed(stack.deployed, shop.role, shop.credential, connection="ada") for _ in range(3)
    ]
    stack.expected_errors.add(f'"credential":"{shop.credential}".*"event":"lost"')
    lost = shop.connections("inspect", connection="ada")
    seen = health(stack)
    shop.complete(consent(Browser(), shop.start()))
    healed = ask_signed(stack.deployed, shop.role, shop.credential, connection="ada")

    assert {(each.status, each.error) for each in answers} == {(400, "consent_required")}
    assert lost.document["status"] == "consent_lost"
    assert any('"ConsentEvents"' in line and '"lost"' in line for line in stack.function_logs())
    assert seen[f"{shop.credential}/{shop.alias}/ada"] == "lost"
    assert healed.error is None, healed.document
    # The provider was asked once while it was lost: no loop.
    assert [each.status for each in refreshes(stack, client_id)] == [400, 200, 200]


def health(stack: LocalStack) -> dict[str, str]:
    """How each connection is, as an operator sees it."""
    rows = json.loads(stack.tokenvend("connections", "list", "--json"))
    return {row["connection"]: row["health"] for row in rows}


def test_the_operators_policy_is_enough_for_connections_and_for_nothing_else(
    stack: LocalStack, harness: Harness
) -> None:
    shop, client_id = connected(stack, harness, Flavour.STANDARD)
    name = f"{shop.credential}/{shop.alias}/ada"
    operator = stack.principals.role(
        harness.name("operator"), policies=[stack.deployed.outputs["ConnectionOperatorPolicyArn"]]
    )

    def run(*words: str, stdin: str = "") -> str:
        return stack.tokenvend(*words, stdin=stdin, principal=operator)

    shown = json.loads(run("connections", "show", name, "--json"))
    run("connections", "disconnect", name)
    gone = vend(stack, shop, "jobs_read")
    lines = [line for line in stack.function_logs() if '"entry":"operator"' in line]

    assert '"connection":"ada","event":"disconnected"' in lines[-1]
    assert operator.name in json.loads(lines[-1])["identity"]
    assert (shown["account"], shown["health"]) == ("ada", "healthy")
    assert gone.document["error"] == "consent_required"
    assert client_id
    with pytest.raises(CommandFailedError):
        run("block", "caller", shop.alias, "--reason", "x")
    with pytest.raises(CommandFailedError):
        run("secret", "put", shop.credential, stdin='{"client_id": "x", "client_secret": "y"}')


def test_the_secret_writer_may_not_see_connections(stack: LocalStack, harness: Harness) -> None:
    writer = stack.principals.role(
        harness.name("secret-writer"), policies=[stack.deployed.outputs["SecretWriterPolicyArn"]]
    )

    with pytest.raises(CommandFailedError):
        stack.tokenvend("connections", "list", principal=writer)


def test_the_hourly_function_looks_at_every_connection_and_leaves_young_ones_alone(
    stack: LocalStack, harness: Harness
) -> None:
    shop, client_id = connected(stack, harness, Flavour.SMARTRECRUITERS)

    counts = invoke(stack, "KeepAlive", {"source": "aws.events"})

    assert counts == {"refreshed": 0, "dropped": 0, "failed": 0, "no_time": 0}
    assert refreshes(stack, client_id) == []
    assert vend(stack, shop, "jobs_read").error is None
