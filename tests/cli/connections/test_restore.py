"""`restore connections`: consents come back, and none is redeemed twice."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.cli import aws
from tests.cli.conftest import Tokenvend
from tests.cli.connections.deployed_connections import (
    KEY,
    NAME,
    mark_lost,
    put_connection,
    untrusted,
)
from tests.cli.restoring import BACKUP, back_up, empty

from tokenvend.domain.connection import Connection, Consent, JournalEntry
from tokenvend.domain.secret import Secret
from tokenvend_cli.deployment.connection_records import DeployedConnections
from tokenvend_cli.deployment.restoring import RestoreAction, plan_connections
from tokenvend_cli.deployment.stack import Deployment
from tokenvend_cli.place import Place


def restore_connections(tokenvend: Tokenvend, *options: str) -> str:
    result = tokenvend("restore", "connections", "--from", BACKUP, *options)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_lost_connections_come_back_with_their_refresh_tokens(
    tokenvend: Tokenvend, deployed: DeployedConnections
) -> None:
    kept = put_connection(deployed)
    back_up("connections", "pk")
    empty("connections", "pk")

    shown = restore_connections(tokenvend, "--yes")

    assert "1 connections were brought back." in shown
    assert deployed.store.read(KEY) == kept
    assert "a-refresh-token" not in shown


def test_connections_of_a_deployment_that_is_gone_come_back_under_the_new_key(
    tokenvend: Tokenvend, deployed: DeployedConnections
) -> None:
    kept, old_key = put_connection(deployed), tokenvend.stack.outputs["KeyArn"]
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
    older = put_connection(deployed)
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
    put_connection(deployed)
    put_connection(deployed, name="another")
    back_up("connections", "pk")
    empty("connections", "pk")
    restore_connections(tokenvend, "--yes")

    assert "There is nothing to bring back." in restore_connections(tokenvend, "--yes")


def test_a_consent_that_was_lost_is_left_out(
    tokenvend: Tokenvend, deployed: DeployedConnections
) -> None:
    mark_lost(deployed, put_connection(deployed))
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
    entry = JournalEntry(
        number=3, holder_id="x", deadline_at=datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=9)
    )

    (step,) = plan_connections(iter([(connection(3, journal_entry=entry), None)]))

    assert "being redeemed" in step.why
