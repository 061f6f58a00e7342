"""Clients whose every call and answer is checked against AWS's own models."""

from typing import Any

from botocore.session import get_session
from botocore.stub import Stubber

_SESSION: Any = get_session()


class Stubs:
    """One stubbed client for each service; `answer` and `refuse` say what comes next."""

    def __init__(self) -> None:
        self._clients: dict[str, Any] = {}
        self._stubbers: dict[str, Stubber] = {}

    def client(self, service: str) -> Any:
        if service not in self._clients:
            keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
            made = _SESSION.create_client(service, region_name="eu-west-1", **keys)
            self._clients[service], self._stubbers[service] = made, Stubber(made)
            self._stubbers[service].activate()
        return self._clients[service]

    def answer(self, service: str, operation: str, answer: dict[str, Any], **expected: Any) -> None:
        self.client(service)
        self._stubbers[service].add_response(operation, answer, expected)

    def refuse(self, service: str, operation: str, code: str) -> None:
        self.client(service)
        self._stubbers[service].add_client_error(operation, code, code)

    def all_asked(self) -> None:
        for stubber in self._stubbers.values():
            stubber.assert_no_pending_responses()
