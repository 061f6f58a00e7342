"""What a month costs at three sizes, beside the other ways to get the same tokens.

`python -m benchmarks.sizes` prints the table of docs/why-not.md from build/cost.json, which
`make bench` writes.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.cost import COST, MILLION
from benchmarks.prices import PRICES

#: List prices of others, in dollars, from their price pages; AWS's in us-east-1.
ELSEWHERE_AS_OF: Final = "2025-12"
AGENTCORE_TOKEN_REQUEST: Final = 0.010 / 1000
API_DESTINATION_REQUEST: Final = 0.20 / MILLION
#: t3.medium, Linux, on demand.
SMALL_SERVER_HOUR: Final = 0.0416
_HOURS: Final = 730
_VAULT_SERVERS: Final = 3
#: Of the parts of `cost.standing`: the others are off by default, or come with the years.
STANDING: Final = ("key", "metrics", "alarms", "dashboard", "looking for renewals")

#: A function of one's own: 256 MB for 3 ms, and the lines that Lambda logs of each invocation.
_OWN_GB_SECONDS: Final = 0.25 * 0.003
_OWN_LOG_GB: Final = 420e-9


@dataclass(frozen=True, slots=True)
class Size:
    """How much an organisation asks in a month."""

    name: str
    vends: int
    secrets: int


SIZES: Final = (
    Size("small", 100_000, 5),
    Size("medium", 10 * MILLION, 20),
    Size("large", 500 * MILLION, 200),
)


def tokenvend(size: Size, *, per_million: float, standing: float) -> float:
    """Dollars a month: what stands, the secrets, and the vends."""
    return standing + _secrets(size) + per_million * size.vends / MILLION


def own_function(size: Size) -> float:
    """Dollars a month for a Lambda function of 80 lines that is invoked directly."""
    each = (
        PRICES["Lambda request"]
        + PRICES["Lambda GB-second"] * _OWN_GB_SECONDS
        + PRICES["CloudWatch Logs GB ingested"] * _OWN_LOG_GB
    )
    return _secrets(size) + each * size.vends


def agentcore(size: Size) -> float:
    """Dollars a month where each vend is a request to AgentCore Identity."""
    return AGENTCORE_TOKEN_REQUEST * size.vends


def api_destinations(size: Size) -> float:
    """Dollars a month where each vend is an event that EventBridge delivers; secrets included."""
    return API_DESTINATION_REQUEST * size.vends


def vault(size: Size) -> float:
    """Dollars a month for three small servers of one's own; nobody's work, no licence."""
    del size
    return SMALL_SERVER_HOUR * _HOURS * _VAULT_SERVERS


def _secrets(size: Size) -> float:
    return PRICES["Secret, a month"] * size.secrets


def rows(*, over_http: float, direct: float, standing: float) -> dict[str, list[float]]:
    """Dollars a month at each size, for each way; two arguments are for a million vends."""
    return {
        "tokenvend, HTTP": [
            tokenvend(size, per_million=over_http, standing=standing) for size in SIZES
        ],
        "tokenvend, direct invocation": [
            tokenvend(size, per_million=direct, standing=standing) for size in SIZES
        ],
        "80 lines of Lambda": [own_function(size) for size in SIZES],
        "AgentCore Identity": [agentcore(size) for size in SIZES],
        "EventBridge API destinations": [api_destinations(size) for size in SIZES],
        "Vault on three servers": [vault(size) for size in SIZES],
    }


def from_measurement(document: Mapping[str, Any]) -> dict[str, list[float]]:
    """The rows by what `benchmarks.cost` has measured."""
    mixes = {row["entry"]: row["total"] for row in document["rows"] if row["source"] == "the mix"}
    standing = sum(document["standing"][part] for part in STANDING)
    return rows(over_http=mixes["HTTP"], direct=mixes["direct"], standing=standing)


def as_table(found: Mapping[str, list[float]]) -> list[str]:
    """The rows as Markdown."""
    return [
        f"| {way} | {' | '.join(f'${dollars:,.0f}' for dollars in months)} |"
        for way, months in found.items()
    ]


def main() -> int:
    """Print the table; 1 if nothing has been measured."""
    if not COST.is_file():
        print("Nothing is measured yet: run `make bench`.", file=sys.stderr)
        return 1
    print("\n".join(as_table(from_measurement(json.loads(COST.read_text(encoding="utf-8"))))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
