"""A user's consent at the demo provider, step by step."""

import base64
import hashlib
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

import requests
from tests.demo_provider.asking import TIMEOUT_SECONDS, ask

from tokenvend_local.demo_provider.client import ProviderControl
from tokenvend_local.demo_provider.clients import Client, Flavour

CALLBACK = "https://connect.example/callback/hiring"


VERIFIER = "v" * 43


CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=")


SCOPES = ("jobs_read", "user_me_read")


def new_client(control: ProviderControl, flavour: Flavour = Flavour.SMARTRECRUITERS) -> Client:
    return control.add_client(flavour=flavour, scopes=SCOPES, redirect_uris=[CALLBACK])


def asking(client: Client, **changes: str | None) -> dict[str, str]:
    parameters: dict[str, str | None] = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": CALLBACK,
        "state": "a state",
        "code_challenge": CHALLENGE.decode(),
        "code_challenge_method": "S256",
        **changes,
    }
    return {name: value for name, value in parameters.items() if value is not None}


def decide(
    control: ProviderControl, client: Client, parameters: Mapping[str, str], **form: str
) -> requests.Response:
    decision = {"user": "ada", "decision": "allow"} | {f"allow_{s}": "yes" for s in SCOPES}
    return requests.post(
        control.authorization_endpoint(client.flavour),
        data={**parameters, **decision, **form},
        timeout=TIMEOUT_SECONDS,
        allow_redirects=False,
    )


def sent_back(answer: requests.Response) -> dict[str, str]:
    location = answer.headers["Location"]
    assert location.startswith(CALLBACK + "?")
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def exchange(
    control: ProviderControl, client: Client, code: str, **changes: str
) -> requests.Response:
    form = {"code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER, **changes}
    return ask(control, client, form={"grant_type": "authorization_code", **form})
