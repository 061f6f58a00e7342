"""A run in which everything held, to break one thing at a time in."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from load.driver import Run
from load.flows import BUSY, TOKEN, Flow, Removal, Seen, Turn, Way
from tokenvend_local.demo_provider.clients import Token, TokenExchangeRecord

NOON = 1_772_366_400.0
CLIENT = "jobs-1-0a0b"
LIFETIME = 20


def nobody() -> Sequence[Any]:
    return []


FLOW = Flow(
    name="jobs",
    way=Way.IAM,
    send=nobody,
    outcomes=frozenset({TOKEN, BUSY}),
    clients=frozenset({CLIENT}),
    scopes=frozenset({"jobs_read"}),
)
GUEST = replace(FLOW, name="the guest", guest=True)
TURNED = replace(FLOW, name="turned", outcomes=frozenset({TOKEN, "provider_refused"}), turned=True)
ISSUED = Token(
    value="token-1",
    client_id=CLIENT,
    scopes=("jobs_read",),
    target=None,
    expires_at=NOON + LIFETIME,
)
FIELDS = {
    "access_token": "token-1",
    "token_sha256": "5e1f",
    "scope": "jobs_read",
    "expires_at": int(NOON) + LIFETIME - 2,
    "source": "provider",
}
REMOVAL = Removal(since=NOON + 5, until=NOON + 15)
TURN = Turn(since=NOON + 5, until=NOON + 7)


def seen(flow: Flow = FLOW, *, after: float = 1.0, status: int = 200, **fields: Any) -> Seen:
    """An answer that came 0.1 s after it was asked for, *after* seconds past noon."""
    refused = fields if "error" in fields else FIELDS | fields
    return Seen(flow, NOON + after, NOON + after + 0.1, status, refused, status in {429, 503}, 0.1)


def exchange(began: float, ended: float, *, status: int = 200, **more: Any) -> TokenExchangeRecord:
    return TokenExchangeRecord(
        client_id=CLIENT, status=status, began_at=NOON + began, at=NOON + ended, **more
    )


def run(*answers: Seen, **more: Any) -> Run:
    parts: dict[str, Any] = {
        "seconds": 40.0,
        "callers": 2,
        "memory_seconds": 2.0,
        "warm_up_seconds": 0.0,
        "began_at": NOON,
        "seen": answers or (seen(),),
        "issued": {"token-1": ISSUED},
        "exchanges": [exchange(0.0, 0.5), exchange(18.0, 18.5)],
        "removals": [REMOVAL],
        "turns": [TURN],
        "failures": 1,
    }
    return Run(**(parts | more))
