"""A consent session and the tickets that lead to it."""

from datetime import timedelta

from tests.fakes.clock import START

from tokenvend.domain.connection import ConnectionKey
from tokenvend.domain.consent import ConsentSession
from tokenvend.domain.secret import Secret

TICKET, OTHER = Secret("t" * 43), Secret("o" * 43)


SESSION = ConsentSession(
    identity="iam:111122223333:role/shop",
    key=ConnectionKey(credential="hiring", owner="shop", name="ada"),
    scopes=frozenset({"jobs_read", "user_me_read"}),
    return_url="https://shop.example/connected",
    expires_at=START + timedelta(minutes=10),
)
