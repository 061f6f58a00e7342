"""Environment variables choose the way in, and say where a client's secret is."""

import os
from collections.abc import Iterator

import pytest

from tokenvend_client import Client, ConfigurationError
from tokenvend_client.testing import FakeTokenvend
from tokenvend_client.ways_in.choose import way_in_of_environment


@pytest.fixture
def served(fake: FakeTokenvend) -> Iterator[str]:
    fake.clients = {"ci": "tv_secret"}
    with fake.serve() as url:
        yield url


@pytest.mark.parametrize(
    ("environment", "way_in"),
    [
        pytest.param(
            {"TOKENVEND_FUNCTION": "vend:billing", "AWS_REGION": "eu-west-1"},
            "<DirectInvocation of vend:billing in eu-west-1>",
            id="function",
        ),
        pytest.param(
            {"TOKENVEND_FUNCTION": "arn:aws:lambda:eu-north-1:111122223333:function:v:b"},
            "<DirectInvocation of arn:aws:lambda:eu-north-1:111122223333:function:v:b"
            " in eu-north-1>",
            id="an ARN says its Region",
        ),
        pytest.param(
            {"TOKENVEND_URL": "https://t.example.com/", "TOKENVEND_REGION": "eu-west-1"},
            "<SignedRequests at https://t.example.com in eu-west-1>",
            id="address alone",
        ),
        pytest.param(
            {
                "TOKENVEND_URL": "https://a1.execute-api.us-east-2.amazonaws.com/v1",
                "AWS_REGION": "eu-west-1",
            },
            "<SignedRequests at https://a1.execute-api.us-east-2.amazonaws.com/v1 in us-east-2>",
            id="the address says its Region",
        ),
        pytest.param(
            {
                "TOKENVEND_URL": "https://t.example.com",
                "TOKENVEND_CLIENT_ID": "ci",
                "TOKENVEND_CLIENT_SECRET": "tv_x",
            },
            "<OAuthClient ci at https://t.example.com>",
            id="a client",
        ),
    ],
)
def test_the_environment_chooses_the_way_in(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], way_in: str
) -> None:
    _set(monkeypatch, environment)

    assert repr(way_in_of_environment()) == way_in


@pytest.mark.parametrize(
    "environment",
    [
        pytest.param({}, id="nothing"),
        pytest.param(
            {"TOKENVEND_FUNCTION": "f:a", "TOKENVEND_URL": "https://t.example.com"}, id="both"
        ),
        pytest.param({"TOKENVEND_FUNCTION": "f", "AWS_REGION": "eu-west-1"}, id="no alias"),
        pytest.param({"TOKENVEND_FUNCTION": "f:a"}, id="no Region"),
        pytest.param({"TOKENVEND_URL": "https://t.example.com"}, id="no Region for the address"),
        pytest.param(
            {"TOKENVEND_URL": "https://t.example.com", "TOKENVEND_CLIENT_ID": "ci"}, id="no secret"
        ),
        pytest.param(
            {
                "TOKENVEND_URL": "https://t.example.com",
                "TOKENVEND_CLIENT_ID": "ci",
                "TOKENVEND_CLIENT_SECRET": "tv_x",
                "TOKENVEND_CLIENT_SECRET_FILE": "secret",
            },
            id="two secrets",
        ),
    ],
)
def test_an_environment_that_leads_nowhere_is_said_so(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    _set(monkeypatch, environment)

    with pytest.raises(ConfigurationError):
        Client()


def test_a_clients_secret_may_stand_in_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: os.PathLike[str], served: str, fake: FakeTokenvend
) -> None:
    file = os.path.join(tmp_path, "secret")  # noqa: PTH118 - a text for the environment
    with open(file, "w", encoding="utf-8") as written:  # noqa: PTH123
        written.write("tv_secret\n")
    _set(
        monkeypatch,
        {
            "TOKENVEND_URL": served,
            "TOKENVEND_CLIENT_ID": "ci",
            "TOKENVEND_CLIENT_SECRET_FILE": file,
        },
    )

    Client().token("sr-jobs")

    assert len(fake.calls) == 1


def _set(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
