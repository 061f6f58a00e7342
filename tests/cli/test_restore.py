"""`restore`: what no file holds comes back, nothing newer is lost, and no block is lifted."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.cli import aws
from tests.cli.conftest import Items, Tokenvend, make_table
from tests.cli.test_connections import KEY, NAME, deployed, lose, put, untrusted

from tokenvend.domain.connection import Connection, Consent, Redemption
from tokenvend.domain.secret import Secret
from tokenvend_cli.deployment.connection_records import DeployedConnections
from tokenvend_cli.deployment.restoring import RestoreAction, plan_connections
from tokenvend_cli.deployment.stack import Deployment
from tokenvend_cli.place import Place

__all__ = ["deployed"]

type Read = Callable[[], Items]

BACKUP = "tokenvend-restored"


def back_up(table: str, *keys: str) -> None:
    """Copy *table* as it is now to a table of another name, as point-in-time recovery does."""
    make_table(BACKUP, *keys)
    for item in aws.client("dynamodb").scan(TableName=table)["Items"]:
        aws.client("dynamodb").put_item(TableName=BACKUP, Item=item)


def empty(table: str, *keys: str) -> None:
    """Lose *table*, and make it anew."""
    aws.client("dynamodb").delete_table(TableName=table)
    make_table(table, *keys)


def restore_registry(tokenvend: Tokenvend, *options: str) -> str:
    result = tokenvend("restore", "registry", "--from", BACKUP, *options)
    assert result.exit_code == 0, result.output
    return result.stdout


def restore_connections(tokenvend: Tokenvend, *options: str) -> str:
    result = tokenvend("restore", "connections", "--from", BACKUP, *options)
    assert result.exit_code == 0, result.output
    return result.stdout


def lost_registry(tokenvend: Tokenvend, registry: Read) -> Items:
    """What a registry with a client's secret and a block had, before it was lost."""
    tokenvend.apply()
    tokenvend("caller", "new-secret", "shop")
    tokenvend("block", "caller", "events", "--reason", "INC-42")
    before = registry()
    back_up("registry", "pk", "sk")
    empty("registry", "pk", "sk")
    return before


def test_a_lost_registry_is_as_before_after_restore_and_apply(
    tokenvend: Tokenvend, registry: Read
) -> None:
    before = lost_registry(tokenvend, registry)

    restore_registry(tokenvend, "--yes")
    tokenvend.on_file("apply", "--yes")

    assert registry() == before


def test_an_empty_registry_is_not_applied_to_in_silence(
    tokenvend: Tokenvend, registry: Read
) -> None:
    lost_registry(tokenvend, registry)

    refused = tokenvend.on_file("apply", "--yes")

    assert refused.exit_code == 2
    assert "restore registry --from TABLE" in refused.stderr
    assert registry() == {}


def test_a_dry_run_shows_each_item_and_writes_nothing(tokenvend: Tokenvend, registry: Read) -> None:
    lost_registry(tokenvend, registry)

    shown = restore_registry(tokenvend, "--dry-run")

    assert "client:shop-web" in shown
    assert "caller#events" in shown
    assert "bring back" in shown
    assert registry() == {}


def test_a_block_that_stands_is_not_lifted_by_an_older_table(
    tokenvend: Tokenvend, registry: Read
) -> None:
    tokenvend.apply()
    back_up("registry", "pk", "sk")
    tokenvend("block", "credential", "jobs", "--reason", "INC-43")
    before = registry()

    shown = restore_registry(tokenvend, "--yes")

    assert "There is nothing to bring back." in shown
    assert registry() == before


def test_a_block_that_was_lifted_since_comes_back_and_is_told(tokenvend: Tokenvend) -> None:
    tokenvend.apply()
    tokenvend("block", "credential", "jobs", "--reason", "INC-43")
    back_up("registry", "pk", "sk")
    tokenvend("unblock", "credential", "jobs")

    shown = restore_registry(tokenvend, "--yes")

    assert "lift it again with `tokenvend unblock`" in shown
    assert "INC-43" in tokenvend("blocks").stdout


def test_a_secret_that_was_retired_since_does_not_come_back(
    tokenvend: Tokenvend, registry: Read
) -> None:
    tokenvend.apply()
    tokenvend("caller", "new-secret", "shop")
    back_up("registry", "pk", "sk")
    tokenvend("caller", "new-secret", "shop")
    tokenvend("caller", "retire-secret", "shop")
    before = registry()

    restore_registry(tokenvend, "--yes")

    assert registry() == before


def test_another_deployments_registry_is_refused(tokenvend: Tokenvend, registry: Read) -> None:
    tokenvend.apply()
    back_up("registry", "pk", "sk")
    tokenvend.stack.outputs["DeploymentId"] = "another"
    empty("registry", "pk", "sk")

    result = tokenvend("restore", "registry", "--from", BACKUP, "--yes")

    assert result.exit_code == 1
    assert "the registry of the deployment tokenvend" in result.stderr
    assert registry() == {}


def test_a_deployment_that_was_renamed_is_refused_by_every_command(tokenvend: Tokenvend) -> None:
    tokenvend.apply()
    tokenvend.stack.outputs["DeploymentId"] = "another"

    for words in (("blocks",), ("plan", "--file", str(tokenvend.file))):
        result = tokenvend(*words)
        assert result.exit_code == 1
        assert "Deploy it again with DeploymentId=tokenvend" in result.stderr


def test_nobody_to_ask_is_told_what_to_do(tokenvend: Tokenvend, registry: Read) -> None:
    lost_registry(tokenvend, registry)

    result = tokenvend("restore", "registry", "--from", BACKUP)

    assert result.exit_code == 2
    assert "--dry-run" in result.stderr


def test_lost_connections_come_back_with_their_refresh_tokens(
    tokenvend: Tokenvend, deployed: DeployedConnections
) -> None:
    kept = put(deployed)
    back_up("connections", "pk")
    empty("connections", "pk")

    shown = restore_connections(tokenvend, "--yes")

    assert "1 connections were brought back." in shown
    assert deployed.store.read(KEY) == kept
    assert "a-refresh-token" not in shown


def test_connections_of_a_deployment_that_is_gone_come_back_under_the_new_key(
    tokenvend: Tokenvend, deployed: DeployedConnections
) -> None:
    kept, old_key = put(deployed), tokenvend.stack.outputs["KeyArn"]
    back_up("connections", "pk")
    empty("connections", "pk")
    empty("tokens", "pk")
    new_key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    tokenvend.stack.outputs["KeyArn"] = new_key

    restore_connections(tokenvend, "--key", old_key, "--yes")

    again = DeployedConnections(Deployment(Place()), untrusted)
    assert again.store.read(KEY) == kept


def test_a_refresh_token_that_was_redeemed_since_the_backup_is_kept(
    tokenvend: Tokenvend, deployed: DeployedConnections
) -> None:
    older = put(deployed)
    back_up("connections", "pk")
    assert older.consent is not None
    newer = replace(
        older, number=4, consent=replace(older.consent, refresh_token=Secret("the-next-one"))
    )
    assert deployed.store.put_consent(older, newer)

    shown = restore_connections(tokenvend, "--yes")

    assert "There is nothing to bring back." in shown
    assert deployed.store.read(KEY) == newer


def test_running_it_again_changes_nothing(
    tokenvend: Tokenvend, deployed: DeployedConnections
) -> None:
    put(deployed)
    put(deployed, name="another")
    back_up("connections", "pk")
    empty("connections", "pk")
    restore_connections(tokenvend, "--yes")

    assert "There is nothing to bring back." in restore_connections(tokenvend, "--yes")


def test_a_consent_that_was_lost_is_left_out(
    tokenvend: Tokenvend, deployed: DeployedConnections
) -> None:
    lose(deployed, put(deployed))
    back_up("connections", "pk")
    empty("connections", "pk")

    shown = restore_connections(tokenvend, "--yes")

    assert "consent lost" in shown
    assert deployed.store.read(KEY) is None


def test_a_table_that_is_not_there_is_said(tokenvend: Tokenvend) -> None:
    tokenvend.apply()

    result = tokenvend("restore", "registry", "--from", "none", "--yes")

    assert result.exit_code == 1
    assert "AWS" in result.stderr


# --- The decision itself, on every pair of states ---


def connection(number: int, *, consent_id: str = "one", day: int = 1, **more: Any) -> Connection:
    at = datetime(2026, 3, day, tzinfo=UTC)
    consent = Consent(
        consent_id=consent_id,
        refresh_token=Secret("r"),
        scopes=frozenset(),
        account=None,
        connected_at=at,
        refreshed_at=at,
    )
    return Connection(key=KEY, consent=consent, number=number, **more)


@pytest.mark.parametrize(
    ("current", "action"),
    [
        pytest.param(None, RestoreAction.BRING_BACK, id="nothing stands"),
        pytest.param(connection(3), RestoreAction.KEEP, id="the same stands"),
        pytest.param(connection(4), RestoreAction.KEEP, id="a newer token stands"),
        pytest.param(connection(2), RestoreAction.BRING_BACK, id="an older token stands"),
        pytest.param(
            connection(1, consent_id="two", day=2), RestoreAction.KEEP, id="a newer consent stands"
        ),
        pytest.param(
            connection(9, consent_id="two", day=1), RestoreAction.KEEP, id="as old a consent stands"
        ),
        pytest.param(Connection(key=KEY), RestoreAction.BRING_BACK, id="only a pending one stands"),
    ],
)
def test_what_is_newer_stays(current: Connection | None, action: RestoreAction) -> None:
    (step,) = plan_connections(iter([(connection(3), current)]))

    assert (step.name, step.action) == (NAME, action)


def test_a_token_that_was_being_redeemed_at_the_backup_is_told() -> None:
    entry = Redemption(
        number=3, holder_id="x", deadline_at=datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=9)
    )

    (step,) = plan_connections(iter([(connection(3, redemption=entry), None)]))

    assert "being redeemed" in step.why
