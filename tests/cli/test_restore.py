"""`restore registry`: what no file holds comes back."""

from collections.abc import Callable

from tests.cli.conftest import Items, Tokenvend
from tests.cli.restoring import BACKUP, back_up, empty

type Read = Callable[[], Items]


def restore_registry(tokenvend: Tokenvend, *options: str) -> str:
    result = tokenvend("restore", "registry", "--from", BACKUP, *options)
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
