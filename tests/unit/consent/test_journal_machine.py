"""Many environments at one refresh token, in any order, dying anywhere.

Each rule is one step of one environment: begin, send, hear or never hear, keep, give back, give
up, die. Time passes between any two. The provider rotates and punishes a replay.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
)
from tests.fakes.clock import START
from tests.fakes.connection_store import InMemoryConnectionStore
from tests.unit.consent.refreshing import CONSENT, KEY

from tokenvend.domain import bounds
from tokenvend.domain.connection import Connection, JournalEntry
from tokenvend.domain.journal import CannotRedeem, Successor, begin, redeemable_from
from tokenvend.domain.secret import Secret
from tokenvend.ports import StoreResult

INVOCATION = timedelta(seconds=20)


@dataclass(frozen=True)
class Holder:
    """An environment that has written the journal, and has not sent the token yet."""

    begun: Connection
    entry: JournalEntry


@dataclass(frozen=True)
class Heard:
    """An environment that has the provider's answer. `successor` is `None` for invalid_grant."""

    holder: Holder
    successor: Successor | None


class Journal(RuleBasedStateMachine):
    """The machine. `provider_newest` is 0 once the provider has ended the consent."""

    holders = Bundle("holders")
    answers = Bundle("answers")

    @initialize(has_grace=st.booleans())
    def start(self, *, has_grace: bool) -> None:
        self.has_grace = has_grace
        self.store = InMemoryConnectionStore()
        self.store.seed(Connection(key=KEY, consent=CONSENT, number=1))
        self.now = START
        self.ids = count()
        self.provider_newest = 1
        self.is_revoked = False
        #: When each number was sent, and by whom.
        self.sent: list[tuple[int, str]] = []
        #: Until when each holder that has neither ended nor said a word may still be alive.
        self.alive_until: dict[str, datetime] = {}
        self.silent_deaths = 0
        self.reported = 0
        self.lost = 0
        self.refused = 0
        self.healed_from_loss = 0
        self.kept: list[int] = []

    @rule(target=holders)
    def begin(self) -> Holder | None:
        """An environment reads, and begins if it may."""
        before = self._read()
        holder_id = f"h{next(self.ids)}"
        entry = begin(before, holder_id=holder_id, now=self.now, deadline_at=self.now + INVOCATION)
        if entry is CannotRedeem.HOLDER_GONE_TWICE:
            assert before.journal_entry is not None
            self.lost += self.store.mark_lost(before, before.journal_entry)
        if not isinstance(entry, JournalEntry):
            return None
        for other, until in self.alive_until.items():
            held = before.journal_entry
            raced = held is not None and held.holder_id == other and held.retry_at is None
            assert not (raced and self.now < until), "a live holder was raced"
        if before.journal_entry is not None and before.journal_entry.retry_at is None:
            self.silent_deaths += 1
        begun = self.store.begin_redemption(before, entry)
        assert begun is not None
        self.alive_until[holder_id] = redeemable_from(entry)
        return Holder(begun, entry)

    @rule(target=holders, holder=holders)
    def begin_on_an_old_read(self, holder: Holder | None) -> Holder | None:
        """Somebody who read long ago begins: the table must know better."""
        if holder is None:
            return None
        late = replace(holder.entry, holder_id=f"h{next(self.ids)}")
        before = replace(holder.begun, journal_entry=None)
        current = self._read()
        won = self.store.begin_redemption(before, late)
        if current.number != before.number or current.journal_entry is not None or current.is_lost:
            assert won is None
        if won is None:
            return None
        self.alive_until[late.holder_id] = redeemable_from(late)
        return Holder(won, late)

    @rule(target=answers, holder=consumes(holders), is_heard=st.booleans())
    def send(self, holder: Holder | None, *, is_heard: bool) -> Heard | None:
        """The token reaches the provider, even after its holder should have been dead."""
        if holder is None:
            return None
        number = holder.begun.number
        self.sent.append((number, holder.entry.holder_id))
        answer = self._provider(number)
        return Heard(holder, answer) if is_heard else None

    @rule(answer=consumes(answers))
    def keep(self, answer: Heard | None) -> None:
        """An environment keeps what it heard, or gives the consent up, however late."""
        if answer is None:
            return
        begun, entry = answer.holder.begun, answer.holder.entry
        before = self._read()
        self.alive_until.pop(entry.holder_id, None)
        if answer.successor is None:
            self.refused += 1
            self.lost += self.store.mark_lost(begun, entry)
            return
        kept = self.store.finish_redemption(begun, answer.successor)
        if before.number == begun.number:
            assert kept is StoreResult.STORED
            self.kept.append(begun.number + 1)
            self.healed_from_loss += before.is_lost
        else:
            assert kept is StoreResult.SUPERSEDED
            assert self._read() == before

    @rule(holder=consumes(holders))
    def provider_away(self, holder: Holder | None) -> None:
        """An environment lives, and never reached the provider or heard nothing of it."""
        if holder is None:
            return
        self.reported += 1
        self.alive_until.pop(holder.entry.holder_id, None)
        self.store.release_redemption(
            holder.begun, holder.entry, retry_at=redeemable_from(holder.entry)
        )

    @rule(holder=consumes(holders))
    def die(self, holder: Holder | None) -> None:
        """An environment ends without a word."""

    @rule(answer=consumes(answers))
    def die_with_the_answer(self, answer: Heard | None) -> None:
        """An environment ends with what it heard."""

    @rule(seconds=st.sampled_from([1, 19, 21, 49, 51, 3600]))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @invariant()
    def the_number_only_grows_by_what_was_kept(self) -> None:
        if hasattr(self, "store"):
            assert self.kept == list(range(2, self._read().number + 1))

    @invariant()
    def a_consent_is_told_lost_once_for_each_time_it_is(self) -> None:
        if hasattr(self, "store"):
            assert self.lost == self.healed_from_loss + self._read().is_lost

    @invariant()
    def a_consent_is_lost_by_a_refusal_or_by_two_deaths(self) -> None:
        if hasattr(self, "store") and self._read().is_lost:
            assert self.refused or self.silent_deaths

    @invariant()
    def what_is_kept_came_from_the_provider(self) -> None:
        if not hasattr(self, "store"):
            return
        consent = self._read().consent
        assert consent is not None
        number = int(consent.refresh_token.reveal().removeprefix("refresh-"))
        assert number <= self.provider_newest
        if not self.has_grace:
            # Only one successor of each number was ever made, so the two count alike.
            assert number == self._read().number

    def _read(self) -> Connection:
        found = self.store.read(KEY)
        assert found is not None
        return found

    def _provider(self, number: int) -> Successor | None:
        consent = self._token_of(number)
        if self.is_revoked:
            return None
        if consent == self.provider_newest:
            self.provider_newest += 1
        elif not (self.has_grace and consent == self.provider_newest - 1):
            self.is_revoked = True
            return None
        return Successor(
            refresh_token=Secret(f"refresh-{self.provider_newest}"),
            scopes=None,
            refreshed_at=self.now,
            refresh_expires_at=None,
        )

    def _token_of(self, number: int) -> int:
        """With one successor for each number, token and number are the same."""
        return number


Journal.TestCase.settings = settings(max_examples=300, stateful_step_count=40)
TestJournal = Journal.TestCase


def test_the_machine_waits_long_enough_to_see_deaths() -> None:
    assert timedelta(seconds=51) > INVOCATION + bounds.CLOCK_SKEW > timedelta(seconds=49)
