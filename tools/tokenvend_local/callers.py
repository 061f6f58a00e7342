"""Request tokens from tokenvend as the three kinds of caller do, with the usual libraries."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import requests

from tokenvend.domain.request import TOKEN_EXCHANGE
from tokenvend_local.deployment import Deployed, client
from tokenvend_local.principals import Principal, SignedBy

_TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: an HTTP status (0 for a direct invocation) and the document.

    `seconds` is how long the caller waited, including the local AWS's own time.
    """

    status: int
    document: dict[str, Any]
    headers: Mapping[str, str]
    seconds: float

    @property
    def token(self) -> str:
        """The access token."""
        return str(self.document["access_token"])

    @property
    def error(self) -> str | None:
        """The error code, if it is a refusal."""
        error = self.document.get("error")
        return None if error is None else str(error)


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """An id and a secret that tokenvend issued."""

    client_id: str
    client_secret: str


def token_url(deployed: Deployed, entry: str, credential: str) -> str:
    """The token endpoint of *credential* at *entry* (`iam` or `oauth2`)."""
    return f"{deployed.api_url}/{entry}/{credential}/token"


def ask_signed(
    deployed: Deployed, principal: Principal | None, credential: str, **form: str
) -> Answer:
    """POST /iam/{credential}/token, signed by *principal*; unsigned if it is `None`."""
    auth = SignedBy(principal) if principal else None
    return _post(token_url(deployed, "iam", credential), form, auth)


def ask_as_client(
    deployed: Deployed, proof: OAuthClient, credential: str, *, basic: bool = True, **form: str
) -> Answer:
    """POST /oauth2/{credential}/token with an id and secret, in the header or the body."""
    in_body = {"client_id": proof.client_id, "client_secret": proof.client_secret}
    auth = (proof.client_id, proof.client_secret) if basic else None
    document = form if basic else {**form, **in_body}
    return _post(token_url(deployed, "oauth2", credential), document, auth)


def ask_as_workload(deployed: Deployed, subject_token: str, credential: str, **form: str) -> Answer:
    """POST /oauth2/{credential}/token with a token of the workload's platform (RFC 8693)."""
    exchange = {
        "grant_type": TOKEN_EXCHANGE,
        "subject_token": subject_token,
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
    }
    return _post_form(token_url(deployed, "oauth2", credential), {**exchange, **form}, None)


def ask_directly(
    deployed: Deployed, principal: Principal, alias: str | None, event: Mapping[str, Any]
) -> Answer:
    """Invoke the direct function through *alias*, or unqualified if it is `None`.

    Raises:
        botocore.exceptions.ClientError: Lambda did not let *principal* invoke it.
    """
    function = client(deployed.endpoint, "lambda", **principal.as_client_arguments())
    return ask_function(function, deployed, alias, event)


def ask_function(
    function: Any, deployed: Deployed, alias: str | None, event: Mapping[str, Any]
) -> Answer:
    """Do the same as `ask_directly`, with an existing client for Lambda."""
    # The alias is part of the name, because the local AWS compares policies with the name alone.
    name = deployed.outputs["VendDirectFunctionName"]
    started = time.monotonic()
    answer = function.invoke(
        FunctionName=f"{name}:{alias}" if alias else name, Payload=json.dumps(event).encode()
    )
    document = json.loads(answer["Payload"].read())
    return Answer(0, document, {}, time.monotonic() - started)


def connect_signed(
    deployed: Deployed, principal: Principal, credential: str, action: str, **form: str
) -> Answer:
    """POST /iam/{credential}/connections/{action}, signed by *principal*."""
    url = f"{deployed.api_url}/iam/{credential}/connections/{action}"
    return _post_form(url, form, SignedBy(principal))


def connect_as_client(
    deployed: Deployed, proof: OAuthClient, credential: str, action: str, **form: str
) -> Answer:
    """POST /oauth2/{credential}/connections/{action} with an id and secret."""
    url = f"{deployed.api_url}/oauth2/{credential}/connections/{action}"
    return _post_form(url, form, (proof.client_id, proof.client_secret))


def _post(url: str, form: Mapping[str, str], auth: Any) -> Answer:
    return _post_form(url, {"grant_type": "client_credentials", **form}, auth)


def _post_form(url: str, body: Mapping[str, str], auth: Any) -> Answer:
    started = time.monotonic()
    answer = requests.post(url, data=body, auth=auth, timeout=_TIMEOUT_SECONDS)
    seconds = time.monotonic() - started
    try:
        document = answer.json()
    except ValueError:
        document = {}
    return Answer(answer.status_code, document, answer.headers, seconds)


def items(answer: Answer) -> Sequence[dict[str, Any]]:
    """The answers of a batch, in the order of its requests."""
    found: Sequence[dict[str, Any]] = answer.document.get("answers", [])
    return found
