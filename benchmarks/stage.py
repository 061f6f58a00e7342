"""The deployed template in a local AWS, for what is measured on the built functions."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.local_stack.bare import VENDING, Scenario, deployed_variables, prepare_stage
from tests.local_stack.harness import Harness

from tokenvend_local import artifact, emulator, places
from tokenvend_local.emulator import EmulatedEnvironment
from tokenvend_local.progress import step_shown
from tokenvend_local.saved_state import FOLDER
from tokenvend_local.stack import LocalStack, local_stack

_HERE = Path(__file__).parent

__all__ = ["VENDING", "Stage", "built_layer", "stage"]


@dataclass(frozen=True, slots=True)
class Stage:
    """A running stack, and one caller in it with every way in."""

    stack: LocalStack
    scenario: Scenario
    folder: Path

    def alias(self, function: str) -> str:
        """The alias that *function* answers through."""
        return self.scenario.caller if function == "VendDirectFunction" else "live"

    def event(self, function: str) -> dict[str, Any]:
        """An event that *function* does its work for."""
        events: dict[str, Callable[[], dict[str, Any]]] = {
            "VendDirectFunction": self.scenario.direct,
            "VendIamFunction": self.scenario.by_role,
            "VendOauth2Function": self.scenario.by_client,
            "RenewFunction": _one_shard,
        }
        return events[function]()

    def variables(self, function: str) -> dict[str, str]:
        """The whole environment of *function*, as Lambda and the template set it."""
        own = deployed_variables(self.stack, function)
        return emulator.lambda_environment(function, alias=self.alias(function)) | own

    def environment(
        self, function: str, handler: str = "app.lambda_handler"
    ) -> AbstractContextManager[EmulatedEnvironment]:
        """One cold environment of *function* on Lambda's own runtime; *handler* may be one here."""
        variables = self.variables(function)
        variables["PYTHONPATH"] += f"{os.pathsep}{_HERE}"
        return emulator.environment(
            function,
            alias=self.alias(function),
            variables=variables,
            log=self.folder / f"{function}.log",
            handler=handler,
        )

    def token_items(self) -> list[dict[str, Any]]:
        """The tokens that are in the table."""
        items: list[dict[str, Any]] = self._tokens().scan(TableName=self._table())["Items"]
        return [item for item in items if "token" in item]

    def forget_tokens(self) -> None:
        """Take them out, so that the next request is a miss."""
        for item in self.token_items():
            self._tokens().delete_item(TableName=self._table(), Key={"pk": item["pk"]})

    def _tokens(self) -> Any:
        return self.stack.client("dynamodb")

    def _table(self) -> str:
        return self.stack.deployed.outputs["TokensTableName"]


def _one_shard() -> dict[str, Any]:
    return {"shard": 0}


@contextmanager
def stage() -> Iterator[Stage]:
    """Set it up and take it down again; this takes half a minute."""
    folder = FOLDER / "bench"
    with local_stack(folder, step=step_shown) as stack:
        with step_shown("Applying a caller with every way in"):
            scenario = prepare_stage(Harness(stack, folder, set()))
        yield Stage(stack, scenario, folder)


def built_layer() -> Path:
    """The layer as it is deployed."""
    return places.SAM_BUILD / artifact.LAYER
