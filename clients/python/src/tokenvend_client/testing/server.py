"""The fake as a server: the HTTP entries, and Lambda's own for direct invocation."""

import base64
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, unquote_plus, urlsplit

from tokenvend_client.request import Call
from tokenvend_client.user_token import UserToken

if TYPE_CHECKING:
    from tokenvend_client.testing.fake import FakeTokenvend

_PROOF = ("grant_type", "subject_token", "subject_token_type")
_INVOCATIONS = "/2015-03-31/functions/"
_STATUS = {
    "invalid_client": 401,
    "temporarily_unavailable": 503,
    "provider_refused": 502,
    "credential_not_ready": 502,
}


@contextmanager
def serving(fake: "FakeTokenvend") -> Iterator[str]:
    """Serve *fake* on 127.0.0.1, and yield the URL."""
    handler = type("Handler", (_Handler,), {"fake": fake})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    fake: "FakeTokenvend"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urlsplit(self.path).path
        if path.startswith(_INVOCATIONS):
            self._invoke(body)
            return
        _, entry, credential, call_path = (*path.split("/", 3), "", "", "")[:4]
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        alone = entry == "oauth2" and not self.headers.get("Authorization")
        if alone and "subject_token" in form and not self._is_workload(form):
            self._say(400, {"error": "invalid_request", "error_description": "It proves nobody."})
            return
        if not (alone and self._is_workload(form)) and not self._is_proven(entry):
            self._say(401, {"error": "invalid_client", "error_description": "Not known here."})
            return
        user = None if alone else _user_in(form)
        for name in _PROOF:
            form.pop(name, None)
        fields = self.fake.answer(Call(credential, call_path, form, user))
        self._say(_STATUS.get(str(fields["error"]), 400) if "error" in fields else 200, fields)

    def _invoke(self, body: bytes) -> None:
        if not self._is_proven("iam"):
            self._say(403, {"Message": "Missing Authentication Token"})
            return
        event = json.loads(body)
        shared = unquote(urlsplit(self.path).path).endswith(":Workloads/invocations")
        if "requests" in event and not shared:
            self.fake.batches += 1
            calls = [_call_of(each) for each in event["requests"]]
            self._say(200, {"answers": [self.fake.answer(call) for call in calls]})
            return
        call = _call_of(event)
        if shared and not self._is_workload(call.parameters):
            self._say(200, {"error": "invalid_request", "error_description": "It proves nobody."})
            return
        user = None if shared else _user_in(call.parameters)
        shown = {name: each for name, each in call.parameters.items() if name not in _PROOF}
        fields = self.fake.answer(Call(call.credential, call.path, shown, user))
        if fields.get("retryable"):
            raised = {"errorType": "RetryableError", "errorMessage": json.dumps(fields)}
            self._say(200, raised, {"X-Amz-Function-Error": "Unhandled"})
            return
        self._say(200, fields)

    def _is_workload(self, form: Mapping[str, str]) -> bool:
        given, taken = form.get("subject_token"), self.fake.subject_tokens
        return bool(given) and (taken is None or given in taken)

    def _is_proven(self, entry: str) -> bool:
        kind, _, value = (self.headers.get("Authorization") or "").partition(" ")
        if entry == "iam":
            return kind == "AWS4-HMAC-SHA256" and "Signature=" in value
        if entry != "oauth2" or kind != "Basic":
            return False
        pair = base64.b64decode(value).decode().partition(":")
        client_id, secret = unquote_plus(pair[0]), unquote_plus(pair[2])
        clients = self.fake.clients
        return clients is None or clients.get(client_id) == secret

    def _say(
        self, status: int, fields: dict[str, Any], headers: dict[str, str] | None = None
    ) -> None:
        body = json.dumps(fields).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        if status == 503:
            self.send_header("Retry-After", str(int(fields.get("retry_after_seconds", 1))))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Log nothing, so that the test's output stays clean."""


def _user_in(form: Mapping[str, str]) -> UserToken | None:
    return UserToken(form["subject_token"]) if form.get("subject_token") else None


def _call_of(event: dict[str, Any]) -> Call:
    """Parse the event of a direct invocation as a call."""
    path = "token"
    if "reject" in event:
        path, event = "token/reject", event["reject"]
    elif "connections" in event:
        event = dict(event["connections"])
        path = f"connections/{event.pop('action')}"
    fields = {name: str(value) for name, value in event.items()}
    return Call(unquote(fields.pop("credential", "")), path, fields)
