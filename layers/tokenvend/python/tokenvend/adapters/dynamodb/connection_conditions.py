"""The conditions under which a connection's item is written.

SAME_TOKEN: the item still has the consent id and the token number that were read.

    begin                          finish                release_redemption, mark_lost
    SAME_TOKEN                     SAME_TOKEN            SAME_TOKEN
    and NOT_LOST                                         and ITS_OWN_JOURNAL
    and the journal as it was read
"""

from tokenvend.adapters.dynamodb.attributes import Item, number
from tokenvend.domain.connection import Connection

SAME_TOKEN = "consent_id = :same_id AND token_number = :same_number"
NOT_LOST = "attribute_not_exists(lost_by)"
NO_REDEMPTION = "attribute_not_exists(holder_id)"
HOLDER_IS_UNCHANGED = "holder_id = :former"
ITS_OWN_JOURNAL = "holder_id = :holder_id"
NOTHING_THERE = "attribute_not_exists(pk)"
SAME_PENDING = "pending_id = :seen_pending"
NOTHING_PENDING = "attribute_not_exists(pending_id)"
SAME_CONSENT = "consent_id = :seen_consent"
NO_CONSENT = "attribute_not_exists(consent_id)"


def same_token(connection: Connection) -> Item:
    """Return the values that `SAME_TOKEN` compares with: those of *connection* as it was read."""
    consent_id = connection.consent.consent_id if connection.consent else ""
    return {":same_id": {"S": consent_id}, ":same_number": number(connection.number)}


def unchanged_since(before: Connection | None, values: Item) -> str:
    """Build the condition that only the refresh token may have changed; add to *values*."""
    if before is None:
        return NOTHING_THERE
    clauses = [NOTHING_PENDING]
    if before.pending is not None:
        clauses = [SAME_PENDING]
        values[":seen_pending"] = {"S": before.pending.consent.consent_id}
    if before.consent is not None:
        # Compared only if it was read: one that could not be trusted may be replaced.
        clauses.append(SAME_CONSENT)
        values[":seen_consent"] = {"S": before.consent.consent_id}
    return " AND ".join(clauses)
