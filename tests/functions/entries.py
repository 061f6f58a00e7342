"""Shop's requests over each entry: for a token, about a connection, or a report."""

import json
from typing import Any
from urllib.parse import urlencode

from tests.functions.conftest import load_handler, through

ROUTES = {
    "token": "/{entry}/{{credential}}/token",
    "reject": "/{entry}/{{credential}}/token/reject",
}
_CONNECTIONS = "/{entry}/{{credential}}/connections/{{action}}"


def ask(entry: str, action: str, **parameters: str) -> tuple[int, dict[str, Any]]:
    """The status (0 for a direct invocation) and the fields of the answer."""
    if entry == "direct":
        return 0, load_handler("vend_direct")(_direct_event(action, parameters), through("shop"))
    form = dict(parameters)
    if entry == "oauth2":
        form |= {"client_id": "shop", "client_secret": "tv_example"}
    answer = load_handler(f"vend_{entry}")(http_event(entry, action, form), through("live"))
    assert answer["headers"]["Cache-Control"] == "no-store"
    return answer["statusCode"], json.loads(answer["body"])


def http_event(entry: str, action: str, form: dict[str, str]) -> dict[str, Any]:
    """A request as API Gateway hands it on."""
    role = "arn:aws:sts::111122223333:assumed-role/shop/session"
    return {
        "resource": ROUTES.get(action, _CONNECTIONS).format(entry=entry),
        "pathParameters": {"credential": "hiring", "action": action},
        "headers": {"Content-Type": "application/x-www-form-urlencoded"},
        "requestContext": {"identity": {"userArn": role, "user": "AROAEXAMPLE:session"}},
        "body": urlencode(form),
    }


def _direct_event(action: str, parameters: dict[str, str]) -> dict[str, Any]:
    fields = {"credential": "hiring", **parameters}
    if action == "token":
        return fields
    if action == "reject":
        return {"reject": fields}
    return {"connections": {"action": action, **fields}}
