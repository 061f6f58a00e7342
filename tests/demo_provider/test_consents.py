"""What a refresh at the demo provider does to the scopes of a consent."""

from tests.demo_provider.asking import ask
from tests.demo_provider.consenting import (
    asking,
    decide,
    exchange,
    new_client,
    sent_back,
)

from tokenvend_local.demo_provider.client import ProviderControl
from tokenvend_local.demo_provider.clients import Flavour


def test_a_refresh_for_fewer_scopes_takes_none_from_the_next(control: ProviderControl) -> None:
    client = new_client(control, Flavour.STANDARD)
    given = exchange(control, client, sent_back(decide(control, client, asking(client)))["code"])

    def refreshed(refresh_token: str, **more: str) -> dict[str, str]:
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token} | more
        answer: dict[str, str] = ask(control, client, form=form).json()
        return answer

    whole = given.json()["scope"]
    less = refreshed(given.json()["refresh_token"], scope=whole.split()[0])
    named = refreshed(less["refresh_token"], scope=whole)
    unnamed = refreshed(named["refresh_token"])

    assert len(whole.split()) == 2
    assert less["scope"] == whole.split()[0]
    assert (named["scope"], unnamed["scope"]) == (whole, whole)
