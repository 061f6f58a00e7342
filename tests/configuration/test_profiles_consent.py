"""Every profile with consents, whole: from the file to a refreshed token and its revocation."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.configuration.consent_stand_in import ConsentStandIn
from tests.configuration.flows import CALLBACK, Flow
from tests.configuration.profile_facts import (
    definition_for,
    facts_of,
    profiles_of,
    provider_entry,
    scope_text,
    secret_for,
    stated_lifetime,
)
from tests.configuration.provider_stand_in import ACCESS_TOKEN

from tokenvend.consent.caller_connections import Disconnected
from tokenvend.domain.answer import Source
from tokenvend.domain.connection_request import Action
from tokenvend.domain.errors import ProviderRefusedError

PROFILES = profiles_of("authorization_code")


def _stand_in(name: str, secret: dict[str, str]) -> ConsentStandIn:
    facts = facts_of(name)
    return ConsentStandIn(facts, secret, {}, scope=scope_text(name), callback=CALLBACK, whole=facts)


def _is_told_of_revocations(name: str) -> bool:
    """Whether it has an endpoint for that, on the host to which the secret may go."""
    facts = facts_of(name)
    revoked_at = urlsplit(str(facts.get("revocation_endpoint", "")))
    return revoked_at.netloc == urlsplit(str(facts["token_endpoint"])).netloc


@pytest.mark.parametrize("name", PROFILES)
def test_profile_consents_refreshes_and_ends(name: str, tmp_path: Path) -> None:
    secret = secret_for(definition_for(name, "authorization_code"))
    stand_in = _stand_in(name, secret)

    with stand_in.running(tmp_path) as authority:
        flow = Flow(stand_in, provider_entry(name), secret, ca_file=authority)
        flow.consent()
        first, again = flow.vend_token(), flow.vend_token()
        ended = flow.run(Action.DISCONNECT)

    token = first.answer.token
    assert stand_in.complaints == []
    assert (first.answer.source, again.answer.source) == (Source.PROVIDER, Source.STORE)
    assert token.access_token == again.answer.token.access_token
    assert token.access_token.reveal() == ACCESS_TOKEN
    assert token.stated_lifetime.total_seconds() == stated_lifetime(name)
    assert isinstance(ended, Disconnected)
    assert ended.revoked is _is_told_of_revocations(name)
    # The code exchange and one refresh: the second request was answered from the store.
    asks_whose = "account_endpoint" in facts_of(name)
    assert stand_in.taken == 2 + asks_whose + ended.revoked


@pytest.mark.parametrize("name", PROFILES)
def test_client_that_is_another_gets_no_connection(name: str, tmp_path: Path) -> None:
    """So it is the secret that makes the stand-in take the code."""
    secret = secret_for(definition_for(name, "authorization_code"))
    former = {each: f"{value} former" for each, value in secret.items()}
    stand_in = _stand_in(name, former)

    with stand_in.running(tmp_path) as authority, pytest.raises(ProviderRefusedError):
        Flow(stand_in, provider_entry(name), secret, ca_file=authority).consent()

    assert stand_in.taken == 0
