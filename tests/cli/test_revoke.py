"""`revoke`: the provider ends a token, and no dead one is vended."""

from collections.abc import Callable

import pytest
import requests
from tests.cli.conftest import Tokenvend
from tests.cli.demo_credential import set_up

from tokenvend.domain.secret import Secret
from tokenvend_local.demo_provider.client import ProviderControl
from tokenvend_local.demo_provider.clients import Client, Flavour

type SecretGenerations = Callable[[], dict[str, str]]


@pytest.fixture
def client(tokenvend: Tokenvend, provider: ProviderControl) -> Client:
    return set_up(
        tokenvend, provider, Flavour.STANDARD, revocation_endpoint=f"{provider.url}/oauth2/revoke"
    )


def issue(provider: ProviderControl, client: Client) -> str:
    answer = requests.post(
        provider.token_endpoint(Flavour.STANDARD),
        data={"grant_type": "client_credentials"},
        auth=(client.client_id, client.client_secret),
        timeout=30,
    )
    return str(answer.json()["access_token"])


def opens(provider: ProviderControl, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{provider.url}/reports", headers=headers, timeout=30).status_code


def test_provider_ends_the_token_and_every_other_is_replaced(
    tokenvend: Tokenvend,
    provider: ProviderControl,
    client: Client,
    secret_generations: SecretGenerations,
) -> None:
    token, secret_generation = issue(provider, client), secret_generations()
    before = opens(provider, token)

    result = tokenvend("revoke", "jobs", stdin=f"{token}\n")

    assert result.exit_code == 0, result.output
    assert token not in result.output
    assert (before, opens(provider, token)) == (200, 401)
    assert secret_generations() != secret_generation


def test_program_is_told_which_token_it_was_by_its_hash(
    tokenvend: Tokenvend, provider: ProviderControl, client: Client
) -> None:
    token = issue(provider, client)

    assert tokenvend.json("revoke", "jobs", stdin=token) == {
        "name": "jobs",
        "revoked": True,
        "token_sha256": Secret(token).sha256,
    }


def test_provider_without_an_endpoint_cannot_be_told(
    tokenvend: Tokenvend, provider: ProviderControl
) -> None:
    set_up(tokenvend, provider, Flavour.STANDARD)

    result = tokenvend("revoke", "jobs", stdin="token")

    assert result.exit_code == 1
    assert "no revocation_endpoint" in result.stderr


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize("stdin", ["", " \n", "two tokens", "a\nb"])
def test_anything_but_one_token_is_refused_and_not_echoed(
    tokenvend: Tokenvend, stdin: str, secret_generations: SecretGenerations
) -> None:
    secret_generation = secret_generations()

    result = tokenvend("revoke", "jobs", stdin=stdin)

    assert result.exit_code == 2
    assert "give the token on standard input" in result.stderr
    assert secret_generations() == secret_generation


def test_provider_that_fails_is_told_as_such(
    tokenvend: Tokenvend, provider: ProviderControl, client: Client
) -> None:
    tokenvend(
        "secret",
        "put",
        "jobs",
        stdin=f'{{"client_id": "{client.client_id}", "client_secret": "x"}}',
    )

    result = tokenvend("revoke", "jobs", stdin=issue(provider, client))

    assert result.exit_code == 1
    assert "the token may still be valid" in result.stderr
