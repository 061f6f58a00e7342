"""Each case of a credential that is handed out as it is: from the file to what a caller gets.

`cases/providers.json` says of each what an API wants with every call.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.configuration.described import definition_of, secret_store
from tests.fakes.clock import START
from tests.unit.vending.harness import Harness

from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.errors import CredentialNotReadyError
from tokenvend.domain.registry import Grant
from tokenvend.domain.request import VendRequest

_FILE = Path(__file__).parent / "cases" / "providers.json"
_DOCUMENT = json.loads(_FILE.read_text(encoding="utf-8"))
CASES: dict[str, Any] = {
    each["name"]: each
    for each in _DOCUMENT["token_requests"]
    if {"headers", "query"} & each["then"].keys()
}
#: What the file says of the API of each case.
DESCRIBED: dict[str, dict[str, Any]] = {
    "two headers for each call": {
        "headers": {"X-Api-Key": "{secret.api_key}", "X-Account": "{secret.account}"}
    },
    "HTTP Basic for each call": {"basic": {}},
    "key in the query of each call": {"query": {"api_key": "{secret.api_key}"}},
}


def _answered(definition: CredentialDefinition, secret: dict[str, str], **recorded: str) -> Any:
    """What a caller gets, with its grant of everything."""
    grant = Grant(caller="billing", credential="jobs", full_access=True)
    harness = Harness(definition=definition, grant=grant)
    harness.secrets = secret_store(definition, secret, **recorded)  # type: ignore[assignment]
    return harness.vend(harness.environment(), VendRequest("jobs")).answer.to_dict()


def _defined(name: str) -> CredentialDefinition:
    return definition_of({"api_key": DESCRIBED[name]}, {"kind": "api_key"})


@pytest.mark.parametrize("name", DESCRIBED)
def test_static_credential_is_handed_out_as_its_api_wants_it(name: str) -> None:
    case = CASES[name]

    answer = _answered(_defined(name), case["secret"])

    nothing: dict[str, dict[str, str]] = {"headers": {}, "query": {}}
    assert {part: answer[part] for part in nothing} == nothing | case["then"]
    assert answer["expires_at"] > START.timestamp()


@pytest.mark.parametrize("name", DESCRIBED)
def test_secret_for_a_token_endpoint_is_never_handed_out(name: str) -> None:
    with pytest.raises(CredentialNotReadyError) as caught:
        _answered(_defined(name), CASES[name]["secret"], host="login.acme.example")

    assert caught.value.rule == "secret.host"


def test_every_case_is_described() -> None:
    assert DESCRIBED.keys() == CASES.keys()
    assert len(CASES) == 3
