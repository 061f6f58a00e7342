"""The application that users come back to after they have consented."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Application(ThreadingHTTPServer):
    """The application that users come back to: it remembers what came in each URL.

    While it `is_silent` it answers 204, and a browser stays on the page that it was on.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Back)
        self.came: list[dict[str, str]] = []
        self.is_silent = False

    @property
    def return_url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/connected"


class _Back(BaseHTTPRequestHandler):
    server: Application

    def do_GET(self) -> None:
        if urlsplit(self.path).path != "/connected":
            # A browser asks for an icon too.
            self.send_error(404)
            return
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        self.server.came.append(query)
        self.send_response(204 if self.server.is_silent else 200)
        if self.server.is_silent:
            self.end_headers()
            return
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>The application</title><h1>Welcome back</h1>")

    def log_message(self, *_: object) -> None:
        """Say nothing."""
