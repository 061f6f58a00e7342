"""How the fleet's requests are sent: over each entry, and a report of a refused token."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import requests

from tokenvend_local.callers import (
    Answer,
    OAuthClient,
    ask_as_client,
    ask_function,
    ask_signed,
)
from tokenvend_local.deployment import client
from tokenvend_local.principals import Principal, SignedBy
from tokenvend_local.stack import LocalStack

type Send = Callable[[], Sequence[Answer]]


@dataclass(frozen=True, kw_only=True)
class Sender:
    """One caller with all its proofs. `names` are the credentials' names, by their stems."""

    stack: LocalStack
    names: Mapping[str, str]
    caller: str
    role: Principal
    oauth: OAuthClient

    @cached_property
    def _function(self) -> Any:
        return client(self.stack.endpoint, "lambda", **self.role.as_client_arguments())

    def signed(
        self, stem: str | None, form: Mapping[str, str], role: Principal | None = None
    ) -> Send:
        """Over `/iam`, signed by *role*; `None` asks for a credential that does not exist."""
        name = self.names[stem] if stem else "nothing-of-the-kind"
        return lambda: [ask_signed(self.stack.deployed, role or self.role, name, **form)]

    def as_client(
        self, stem: str, form: Mapping[str, str], proof: OAuthClient | None = None
    ) -> Send:
        """Over `/oauth2`."""
        name = self.names[stem]
        return lambda: [
            ask_as_client(self.stack.deployed, proof or self.oauth, name, basic=True, **form)
        ]

    def directly(self, event: Mapping[str, Any]) -> Send:
        """By direct invocation of the caller's alias."""

        def send() -> Sequence[Answer]:
            answer = ask_function(self._function, self.stack.deployed, self.caller, event)
            return [
                Answer(answer.status, fields, {}, answer.seconds)
                for fields in _fields_of(answer.document)
            ]

        return send

    def reports_token(self, stem: str, scope: str) -> Send:
        """Asks for a token and reports it refused, as a worker does whose API said 401."""
        ask = self.signed(stem, {"scope": scope})

        def send() -> Sequence[Answer]:
            (vended,) = ask()
            digest = vended.document.get("token_sha256")
            if digest is None:
                return [vended]
            report = {"scope": scope, "token_sha256": str(digest)}
            url = f"{self.stack.api_url}/iam/{self.names[stem]}/token/reject"
            return [vended, _post_signed(url, report, self.role)]

        return send


def _post_signed(url: str, form: Mapping[str, str], role: Principal) -> Answer:
    answer = requests.post(url, data=form, auth=SignedBy(role), timeout=30)
    return Answer(answer.status_code, answer.json(), answer.headers, 0.0)


def _fields_of(document: Any) -> Sequence[dict[str, Any]]:
    """The answers in what a direct invocation gave: one, several, or the one that it raised."""
    if "answers" in document:
        answers: Sequence[dict[str, Any]] = document["answers"]
        return answers
    if "errorMessage" not in document:
        return [document]
    # Only a refusal that may be tried again is raised, as JSON; nothing else may be.
    try:
        return [json.loads(document["errorMessage"])]
    except ValueError:
        return [{"error": f"raised {document.get('errorType')}"}]
