"""The functions behind an HTTPS server that does what API Gateway does: routes, and SigV4."""

import hmac
import json
import re
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.functions.api_callers import SIGNER, function_of
from tests.functions.conftest import ROOT, load_handler, through

REGION, SERVICE = "eu-central-1", "execute-api"
#: What `client_secret_basic`, `client_secret_post` and SigV4 sign with; both are made up here.
CLIENT_ID, CLIENT_SECRET = "shop", "tv_example"
SIGNING_KEYS = Credentials("interop-key", "interop-secret", "interop-session")
ROUTES = [
    (path, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)))
    for path in yaml.safe_load((ROOT / "docs/openapi.yaml").read_text(encoding="utf-8"))["paths"]
]


@dataclass(frozen=True)
class Gateway:
    """Where it is, and the file with the certificate that clients must trust."""

    url: str
    certificate: Path


@contextmanager
def serving(context: ssl.SSLContext, certificate: Path) -> Iterator[Gateway]:
    """A gateway on a port of its own, until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield Gateway(f"https://127.0.0.1:{server.server_port}", certificate)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer("GET", b"")

    def do_POST(self) -> None:
        self._answer("POST", self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _answer(self, method: str, body: bytes) -> None:
        answer = self._answered(method, body)
        content = answer["body"].encode()
        self.send_response(answer["statusCode"])
        for name, value in answer["headers"].items():
            # API Gateway does so with what a function answers.
            renamed = f"x-amzn-Remapped-{name}" if name == "WWW-Authenticate" else name
            self.send_header(renamed, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _answered(self, method: str, body: bytes) -> dict[str, Any]:
        parts = urlsplit(self.path)
        found = [(route, match) for route, form in ROUTES if (match := form.fullmatch(parts.path))]
        if not found:
            return _refused("There is nothing at this path.")
        route, match = found[0]
        is_signed = route.startswith("/iam/")
        if is_signed and not is_signature_right(
            method, self.path, dict(self.headers.items()), body
        ):
            return _refused("The signature is not right.")
        event = {
            "resource": route,
            "httpMethod": method,
            "headers": dict(self.headers.items()),
            "pathParameters": match.groupdict(),
            "queryStringParameters": {"x": "x"} if parts.query else None,
            "stageVariables": {"issuer_base": f"https://{self.headers['Host']}"},
            "requestContext": {"identity": SIGNER if is_signed else {}},
            "body": body.decode(),
        }
        return load_handler(function_of(route))(event, through("live"))


def is_signature_right(method: str, path: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether AWS's own library signs the request as it was signed."""
    given = headers.get("Authorization", "")
    parsed = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, ?"
        r"SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})",
        given,
    )
    if parsed is None or parsed[1] != SIGNING_KEYS.access_key:
        return False
    names = {name.lower(): value for name, value in headers.items()}
    signed = {name: names[name] for name in parsed[5].split(";")}
    request = AWSRequest(method, f"https://{names['host']}{path}", headers=signed, data=body)
    request.context["timestamp"] = names["x-amz-date"]
    signer = SigV4Auth(SIGNING_KEYS, parsed[4], parsed[3])
    if (parsed[3], parsed[4]) != (REGION, SERVICE) or "host" not in signed:
        return False
    canonical = signer.canonical_request(request)
    expected = signer.signature(signer.string_to_sign(request, canonical), request)
    return hmac.compare_digest(expected, parsed[6])


def _refused(description: str) -> dict[str, Any]:
    fields = {"error": "invalid_client", "error_description": description}
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    return {"statusCode": 401, "headers": headers, "body": json.dumps(fields)}
