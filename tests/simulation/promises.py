"""What must hold whatever happens: judged in true time, by one who sees everything."""

from dataclasses import dataclass, field
from datetime import timedelta

from tests.fakes.token_store import InMemoryTokenStore

from simulation.clock import true_time
from simulation.cloud import Cloud
from simulation.kernel import Kernel, Task
from tokenvend.domain import bounds
from tokenvend.domain.answer import Source
from tokenvend.domain.freshness import renewable_from
from tokenvend.domain.identity import Proof
from tokenvend.domain.lease import Lease
from tokenvend.domain.oauth.token_request import ProviderRequest
from tokenvend.domain.registry import Grant
from tokenvend.domain.request import VendRequest
from tokenvend.domain.token import AccessToken
from tokenvend.ports import TokenItem
from tokenvend.vending.vend_result import VendResult

LEASE_SECONDS = bounds.LEASE.total_seconds()
#: Within this share of its life, no clock that the design tolerates calls a token overdue.
SURELY_GOOD_SHARE = 0.65
#: A rounding error of floating-point seconds.
INSTANT = 1e-6
#: By how much two corrected clocks may differ, and what whole seconds hide.
CLOCKS = timedelta(seconds=6)
#: How long after the last fault a request may still be refused: a dead holder's invocation,
#: the allowance for skew and the skew itself, and a poll.
RECOVERY_SECONDS = (bounds.FUNCTION_TIMEOUT + 2 * bounds.CLOCK_SKEW).total_seconds() + 5


class BrokenPromiseError(AssertionError):
    """Something happened that must never happen; `promise` names it."""

    def __init__(self, promise: str, details: str) -> None:
        super().__init__(f"{promise}: {details}")
        self.promise = promise


@dataclass(frozen=True, slots=True)
class Wish:
    """A request that some caller makes."""

    proof: Proof
    grant: Grant
    request: VendRequest

    @property
    def audience(self) -> str:
        """The one audience that the token is for."""
        (audience,) = self.grant.audiences
        return audience


@dataclass(frozen=True, slots=True)
class Held:
    """A lease as the table gave it: for what, when, to whom, and what else the item held."""

    key: str
    task: Task
    requested_at: float
    at: float
    item: TokenItem


class WatchedTokens(InMemoryTokenStore):
    """The tokens table, under observation."""

    def __init__(self, kernel: Kernel) -> None:
        super().__init__()
        self._kernel = kernel
        self.newest_lease_of: dict[Task, Held] = {}

    def acquire_lease(
        self, key: str, lease: Lease, *, instead_of: Lease | None
    ) -> TokenItem | None:
        item = super().acquire_lease(key, lease, instead_of=instead_of)
        if item is not None:
            task = self._kernel.running
            requested_at = self._kernel.running.began_at
            self.newest_lease_of[task] = Held(key, task, requested_at, self._kernel.now, item)
        return item


@dataclass
class Promises:
    """Judges each answer and each exchange."""

    cloud: Cloud
    tokens: WatchedTokens
    #: When each wish was last granted, in true seconds; infinity while it is.
    granted_until: dict[Wish, float] = field(default_factory=dict)
    secret_changed_at: float = float("-inf")
    store_away_until: float = float("-inf")
    renewals: set[Task] = field(default_factory=set)

    def judge_answer(self, wish: Wish, vended: VendResult) -> None:
        """Judge an answer at the instant at which it is given."""
        now, answer = self.cloud.kernel.now, vended.answer
        issued = self.cloud.provider.issued[answer.token.access_token.reveal()]
        if now >= issued.expires_at:
            raise BrokenPromiseError(
                "no expired token is answered", f"{now - issued.expires_at:.3f} s too late"
            )
        if issued.audience != wish.audience:
            raise BrokenPromiseError(
                "no token outside its key", f"one for {issued.audience}, not {wish.audience}"
            )
        said = (answer.token.expires_at - answer.answered_at).total_seconds()
        if said > issued.expires_at - now + INSTANT:
            raise BrokenPromiseError(
                "no more life is promised than there is",
                f"{said:.3f} s of {issued.expires_at - now:.3f} s",
            )
        self._judge_age_of_decision(wish, vended)

    def _judge_age_of_decision(self, wish: Wish, vended: VendResult) -> None:
        now = self.cloud.kernel.now
        in_outage = vended.failed is not None and vended.failed.rule == "store.away"
        if vended.answer.source is not Source.MEMORY:
            bound = now - self.cloud.kernel.running.began_at
        elif in_outage:
            bound = float(bounds.OUTAGE_GRACE_SECONDS_DEFAULT)
        else:
            bound = self.cloud.memory.total_seconds()
        age = now - self.granted_until[wish]
        if age > bound + INSTANT:
            raise BrokenPromiseError(
                "no decision is older than its bound", f"{age:.3f} s, bound {bound:g} s"
            )

    def judge_exchange(self, task: Task, request: ProviderRequest) -> None:
        """Judge an exchange that is about to begin."""
        now, mine = self.cloud.kernel.now, self.tokens.newest_lease_of.get(task)
        if mine is None:
            if now - self.store_away_until > bounds.FUNCTION_TIMEOUT.total_seconds():
                raise BrokenPromiseError("no exchange without a lease, but in an outage", task.name)
            return
        for lease in self._leases_in_flight_beside(task, request):
            # Whoever stalls for longer than its lease stands may cost one more.
            if now - min(lease.at, mine.at) < LEASE_SECONDS - INSTANT:
                raise BrokenPromiseError(
                    "one exchange at a time for each key",
                    f"the leases are {now - lease.at:.3f} s and {now - mine.at:.3f} s old",
                )
        if mine.item.token is not None and self.secret_changed_at < mine.requested_at:
            self._judge_need(mine, mine.item.token)

    def _judge_need(self, mine: Held, token: AccessToken) -> None:
        credential = mine.item.spec.credential if mine.item.spec else ""
        if token.secret_generation != self.cloud.states.state(credential).secret_generation:
            return
        issued = self.cloud.provider.issued[token.access_token.reveal()]
        age = self.cloud.kernel.now - issued.issued_at
        if mine.task in self.renewals:
            is_early = renewable_from(mine.key, token) - true_time(self.cloud.kernel) > CLOCKS
            if is_early or not mine.item.is_in_use:
                raise BrokenPromiseError(
                    "renewed is what was asked for and is due", f"one of {age:.3f} s of age"
                )
        elif age < SURELY_GOOD_SHARE * (issued.expires_at - issued.issued_at):
            raise BrokenPromiseError(
                "no exchange for a token that is there", f"the lease came with one of {age:.3f} s"
            )

    def _leases_in_flight_beside(self, task: Task, request: ProviderRequest) -> list[Held]:
        return [
            self.tokens.newest_lease_of[other]
            for other, its in self.cloud.provider.in_flight.items()
            if other is not task
            and other in self.tokens.newest_lease_of
            and its.form["audience"] == request.form["audience"]
        ]
