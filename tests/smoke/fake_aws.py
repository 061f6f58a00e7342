"""An AWS account with answers that a test sets, through boto3's own clients.

Each call is built by botocore, so its name and parameters are checked against AWS's description of
the service, and each answer is checked against the description of what the service returns.
"""

from collections.abc import Callable, Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.validate import validate_parameters

type Answer = Mapping[str, Any] | Callable[[Mapping[str, Any]], Mapping[str, Any]]


_KEYS = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}
_NEW_SESSION: Any = boto3.Session
_SESSION: Any = _NEW_SESSION(region_name="eu-west-1", **_KEYS)


class AwsError(Exception):
    """What an answer raises to have AWS refuse a call with *code*."""

    def __init__(self, code: str, said: str = "as the test says") -> None:
        super().__init__(code)
        self.code, self.said = code, said


class FakeAws:
    """Answers by `{"service.operation_name": answer}`; a call of none is an error of the test."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self.answers = dict(answers)
        #: Each call: its name and its parameters.
        self.calls: list[tuple[str, Mapping[str, Any]]] = []
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """A boto3 client whose calls are answered here."""
        if service not in self._clients:
            self._clients[service] = self._make(service)
        return self._clients[service]

    def _make(self, service: str) -> Any:
        made = _SESSION.client(service, config=Config(retries={"total_max_attempts": 1}))
        asked: list[Mapping[str, Any]] = []
        made.meta.events.register(
            "before-parameter-build.*.*", lambda params, **_: asked.append(dict(params))
        )
        made.meta.events.register(
            "before-call.*.*", lambda model, **_: self._answer(service, model, asked[-1])
        )
        return made

    def names(self) -> list[str]:
        """The names of the calls, in their order."""
        return [name for name, _ in self.calls]

    def _answer(self, service: str, model: Any, params: Mapping[str, Any]) -> tuple[Any, Any]:
        name = f"{service}.{model.name}"
        self.calls.append((name, params))
        if name not in self.answers:
            raise AssertionError(f"{name} was not expected")
        answer = self.answers[name]
        try:
            parsed = dict(answer(params) if callable(answer) else answer)
        except AwsError as error:
            refused = {"Error": {"Code": error.code, "Message": error.said}}
            return _Response(400), {**refused, "ResponseMetadata": {"HTTPStatusCode": 400}}
        if model.output_shape is not None:
            validate_parameters(parsed, model.output_shape)
        return _Response(200), {**parsed, "ResponseMetadata": {"HTTPStatusCode": 200}}


class _Response:
    def __init__(self, status_code: int) -> None:
        self.status_code = status_code


def refuse(
    code: str, said: str = "as the test says"
) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    """An answer: AWS refuses with *code*, and says so."""

    def answer(_: Mapping[str, Any]) -> Mapping[str, Any]:
        raise AwsError(code, said)

    return answer
