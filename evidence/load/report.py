"""The table of a run: for a person, and as JSON."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import quantiles
from typing import Any

from rich.console import Console
from rich.table import Table

from load.driver import Run
from load.flows import TAKEN, TOKEN, Seen, Way
from load.judge import exchanges_by_key

#: What each entry's latency is told as a ratio to: the median of the same way in, nearly empty.
_BARE = {
    Way.IAM: Way.BARE_HTTP,
    Way.OAUTH2: Way.BARE_HTTP,
    Way.DIRECT: Way.BARE_DIRECT,
    Way.BATCH: Way.BARE_DIRECT,
    Way.BARE_HTTP: Way.BARE_HTTP,
    Way.BARE_DIRECT: Way.BARE_DIRECT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """One way in. Latencies are those of tokens (of bare calls: of all), over the bare median."""

    entry: str
    answers: int
    tokens: int
    errors: dict[str, int]
    from_provider: int
    latency_ratios: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """One token key at the provider: `lifetimes` passed, and the requests for a new token.

    `per_lifetime` counts those that gave one.
    """

    client: str
    scope: str
    lifetime_seconds: int
    lifetimes: float
    exchanges: int
    refused: int
    per_lifetime: float


def entry_rows(run: Run) -> list[EntryRow]:
    """A row for each way in."""
    by_way: dict[Way, list[Seen]] = {way: [] for way in Way}
    for seen in run.seen:
        by_way[seen.flow.way].append(seen)
    warm_at = run.began_at + run.warm_up_seconds
    took = {way: _percentiles(_timed(way, seen, warm_at)) for way, seen in by_way.items()}
    return [
        _entry_row(way, seen, took[way], took[_BARE[way]]["p50"]) for way, seen in by_way.items()
    ]


def _timed(way: Way, seen: Sequence[Seen], warm_at: float) -> list[float]:
    """The waits that count: warm ones, for a token where tokens are asked for."""
    is_bare = _BARE[way] is way
    return [
        each.seconds
        for each in seen
        if each.sent_at >= warm_at and (is_bare or each.outcome == TOKEN)
    ]


def _entry_row(
    way: Way, seen: Sequence[Seen], took: Mapping[str, float], bare_seconds: float
) -> EntryRow:
    got = [each for each in seen if each.outcome == TOKEN]
    errors = Counter(
        f"{each.status} {each.outcome}" if each.status else each.outcome
        for each in seen
        if each.outcome not in {TOKEN, TAKEN}
    )
    return EntryRow(
        entry=way.value,
        answers=len(seen),
        tokens=len(got),
        errors=dict(errors.most_common()),
        from_provider=len({each.token for each in got if each.fields.get("source") == "provider"}),
        latency_ratios={
            name: round(value / bare_seconds, 2) if bare_seconds else 0.0
            for name, value in took.items()
        },
    )


def _percentiles(took: Sequence[float]) -> dict[str, float]:
    if len(took) < 2:
        return dict.fromkeys(("p50", "p95", "p99", "most"), took[0] if took else 0.0)
    cuts = quantiles(took, n=100, method="inclusive")
    return {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98], "most": max(took)}


def key_rows(run: Run, lifetimes: Mapping[str, int]) -> list[KeyRow]:
    """A row for each token key; *lifetimes* are the provider's, by client."""
    rows = []
    for (client, scope, _), exchanges in sorted(exchanges_by_key(run.exchanges).items()):
        passed = run.seconds / lifetimes[client]
        given = sum(exchange.status == 200 for exchange in exchanges)
        rows.append(
            KeyRow(
                client=client.rpartition("-")[0],
                scope=scope,
                lifetime_seconds=lifetimes[client],
                lifetimes=round(passed, 1),
                exchanges=len(exchanges),
                refused=len(exchanges) - given,
                per_lifetime=round(given / passed, 2),
            )
        )
    return rows


def document(
    run: Run, lifetimes: Mapping[str, int], broken: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """The whole table as JSON. No token stands in it."""
    return {
        "seconds": round(run.seconds, 1),
        "callers": run.callers,
        "memory_seconds": run.memory_seconds,
        "warm_up_seconds": run.warm_up_seconds,
        "tokens_checked_at_the_provider": len(run.issued),
        "grants_removed": len(run.removals),
        "secrets_changed": len(run.turns),
        "provider_failures": run.failures,
        "tokens_reported": sum(seen.fields.get("outcome") == "accepted" for seen in run.seen),
        "min_ttl": _wishes(run),
        "entries": [asdict(row) for row in entry_rows(run)],
        "keys": [asdict(row) for row in key_rows(run, lifetimes)],
        "broken": {rule: list(found) for rule, found in broken.items()},
    }


def _wishes(run: Run) -> dict[str, int]:
    """How many tokens had to live on for `min_ttl_seconds`, and how many did.

    No rule: where an exchange fails or is another's just now, a shorter token beats none.
    """
    wished = [seen for seen in run.seen if seen.flow.min_ttl_seconds and seen.token]
    met = sum(seen.fields["expires_in"] >= seen.flow.min_ttl_seconds for seen in wished)
    return {"asked": len(wished), "met": met}


def show(out: Console, found: Mapping[str, Any]) -> None:
    """Print the table."""
    entries = Table(
        "entry", "answers", "tokens", "exchanges", "p50 p95 p99 most", "not a token", box=None
    )
    for row in found["entries"]:
        ratios = " ".join(f"{ratio:.1f}" for ratio in row["latency_ratios"].values())
        errors = ", ".join(f"{count} {code}" for code, count in row["errors"].items())
        numbers = (str(row[name]) for name in ("answers", "tokens", "from_provider"))
        entries.add_row(row["entry"], *numbers, ratios, errors)
    out.print(entries)
    keys = Table("key", "lifetimes", "exchanges", "refused", "per lifetime", box=None)
    for row in found["keys"]:
        name = f"{row['client']} {row['scope']}, {row['lifetime_seconds']} s"
        keys.add_row(
            name, *(str(row[n]) for n in ("lifetimes", "exchanges", "refused", "per_lifetime"))
        )
    out.print(keys)
    for rule, broken in found["broken"].items():
        if broken:
            out.print(f"BROKEN, {len(broken)} times: {rule}", style="bold red")
            out.print("\n".join(f"  {each}" for each in broken[:5]), style="red", markup=False)
        else:
            out.print(f"held: {rule}")
