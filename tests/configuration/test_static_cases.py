"""Each case of a credential that is handed out as it is: from the file to a call of its API.

`cases/providers.json` says of each what an API wants with every call.
"""

from typing import Any

import pytest
from tests.configuration.api_stand_in import ApiStandIn, call_api
from tests.configuration.described import answer
from tests.configuration.provider_cases import CASES, STATIC
from tests.configuration.vending_path import Answer
from tests.fakes.clock import START

from tokenvend_cli.configuration.api_request_models import ApiKeyModel


def _asked(name: str, *, host: str | None = None) -> Answer:
    described = {"api_key": STATIC[name]}
    return answer(described, CASES[name]["secret"], kind="api_key", host=host)


@pytest.mark.parametrize("name", STATIC)
def test_static_credential_is_handed_out_as_its_api_wants_it(name: str) -> None:
    api = ApiStandIn(ApiKeyModel.model_validate(STATIC[name]), CASES[name]["secret"])

    got = _asked(name)
    with api.running() as url:
        status = call_api(url, got.fields)

    nothing: dict[str, dict[str, Any]] = {"headers": {}, "query": {}}
    assert got.status == 200
    assert {part: got.fields[part] for part in nothing} == nothing | CASES[name]["then"]
    assert got.fields["expires_at"] > START.timestamp()
    assert (api.complaints, api.taken, status) == ([], 1, 200)


@pytest.mark.parametrize("name", STATIC)
def test_secret_for_a_token_endpoint_is_never_handed_out(name: str) -> None:
    got = _asked(name, host="login.acme.example")

    assert (got.status, got.fields["error"]) == (502, "credential_not_ready")
    assert got.error is not None
    assert got.error.rule == "secret.host"
