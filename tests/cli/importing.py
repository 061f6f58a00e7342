"""What the tests of `secret import` write, run and look up."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from botocore.client import BaseClient
from tests.cli import aws
from tests.cli.aws import aws_error
from tests.cli.conftest import Tokenvend
from typer.testing import Result

SECRET = "hunter2-hunter2"


def import_line(
    tenant: str | None = "acme", name: str = "partner", **fields: str
) -> dict[str, Any]:
    value = {"client_id": f"id-{tenant}", "client_secret": SECRET} | fields
    return {"name": name, "fields": value} | ({"tenant": tenant} if tenant else {})


def jsonl(*lines: object) -> str:
    return "\n".join(each if isinstance(each, str) else json.dumps(each) for each in lines)


def run_import(tokenvend: Tokenvend, stdin: str, *words: str) -> Result:
    return tokenvend("secret", "import", *words, stdin=stdin)


def manager() -> Any:
    return aws.client("secretsmanager")


def stored_names() -> list[str]:
    return sorted(
        each["Name"].removeprefix("tokenvend/tokenvend/")
        for each in manager().list_secrets()["SecretList"]
    )


def refusing(operation: str, code: str) -> Callable[..., Any]:
    real = BaseClient._make_api_call  # type: ignore[attr-defined]

    def call(self: Any, name: str, arguments: Mapping[str, Any]) -> Any:
        if name == operation:
            raise aws_error(code, f"refused {arguments}", name)
        return real(self, name, arguments)

    return call
