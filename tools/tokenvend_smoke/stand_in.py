"""The stand-in provider: one Lambda function that acts as a standard token endpoint.

It stores nothing. A token or code is a random value with its kind, its expiry and a MAC, so any
environment can check what another one issued. Its code is embedded in `fixtures.yaml`, which
limits it to 4096 characters, and it imports only the standard library.
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
import time
from typing import Any
from urllib.parse import parse_qs, urlencode

Fields = dict[str, str]
Answer = tuple[int, dict[str, Any], Fields]

LIFETIMES = {"access": 900, "code": 60, "refresh": 86400}


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer one request, and log where it came from. No token or secret is in that line."""
    del context
    http = event["requestContext"]["http"]
    path = "/" + event["rawPath"].rpartition("/")[2]
    body = event.get("body") or ""
    if event.get("isBase64Encoded"):
        body = base64.b64decode(body).decode()
    status, document, headers = answer(
        path,
        {name.lower(): value for name, value in event["headers"].items()},
        {k: v[0] for k, v in parse_qs(event.get("rawQueryString", "")).items()},
        {k: v[0] for k, v in parse_qs(body).items()},
    )
    line = {"path": path, "source_ip": http["sourceIp"], "status": status}
    print(json.dumps(line))  # noqa: T201  a function's log is its standard output
    headers = {"content-type": "application/json", "cache-control": "no-store", **headers}
    return {"statusCode": status, "headers": headers, "body": json.dumps(document)}


def answer(path: str, headers: Fields, query: Fields, form: Fields) -> Answer:
    """Status, document and headers for one request."""
    if path == "/authorize":
        return authorize(query)
    if path == "/me":
        held = headers.get("authorization", "").removeprefix("Bearer ")
        return (200, {"id": "smoke"}, {}) if is_ours("access", held) else (401, {}, {})
    if path != "/token":
        return 404, {}, {}
    if not is_client(headers, form):
        return 401, {"error": "invalid_client"}, {}
    return exchange(form)


def exchange(form: Fields) -> Answer:
    """A token for a grant."""
    grant = form.get("grant_type", "")
    held = {"authorization_code": "code", "refresh_token": "refresh_token"}.get(grant)
    if held is None and grant != "client_credentials":
        return 400, {"error": "unsupported_grant_type"}, {}
    if held and not is_ours(held.partition("_")[0], form.get(held, "")):
        return 400, {"error": "invalid_grant"}, {}
    issued = {"access_token": issue("access"), "token_type": "Bearer", "expires_in": 900}
    if held:
        issued["refresh_token"] = issue("refresh")
    if "scope" in form:
        issued["scope"] = form["scope"]
    return 200, issued, {}


def authorize(query: Fields) -> Answer:
    """Redirect the user back with a code at once: here every user consents to everything."""
    back = query.get("redirect_uri", "")
    if query.get("client_id") != os.environ["CLIENT_ID"] or os.environ["BACK_TO"] not in back:
        return 400, {"error": "invalid_request"}, {}
    location = back + "?" + urlencode({"code": issue("code"), "state": query.get("state", "")})
    return 302, {}, {"location": location}


def is_client(headers: Fields, form: Fields) -> bool:
    """Whether the client's id and secret are right. A client that signs is not verified."""
    if form.get("client_assertion"):
        return True
    held = form.get("client_id", "") + ":" + form.get("client_secret", "")
    if headers.get("authorization", "").startswith("Basic "):
        held = base64.b64decode(headers["authorization"][6:]).decode()
    ours = os.environ["CLIENT_ID"] + ":" + os.environ["CLIENT_SECRET"]
    return hmac.compare_digest(held.encode(), ours.encode())


def issue(kind: str) -> str:
    """A new token or code."""
    claims = f"{kind}.{int(time.time()) + LIFETIMES[kind]}.{secrets.token_hex(12)}"
    return f"{claims}.{mac(claims)}"


def is_ours(kind: str, held: str) -> bool:
    """Whether *held* was issued here as *kind* and has not expired."""
    claims, _, proof = held.rpartition(".")
    if not hmac.compare_digest(proof.encode(), mac(claims).encode()):
        return False
    named, end, _ = claims.split(".")
    return named == kind and int(end) > time.time()


def mac(claims: str) -> str:
    """The MAC of a token's claims."""
    key = os.environ["CLIENT_SECRET"].encode()
    return hmac.new(key, claims.encode(), hashlib.sha256).hexdigest()
