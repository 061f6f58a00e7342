"""Secrets that the tests of `secret` put and look up."""

import json
from collections.abc import Callable
from typing import Any

from tests.cli import aws
from tests.cli.conftest import Tokenvend

type SecretGenerations = Callable[[], dict[str, str]]
HOST = "login.acme.example"
SECRET = "hunter2-hunter2"
VALUE = {"client_id": "us", "client_secret": SECRET}


def put_secret(tokenvend: Tokenvend, name: str = "jobs", *words: str, **value: str) -> Any:
    return tokenvend("secret", "put", name, *words, stdin=json.dumps(VALUE | value))


def stored_secret(name: str) -> dict[str, str]:
    text = aws.client("secretsmanager").get_secret_value(SecretId=f"tokenvend/tokenvend/{name}")
    document: dict[str, str] = json.loads(text["SecretString"])
    return document
