"""What a simulated month costs in dollars, from what it counted."""

from benchmarks.prices import AS_OF, PRICES

MILLION = 1_000_000
#: Per million vends from memory, as docs/cost.md has them: gateway, function and logs.
HTTP_BASE, DIRECT_BASE = 4.49, 0.72


def cost_per_million(
    *, vends: float, read_units: float, write_units: float, exchanges: int, environments: int
) -> dict[str, object]:
    """Dollars per million vends, by entry, with what each part of them is.

    An exchange reads a secret; an environment has its data key opened once by KMS.
    """
    parts = {
        "DynamoDB reads": read_units * PRICES["DynamoDB read request unit"],
        "DynamoDB writes": write_units * PRICES["DynamoDB write request unit"],
        "Secrets Manager": exchanges * PRICES["Secrets Manager request"],
        "KMS": environments * PRICES["KMS request"],
    }
    each = {name: round(dollars / vends * MILLION, 4) for name, dollars in parts.items()}
    tables = sum(each.values())
    return {
        "http": round(HTTP_BASE + tables, 2),
        "direct": round(DIRECT_BASE + tables, 2),
        "beside gateway, function and logs": each,
        "prices_as_of": AS_OF,
    }
