"""Several environments that interleave, stall and crash at any step, over faults of all kinds."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from tests.fakes.provider import json_response
from tests.simulation.promises import (
    RECOVERY_SECONDS,
    BrokenPromiseError,
    Promises,
    WatchedTokens,
    Wish,
)

from simulation.clock import true_time
from simulation.cloud import Cloud, SimulatedEnvironment
from simulation.kernel import Kernel, Task
from simulation.network import Latency
from tokenvend.domain import bounds
from tokenvend.domain.credential_definition import CredentialDefinition, ScopeMode
from tokenvend.domain.errors import TokenVendError
from tokenvend.domain.registry import Grant
from tokenvend.domain.request import VendRequest
from tokenvend.ports import StoreAwayError

INVOCATION_SECONDS = bounds.FUNCTION_TIMEOUT.total_seconds()
SCOPES = frozenset({"read"})
#: Where an interleaving is most likely to matter.
PLACES = ("a step on", "table.acquire →", "provider.token ←", "table.put →", "the end")
MOST_AT_ONCE = 6
MOST_IDLE = 3
#: Longer than a lease stands.
FREEZE_SECONDS = 13.0
#: How wrong a machine's clock may be; AWS's answers correct it.
MOST_SKEW_SECONDS = 300.0
#: Often quick, sometimes slow, and now and then too slow.
PROVIDER = Latency(0.5, 1.2)


class Event(Enum):
    """What happens around the environments, and lasts or meets the provider's next request."""

    STORE_AWAY = auto()
    STORE_THROTTLED = auto()
    PROVIDER_AWAY = auto()
    PROVIDER_BUSY = auto()
    PROVIDER_BROKEN = auto()
    SECRET_CHANGED = auto()
    ALL_WELL = auto()


class Accident(Enum):
    """What happens to one environment."""

    CRASH = auto()
    LOST_ANSWER = auto()
    FREEZE = auto()


@dataclass(eq=False)
class Invocation:
    """One request under way. Lambda ends it at `deadline_at`; `answered` is what came of it."""

    environment: SimulatedEnvironment
    wish: Wish
    task: Task
    deadline_at: float
    answered: bool | None = None


@dataclass(frozen=True, slots=True)
class Idle:
    """An environment with nothing to do, and what it was asked last."""

    environment: SimulatedEnvironment
    wish: Wish | None


class VendingMachine(RuleBasedStateMachine):
    """The vending core, where anything may go wrong at any pause.

    The promises are judged at each exchange and each answer, so the rules only act.
    """

    @initialize(
        seed=st.integers(0, 2**16),
        token_lives=st.sampled_from([60, 300, 1800]),
        skews=st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.5, 1.0]), min_size=3, max_size=3),
    )
    def build(self, seed: int, token_lives: int, skews: list[float]) -> None:
        self.kernel = Kernel(seed)
        tokens = WatchedTokens(self.kernel)
        self.cloud = Cloud(self.kernel, token_lives=token_lives, tokens=tokens)
        self.promises = Promises(self.cloud, tokens)
        self.cloud.provider_network.latency = PROVIDER
        self.cloud.provider.on_request = self.promises.judge_exchange
        self.token_lives = token_lives
        self.idle = [
            Idle(self.cloud.environment(skew=skew * MOST_SKEW_SECONDS), None) for skew in skews
        ]
        self.under_way: list[Invocation] = []
        self.is_troubled = False
        self.wishes = [
            self._wish("jobs", "https://jobs.example"),
            self._wish("jobs", "https://people.example"),
            self._wish("mail", "https://mail.example"),
        ]

    def _wish(self, credential: str, audience: str) -> Wish:
        self.cloud.add_credential(
            CredentialDefinition(
                name=credential,
                provider="acme",
                token_endpoint=f"https://login.{credential}.example/token",
                scopes=SCOPES,
                scope_mode=ScopeMode.NARROWS,
            )
        )
        grant = Grant(
            caller=audience.removeprefix("https://"),
            credential=credential,
            scopes=SCOPES,
            audiences=frozenset({audience}),
        )
        wish = Wish(self.cloud.add_grant(grant), grant, VendRequest(credential))
        self.promises.granted_until[wish] = float("inf")
        return wish

    # Callers

    @precondition(lambda self: len(self.under_way) < MOST_AT_ONCE)
    @rule(
        which=st.integers(0, 2),
        environment=st.integers(0, MOST_IDLE),
        at_once=st.integers(1, 3),
        place=st.sampled_from(PLACES),
        one_ends=st.booleans(),
    )
    def ask(
        self, which: int, environment: int, at_once: int, place: str, *, one_ends: bool
    ) -> None:
        """Some environments are asked for the same token and get as far as a place, or one on."""
        asked = [self._ask(self.wishes[which], environment) for _ in range(at_once)]
        for invocation in asked:
            self._run_up_to(invocation, place)
        if one_ends:
            self._run_up_to(asked[0], "the end")

    @precondition(lambda self: self.idle)
    @rule(
        seconds=st.sampled_from([0.0, 29.0, 31.0, 59.0, 61.0]),
        loses_its_grant=st.sampled_from([False, True]),
    )
    def ask_again(self, seconds: float, *, loses_its_grant: bool) -> None:
        """The environment that was busy last is asked once more for what it gave then."""
        wish = self.idle[-1].wish or self.wishes[0]
        if loses_its_grant and self._grants.pop(_name_of(wish), None) is not None:
            self.promises.granted_until[wish] = self.kernel.now
            self.is_troubled = True
        self.time_passes(seconds)
        if self.idle:
            self._run_up_to(self._ask(self.idle[-1].wish or wish, 0), "the end")

    def _ask(self, wish: Wish, choice: int) -> Invocation:
        return self._start(wish, choice, self._vend)

    def _start(self, wish: Wish, choice: int, run: Callable[[Invocation], None]) -> Invocation:
        if choice < len(self.idle):
            # As Lambda does, the one that was busy last.
            environment = self.idle.pop(-1 - choice).environment
        else:
            environment = self.cloud.environment(
                skew=self.kernel.random.uniform(-MOST_SKEW_SECONDS, MOST_SKEW_SECONDS)
            )
        task = self.kernel.spawn(lambda: run(invocation), name=wish.grant.caller)
        invocation = Invocation(environment, wish, task, self.kernel.now + INVOCATION_SECONDS)
        self.kernel.call_at(invocation.deadline_at, lambda: self.kernel.kill(task))
        self.under_way.append(invocation)
        return invocation

    def _vend(self, invocation: Invocation) -> None:
        environment, wish = invocation.environment, invocation.wish
        left = bounds.FUNCTION_TIMEOUT
        try:
            vended = environment.vendor.vend(wish.proof, wish.request, time_left=left)
        except TokenVendError:
            invocation.answered = False
        else:
            self.promises.judge_answer(wish, vended)
            invocation.answered = True

    @precondition(lambda self: len(self.under_way) < MOST_AT_ONCE)
    @rule(environment=st.integers(0, MOST_IDLE), place=st.sampled_from(PLACES))
    def renew(self, environment: int, place: str) -> None:
        """A run of the schedule, over the shards that have something."""
        self._run_up_to(self._start(self.wishes[0], environment, self._renew), place)

    def _renew(self, invocation: Invocation) -> None:
        self.promises.renewals.add(invocation.task)
        renewer, deadline = invocation.environment.renewer, invocation.environment.clock.monotonic()
        deadline += INVOCATION_SECONDS
        shards = {
            int(key[:8], 16) % bounds.RENEWAL_SHARDS for key in self.cloud.tokens.everything()
        }
        with suppress(StoreAwayError):
            for shard in sorted(shards):
                for slot, key in renewer.due(shard):
                    renewer.renew(slot, key, deadline=deadline)
        invocation.answered = True

    # Time, and who gets on in it

    @precondition(lambda self: self.under_way)
    @rule(which=st.integers(0, MOST_AT_ONCE - 1), place=st.sampled_from(PLACES))
    def let_one_run(self, which: int, place: str) -> None:
        """One environment gets on, perhaps out of turn: then the others have stalled."""
        self._run_up_to(self._pick(which), place)

    def _run_up_to(self, invocation: Invocation, place: str) -> None:
        """Let it get to the next call of a kind, or to where it waits for somebody else."""
        self._step(invocation)
        while not invocation.task.is_over and place != "a step on":
            if invocation.task.waits_for in {place, "sleep"}:
                break
            self._step(invocation)
        self._tidy()

    def _step(self, invocation: Invocation) -> None:
        self._end_invocations_until(invocation.task.wakes_at)
        if not invocation.task.is_over:
            self.kernel.resume(invocation.task)

    @rule(seconds=st.sampled_from([0.02, 0.3, 2.0, 11.0, 13.0, 21.0, 31.0]))
    def time_passes(self, seconds: float) -> None:
        """Everybody gets on."""
        self.kernel.run(until=self.kernel.now + seconds)
        self._tidy()

    @rule(share=st.sampled_from([0.5, 0.8, 0.88, 0.95]))
    def tokens_age(self, share: float) -> None:
        self.time_passes(share * self.token_lives)

    @precondition(lambda self: self.under_way)
    @rule(
        which=st.integers(0, MOST_AT_ONCE - 1),
        place=st.sampled_from(PLACES),
        accident=st.sampled_from(Accident),
    )
    def meets_with(self, which: int, place: str, accident: Accident) -> None:
        """At the next call of a kind, something happens to one environment."""
        self.is_troubled = True
        invocation = self._pick(which)
        self._run_up_to(invocation, place)
        task = invocation.task
        match accident:
            case Accident.CRASH:
                self.kernel.kill(task)
            case Accident.LOST_ANSWER:
                self.cloud.store_network.loses_answer_of.add(task)
                self.cloud.provider_network.loses_answer_of.add(task)
            case Accident.FREEZE if not task.is_over:
                self.kernel.delay(task, FREEZE_SECONDS)
        self._tidy()

    def _pick(self, which: int) -> Invocation:
        return self.under_way[which % len(self.under_way)]

    def _end_invocations_until(self, instant: float) -> None:
        for invocation in self.under_way:
            if invocation.deadline_at <= instant:
                self.kernel.kill(invocation.task)

    def _tidy(self) -> None:
        """Where a request has ended the environment is idle again; a killed one is gone."""
        for invocation in [each for each in self.under_way if each.task.is_over]:
            self.under_way.remove(invocation)
            if invocation.answered is not None and len(self.idle) < MOST_IDLE:
                self.idle.append(Idle(invocation.environment, invocation.wish))

    # What goes wrong around them

    @rule(event=st.sampled_from(Event), which=st.integers(0, 2))
    def happens(self, event: Event, which: int) -> None:
        self.is_troubled = True
        provider = self.cloud.provider.inner
        match event:
            case Event.STORE_AWAY:
                self._store_is_away(away=True)
            case Event.STORE_THROTTLED:
                self.cloud.tokens.is_throttled = True
            case Event.PROVIDER_AWAY:
                provider.is_away = True
            case Event.PROVIDER_BUSY:
                provider.script(json_response({}, status=429, retry_after="3"))
            case Event.PROVIDER_BROKEN:
                provider.script(json_response({}, status=503))
            case Event.ALL_WELL:
                self._all_is_well_again()
            case Event.SECRET_CHANGED:
                self._change_secret(self.wishes[which].grant.credential)

    def _change_secret(self, credential: str) -> None:
        if self.cloud.states.is_away:
            return
        self.cloud.states.start_secret_generation(credential, None, f"epoch-{self.kernel.now}")
        self.promises.secret_changed_at = self.kernel.now

    def _store_is_away(self, *, away: bool) -> None:
        self.cloud.tokens.is_away = self.cloud.states.is_away = away
        self.cloud.registry.fails_with = StoreAwayError("no answer") if away else None
        if away:
            self.promises.store_away_until = float("inf")
        elif self.promises.store_away_until == float("inf"):
            self.promises.store_away_until = self.kernel.now

    @property
    def _grants(self) -> dict[tuple[str, str], Grant]:
        return self.cloud.registry.grants

    def _all_is_well_again(self) -> None:
        self._store_is_away(away=False)
        self.cloud.tokens.is_throttled = False
        provider = self.cloud.provider.inner
        provider.is_away = False
        provider.unscript()
        for wish in self.wishes:
            self._grants[_name_of(wish)] = wish.grant
            self.promises.granted_until[wish] = float("inf")

    # And then it is over

    @precondition(lambda self: self.is_troubled)
    @rule()
    def recover(self) -> None:
        """When nothing fails any more, everybody is answered again within a known time."""
        self.is_troubled = False
        self._all_is_well_again()
        patience = self.kernel.now + RECOVERY_SECONDS + self._back_off_left()
        missing = set(self.wishes)
        while missing and self.kernel.now < patience:
            asked = [self._ask(wish, MOST_IDLE + 1) for wish in self.wishes if wish in missing]
            self.time_passes(INVOCATION_SECONDS)
            missing -= {invocation.wish for invocation in asked if invocation.answered}
        if missing:
            raise BrokenPromiseError(
                "progress after any crash", f"no answer {RECOVERY_SECONDS:g} s after all was well"
            )

    def _back_off_left(self) -> float:
        now = true_time(self.kernel)
        failures = [item.failure for item in self.cloud.tokens.everything().values()]
        failures += [self.cloud.states.state(name).failure for name in ("jobs", "mail")]
        ends = [(failure.retry_at - now).total_seconds() for failure in failures if failure]
        return max([0.0, *ends])


def _name_of(wish: Wish) -> tuple[str, str]:
    return wish.proof.identity, wish.grant.credential
