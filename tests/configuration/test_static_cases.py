"""Each case of a credential that is handed out as it is: from the file to what a caller gets.

`cases/providers.json` says of each what an API wants with every call.
"""

from typing import Any

import pytest
from tests.configuration.described import answer
from tests.configuration.provider_cases import CASES, STATIC
from tests.configuration.vending_path import Answer
from tests.fakes.clock import START


def _asked(name: str, *, host: str | None = None) -> Answer:
    described = {"api_key": STATIC[name]}
    return answer(described, CASES[name]["secret"], kind="api_key", host=host)


@pytest.mark.parametrize("name", STATIC)
def test_static_credential_is_handed_out_as_its_api_wants_it(name: str) -> None:
    got = _asked(name)

    nothing: dict[str, dict[str, Any]] = {"headers": {}, "query": {}}
    assert got.status == 200
    assert {part: got.fields[part] for part in nothing} == nothing | CASES[name]["then"]
    assert got.fields["expires_at"] > START.timestamp()


@pytest.mark.parametrize("name", STATIC)
def test_secret_for_a_token_endpoint_is_never_handed_out(name: str) -> None:
    got = _asked(name, host="login.acme.example")

    assert (got.status, got.fields["error"]) == (502, "credential_not_ready")
    assert got.error is not None
    assert got.error.rule == "secret.host"
