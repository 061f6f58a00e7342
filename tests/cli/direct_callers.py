"""Direct callers, and the policies of their aliases."""

from collections.abc import Callable
from typing import Any

from tests.cli.aws import FUNCTION_ARN
from tests.cli.conftest import Items, Tokenvend

type Read = Callable[[], Items]
ANOTHER = "arn:aws:iam::123456789012:user/another"
ADMIN = "arn:aws:iam::123456789012:role/admin"
EVENTS = f"{FUNCTION_ARN}:events"


def direct(name: str, *principals: str) -> Callable[[dict[str, Any]], object]:
    def change(document: dict[str, Any]) -> None:
        document["callers"][name] = {"direct": {"principals": list(principals)}}

    return change


def plan_of(tokenvend: Tokenvend) -> list[tuple[str, str]]:
    aliases = tokenvend.json("plan", "--file", str(tokenvend.file))["aliases"]
    return [(alias["action"], alias["alias"]) for alias in aliases]
