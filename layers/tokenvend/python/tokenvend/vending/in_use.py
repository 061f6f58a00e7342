"""Mark a token as in use, so that the schedule renews it."""

from datetime import datetime

from tokenvend.domain.freshness import in_use_from
from tokenvend.domain.renewal import slot_of_token
from tokenvend.ports import StoreAwayError, TokenItem, TokenStore
from tokenvend.vending.token_acquirer import AcquiredToken


def mark_in_use(
    tokens: TokenStore, key: str, item: TokenItem, acquired: AcquiredToken, *, now: datetime
) -> None:
    """Give the token under *key* its slot in the schedule, once in the token's life.

    Only a token that was read from the table is marked, and only from `in_use_from` on. If the
    table does not answer, the next request marks it; at the worst a request exchanges.
    """
    if item.is_in_use or acquired.token is not item.token:
        return
    if now < in_use_from(key, acquired.token):
        return
    try:
        tokens.schedule_renewal(key, acquired.token, slot_of_token(key, acquired.token, now=now))
    except StoreAwayError:
        return
