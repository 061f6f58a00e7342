"""The tour tells what event, gives no token away, and says when something went astray."""

import io
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError
from rich.console import Console

from tokenvend_local.callers import Answer
from tokenvend_local.demo_provider.client import ProviderControl
from tokenvend_local.demo_provider.provider import Provider
from tokenvend_local.table import build_table
from tokenvend_local.tour import Row, Stop, visit

VENDED = {
    "token_type": "Bearer",
    "expires_in": 1768,
    "source": "store",
    "header_name": "Authorization",
    "header_prefix": "Bearer ",
}


@pytest.fixture
def provider() -> Iterator[ProviderControl]:
    running = Provider("key")
    running.start()
    yield ProviderControl(running.control.url, "key", running.provider.url)
    running.stop()


def stop(*documents: dict[str, object], error: str | None = None) -> Stop:
    document = {"answers": list(documents)} if len(documents) > 1 else documents[0]
    answer = Answer(200, document, {}, 0.0123)
    return Stop("shop", "HTTP", "jobs", lambda: answer, api_path="/jobs", error=error)


def test_a_token_that_the_api_does_not_take_went_astray(provider: ProviderControl) -> None:
    (row,) = visit(stop({**VENDED, "access_token": "demo_unknown"}), provider.url)

    assert row.more == "the API: 401 No valid credential."
    assert not row.went_as_meant


def test_a_token_is_never_shown(provider: ProviderControl) -> None:
    (row,) = visit(stop({**VENDED, "access_token": "demo_unknown"}), provider.url)

    assert "demo_unknown" not in repr(row)
    assert (row.answered, row.source, row.milliseconds) == (
        "token e64d60e7…, 1768 s left",
        "store",
        12,
    )


def test_an_api_key_is_named_by_its_header_and_sent_in_it(provider: ProviderControl) -> None:
    client = provider.add_client("key", company="Initech", api_key="0" * 32)
    header = {"token_type": "N_A", "header_name": "X-SmartToken", "header_prefix": ""}

    (row,) = visit(stop(VENDED | header | {"access_token": client.api_key or ""}), provider.url)

    assert row.answered == "X-SmartToken 84e0c0ea…, 1768 s left"
    assert (row.more, row.went_as_meant) == ("the API: 200 Initech", True)


@pytest.mark.parametrize(
    ("meant", "as_meant"), [("invalid_scope", True), ("invalid_target", False), (None, False)]
)
def test_a_refusal_is_compared_with_the_one_that_was_meant(
    provider: ProviderControl, meant: str | None, *, as_meant: bool
) -> None:
    refusal: dict[str, object] = {"error": "invalid_scope", "error_description": "Too much."}

    (row,) = visit(stop(refusal, error=meant), provider.url)

    assert (row.answered, row.more, row.went_as_meant) == ("invalid_scope", "Too much.", as_meant)


def test_a_batch_has_a_row_for_each_of_its_answers(provider: ProviderControl) -> None:
    refusal: dict[str, object] = {"error": "invalid_target", "error_description": "No."}

    rows = visit(stop(refusal, refusal, error="invalid_target"), provider.url)

    assert [row.answered for row in rows] == ["invalid_target", "invalid_target"]


def test_a_call_that_aws_refuses_went_astray(provider: ProviderControl) -> None:
    def refused() -> Answer:
        raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "Invoke")

    (row,) = visit(Stop("shop", "direct", "jobs", refused), provider.url)

    assert row.answered == "AccessDeniedException"
    assert not row.went_as_meant


@pytest.mark.parametrize("width", [80, 140])
def test_the_table_fits_the_screen(width: int) -> None:
    rows = [
        Row("nightly-export", "direct, a batch", "partner: acme", "token 1…", "", "provider", 9),
        Row("stranger", "HTTP, signed", "jobs", "unauthorized_client", "No grant. " * 8),
    ]
    console = Console(width=width, record=True, file=io.StringIO())

    console.print(build_table(rows))

    lines = console.export_text().splitlines()
    assert max(len(line.rstrip()) for line in lines) <= width
    assert all(line.rstrip()[-1] in "┓┃┩│┤┘" for line in lines[1:])
