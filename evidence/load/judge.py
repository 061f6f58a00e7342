"""What must hold for every answer and every exchange. Each rule finds what breaks it."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from fuzzing.target import documented_errors
from load.driver import Run
from load.flows import TOKEN, Seen, Way
from tokenvend_local.demo_provider.clients import TokenExchangeRecord

_DOCUMENTED = documented_errors()
_CODES = frozenset(code for _, code in _DOCUMENTED)
#: Memory may answer a reported token for so long, and then one exchange takes its time.
_REPLACED_WITHIN_SECONDS = 10.0


def no_token_is_answered_expired(run: Run) -> Iterator[str]:
    """By the provider's own book and this machine's clock, when the answer arrives."""
    for seen in _with_token(run):
        issued = run.issued.get(seen.token or "")
        if issued is None:
            yield f"{_who(seen)}: the provider knows no such token"
        elif issued.expires_at <= seen.came_at:
            late = seen.came_at - issued.expires_at
            yield f"{_who(seen)}: expired for {late:.1f} s"
        elif seen.fields["expires_at"] > issued.expires_at:
            yield f"{_who(seen)}: said to live longer than it does"


def no_token_is_outside_its_grant(run: Run) -> Iterator[str]:
    """Neither another client's nor with more scopes, by the provider's own book."""
    for seen in _with_token(run):
        issued = run.issued.get(seen.token or "")
        if issued is None:
            continue
        if issued.client_id not in seen.flow.clients:
            yield f"{_who(seen)}: a token of {issued.client_id}"
        if not set(issued.scopes) <= seen.flow.scopes:
            yield f"{_who(seen)}: carries {' '.join(issued.scopes)}"
        if set(seen.fields["scope"].split()) != set(issued.scopes):
            yield f"{_who(seen)}: its scope is not what the answer says"


def every_error_is_documented_with_its_status(run: Run) -> Iterator[str]:
    """docs/requests.md, and `Retry-After` with all that waiting may cure."""
    for seen in run.seen:
        code = seen.fields.get("error")
        if seen.status == 0:
            known, waits = code is None or code in _CODES, bool(seen.fields.get("retryable"))
        else:
            known = seen.status == 200 if code is None else (seen.status, code) in _DOCUMENTED
            waits = seen.status in {429, 503}
        if not known:
            yield f"{_who(seen)}: {seen.status} {code}"
        if waits != seen.has_retry_after:
            yield f"{_who(seen)}: {seen.status} {code} and Retry-After"


def every_request_ends_as_its_flow_may(run: Run) -> Iterator[str]:
    """What is granted and healthy gets a token; what is beyond the grant never does."""
    for seen in run.seen:
        if seen.outcome not in seen.flow.outcomes:
            yield f"{_who(seen)}: {seen.status} {seen.outcome}"


def one_exchange_at_a_time_for_each_key(run: Run) -> Iterator[str]:
    """By the provider's own book."""
    for key, exchanges in exchanges_by_key(run.exchanges).items():
        ordered = sorted(exchanges, key=lambda exchange: exchange.began_at)
        for before, after in pairwise(ordered):
            if after.began_at < before.at:
                yield f"{' '.join(key)}: two for {before.at - after.began_at:.2f} s"


def a_removed_grant_is_gone_within_memory_seconds(run: Run) -> Iterator[str]:
    """Whoever asks later than that gets nothing, until the grant is on its way back."""
    for seen in _with_token(run):
        if not seen.flow.guest:
            continue
        for removal in run.removals:
            gone = removal.since + run.memory_seconds
            if gone <= seen.sent_at and seen.came_at <= removal.until:
                yield f"{_who(seen)}: {seen.sent_at - removal.since:.1f} s after its removal"


def a_changed_secret_is_used_within_memory_seconds(run: Run) -> Iterator[str]:
    """Refusals end with the change: it starts anew, without what failed before."""
    for seen in run.seen:
        if not seen.flow.turned or seen.outcome != "provider_refused":
            continue
        known = (
            turn.since <= seen.came_at and seen.sent_at < turn.until + run.memory_seconds
            for turn in run.turns
        )
        # The change that the end of the run cut short is not in the list; there is none.
        if not any(known):
            yield f"{_who(seen)}: refused with the secret in its place"


def a_reported_token_is_replaced(run: Run) -> Iterator[str]:
    """Later than memory and one exchange take, nobody is answered it any more."""
    reported: dict[str, float] = {}
    for seen in run.seen:
        if seen.fields.get("outcome") == "accepted":
            reported.setdefault(str(seen.fields["token_sha256"]), seen.came_at)
    for seen in _with_token(run):
        accepted_at = reported.get(str(seen.fields["token_sha256"]))
        late = run.memory_seconds + _REPLACED_WITHIN_SECONDS
        if accepted_at is not None and seen.sent_at > accepted_at + late:
            yield f"{_who(seen)}: {seen.sent_at - accepted_at:.1f} s after it was reported"


RULES: tuple[Callable[[Run], Iterator[str]], ...] = (
    no_token_is_answered_expired,
    no_token_is_outside_its_grant,
    every_error_is_documented_with_its_status,
    every_request_ends_as_its_flow_may,
    one_exchange_at_a_time_for_each_key,
    a_removed_grant_is_gone_within_memory_seconds,
    a_changed_secret_is_used_within_memory_seconds,
    a_reported_token_is_replaced,
)


def judge(run: Run) -> dict[str, list[str]]:
    """What breaks each rule, by the rule's words."""
    return {rule.__name__.replace("_", " "): list(rule(run)) for rule in RULES}


def exchanges_by_key(
    exchanges: Sequence[TokenExchangeRecord],
) -> dict[tuple[str, str, str], list[TokenExchangeRecord]]:
    """The exchanges of each token's key: whose, which scopes, for whom."""
    found: dict[tuple[str, str, str], list[TokenExchangeRecord]] = defaultdict(list)
    for each in exchanges:
        found[each.client_id, each.scope or "", each.resource or each.audience or ""].append(each)
    return found


def _with_token(run: Run) -> Iterator[Seen]:
    return (seen for seen in run.seen if seen.outcome == TOKEN)


def _who(seen: Seen) -> str:
    way = "" if seen.flow.way in {Way.BARE_HTTP, Way.BARE_DIRECT} else f"{seen.flow.way.value}, "
    return f"{way}{seen.flow.name}"
