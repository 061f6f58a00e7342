"""What AWS may answer instead, put in the place of a real answer."""

import io
import json
from collections.abc import Iterator
from typing import Any

from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.compat import HTTPHeaders


class _Raw(io.BytesIO):
    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()


def answer_with(client: Any, operation: str, *, status: int, code: str, message: str = "") -> None:
    """Let every call of *operation* be answered with AWS's error *code*.

    The request is made, signed and retried as ever; only the network is left out.
    """

    def answer(request: AWSRequest, **_: object) -> AWSResponse:
        body = json.dumps({"__type": f"com.amazonaws#{code}", "message": message or code})
        headers = HTTPHeaders()
        headers["Content-Type"] = "application/x-amz-json-1.0"
        return AWSResponse(request.url or "", status, headers, _Raw(body.encode()))

    service = client.meta.service_model.service_id.hyphenize()
    client.meta.events.register(f"before-send.{service}.{operation}", answer)


def repeat_after_success(client: Any, operation: str) -> None:
    """Send every first, successful call of *operation* once more, as if its answer got lost."""

    def repeat(attempts: int, **_: object) -> float | None:
        return 0 if attempts == 1 else None

    service = client.meta.service_model.service_id.hyphenize()
    client.meta.events.register_first(f"needs-retry.{service}.{operation}", repeat)


class Calls:
    """Counts the calls that a client makes, by operation."""

    def __init__(self, client: Any) -> None:
        self.operations: list[str] = []
        service = client.meta.service_model.service_id.hyphenize()
        client.meta.events.register(f"before-call.{service}", self._count)

    def of(self, operation: str) -> int:
        return self.operations.count(operation)

    def _count(self, model: Any, **_: object) -> None:
        self.operations.append(model.name)
