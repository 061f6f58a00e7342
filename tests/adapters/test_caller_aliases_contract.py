"""The contract of `ports.CallerAliases`, on the fake and on Lambda's API."""

from typing import Any, Protocol

import pytest
from botocore.session import get_session
from botocore.stub import Stubber
from tests.fakes.caller_aliases import FakeCallerAliases

from tokenvend.adapters.aws_errors import AwsRefusedError
from tokenvend.adapters.caller_aliases import LambdaCallerAliases
from tokenvend.ports import CallerAliases, StoreAwayError

FUNCTION = "tokenvend-VendDirectFunction-1"


class Make(Protocol):
    def __call__(self, **versions: str) -> CallerAliases: ...


def stubbed() -> tuple[LambdaCallerAliases, Stubber]:
    """The adapter on a client that checks each call against Lambda's own model."""
    session: Any = get_session()
    client = session.create_client(
        "lambda", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    return LambdaCallerAliases(client, function=FUNCTION), Stubber(client)


def on_lambda(**versions: str) -> CallerAliases:
    """Two pages: half of the aliases each."""
    adapter, stub = stubbed()
    aliases = [{"Name": name, "FunctionVersion": each} for name, each in versions.items()]
    expected: dict[str, str] = {"FunctionName": FUNCTION}
    stub.add_response("list_aliases", {"Aliases": aliases[:1], "NextMarker": "more"}, expected)
    stub.add_response("list_aliases", {"Aliases": aliases[1:]}, expected | {"Marker": "more"})
    stub.activate()
    return adapter


def in_memory(**versions: str) -> CallerAliases:
    return FakeCallerAliases(versions=versions)


@pytest.fixture(params=["fake", "lambda"])
def make(request: pytest.FixtureRequest) -> Make:
    return on_lambda if request.param == "lambda" else in_memory


def test_an_alias_at_the_version_of_live_is_not_behind(make: Make) -> None:
    assert make(live="7", events="7", nightly="7").behind() == []


def test_every_other_alias_is_behind(make: Make) -> None:
    assert make(nightly="6", live="7", events="5", web="7").behind() == ["events", "nightly"]


def test_lambda_that_fails_is_away() -> None:
    adapter, stub = stubbed()
    stub.add_client_error("list_aliases", "ServiceException", http_status_code=500)

    with stub, pytest.raises(StoreAwayError):
        adapter.behind()


def test_a_missing_right_is_no_outage() -> None:
    adapter, stub = stubbed()
    stub.add_client_error("list_aliases", "AccessDeniedException", http_status_code=403)

    with stub, pytest.raises(AwsRefusedError):
        adapter.behind()
