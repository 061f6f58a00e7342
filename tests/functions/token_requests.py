"""Ask a vending function for a token, by the parts of its event."""

import base64
from typing import Any

from tests.functions.conftest import load_handler, through

FORM = "application/x-www-form-urlencoded"


ROLE = "arn:aws:sts::111122223333:assumed-role/billing/session"


def basic(client: str = "shop:tv_example") -> str:
    return "Basic " + base64.b64encode(client.encode()).decode()


def ask(
    body: str,
    function: str = "vend_oauth2",
    *,
    authorization: str | None = None,
    credential: str = "jobs",
    content_type: str = FORM,
    **changed: Any,
) -> dict[str, Any]:
    proof = basic() if authorization is None and function == "vend_oauth2" else authorization
    identity = {"userArn": ROLE, "user": "AROAEXAMPLEEXAMPLE:session"}
    event = {
        "resource": f"/{function.removeprefix('vend_')}/{{credential}}/token",
        "headers": {"Content-Type": content_type} | ({"Authorization": proof} if proof else {}),
        "pathParameters": {"credential": credential},
        "requestContext": {"identity": identity if function == "vend_iam" else {}},
        "body": body,
        **changed,
    }
    answer: dict[str, Any] = load_handler(function)(event, through("live"))
    return answer
