"""A service in a container, on ECS or EKS: `GET /customers/{customer}/jobs` says how many are open.

It proves itself by its task's or pod's role: the client signs its requests with the credentials
that ECS or EKS gives the container. No secret is in the image or in a variable.
"""

import json
import logging
import os
import re
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from jobs_api import PermanentError, RetryableError, read_jobs

_JOBS = re.compile(r"/customers/([a-z0-9-]{1,63})/jobs")
_log = logging.getLogger(__name__)


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer one request."""
        found = _JOBS.fullmatch(self.path)
        if self.path == "/healthz":
            self._answer(200, {"status": "ok"})
        elif found is None:
            self._answer(404, {"error": "not_found"})
        else:
            self._answer_for(found[1])

    def _answer_for(self, customer: str) -> None:
        try:
            self._answer(200, {"customer": customer, "jobs": len(read_jobs(customer))})
        except RetryableError as error:
            after = str(int(error.retry_after_seconds or 0) + 1)
            self._answer(503, {"error": str(error)}, {"Retry-After": after})
        except PermanentError as error:
            _log.warning("no jobs of %s: %s", customer, error)
            self._answer(502, {"error": str(error)})

    def _answer(self, status: int, document: object, headers: dict[str, str] | None = None) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Log a request by its method, path and status."""
        _log.info(format, *args)


def main() -> None:
    """Serve until the platform says to end (SIGTERM)."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    server = ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), _Handler)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    _log.info("serving on port %d", server.server_port)
    server.serve_forever()
    server.server_close()


if __name__ == "__main__":
    main()
