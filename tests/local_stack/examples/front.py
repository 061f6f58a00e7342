"""The API that the examples call: the demo provider's, behind a front that a test can make fail."""

import http.server
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests
from tests.loopback import serving


@dataclass
class Front:
    """Each example has an address of its own, so that it alone meets what is planned for it."""

    url: str = ""
    #: By example: the answers that come before the API's own, as status and `Retry-After`.
    planned: dict[str, deque[tuple[int, str]]] = field(default_factory=lambda: defaultdict(deque))
    #: By example: the statuses that it was answered.
    answered: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def address_for(self, example: str) -> str:
        return f"{self.url}/{example}"


@contextmanager
def serving_front(provider_url: str) -> Iterator[Front]:
    front = Front()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _, example, path = self.path.split("/", 2)
            if front.planned[example]:
                status, retry_after = front.planned[example].popleft()
                self._say(front, example, status, b'{"content": []}', retry_after)
                return
            proof = {"Authorization": self.headers.get("Authorization", "")}
            got = requests.get(f"{provider_url}/{path}", headers=proof, timeout=10)
            self._say(front, example, got.status_code, got.content, "")

        def _say(
            self, front: Front, example: str, status: int, body: bytes, retry_after: str
        ) -> None:
            front.answered[example].append(status)
            self.send_response(status)
            if retry_after:
                self.send_header("Retry-After", retry_after)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with serving(Handler) as url:
        front.url = url
        yield front
