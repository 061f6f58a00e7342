"""A registry view in which every rule is satisfied, to break one at a time."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tokenvend.domain.credential_definition import CredentialDefinition, ScopeMode
from tokenvend.domain.decision import Decision, decide
from tokenvend.domain.errors import TokenVendError
from tokenvend.domain.identity import EntryPoint, Proof
from tokenvend.domain.registry import Caller, Grant, RegistryView
from tokenvend.domain.request import VendRequest
from tokenvend.domain.scopes import Scopes
from tokenvend.domain.secret import Secret

NOW = datetime(2026, 3, 1, tzinfo=UTC)
READ, WRITE = frozenset({"read"}), frozenset({"write"})
NONE: Scopes = frozenset()
CLIENT_SECRET = Secret("tv_good")
PROOF = Proof(EntryPoint.OAUTH2, "client:billing", unique_id="ONE", client_secret=CLIENT_SECRET)
DEFINITION = CredentialDefinition(
    name="jobs",
    provider="acme",
    token_endpoint="https://a.example/t",
    scopes=READ | WRITE,
    scope_mode=ScopeMode.NARROWS,
)
GRANT = Grant(caller="billing", credential="jobs", scopes=READ)
VIEW = RegistryView(
    caller=Caller(name="billing", unique_id="ONE"),
    client_secret_hashes=(CLIENT_SECRET.sha256,),
    grant=GRANT,
    definition=DEFINITION,
)
REQUEST = VendRequest("jobs")


def refusal(
    view: RegistryView, request: VendRequest = REQUEST, proof: Proof = PROOF
) -> TokenVendError:
    with pytest.raises(TokenVendError) as caught:
        decide(proof, request, view, now=NOW)
    return caught.value


def decide_for(grant: Grant, definition: CredentialDefinition, request: VendRequest) -> Decision:
    return decide(PROOF, request, replace(VIEW, grant=grant, definition=definition), now=NOW)
