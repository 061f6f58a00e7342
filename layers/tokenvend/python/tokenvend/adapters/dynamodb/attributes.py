"""Read DynamoDB attribute values, which may be missing or of another type."""

from datetime import UTC, datetime
from typing import Any

#: An item in botocore's form: `{"S": …}`, `{"N": …}` or `{"B": …}` under each name.
type Item = dict[str, Any]


def text_of(item: Item, name: str) -> str | None:
    """Return the text attribute *name*, or `None`."""
    value = item.get(name, {}).get("S")
    return value if isinstance(value, str) else None


def number_of(item: Item, name: str) -> float | None:
    """Return the number attribute *name*, or `None`."""
    value = item.get(name, {}).get("N")
    return float(value) if value is not None else None


def bytes_of(item: Item, name: str) -> bytes | None:
    """Return the binary attribute *name*, or `None`."""
    value = item.get(name, {}).get("B")
    return bytes(value) if value is not None else None


def number(value: float) -> dict[str, str]:
    """Build a number attribute from *value*, with six decimals: the microseconds of an instant."""
    return {"N": f"{value:.6f}".rstrip("0").rstrip(".")}


def instant_of(seconds: float) -> datetime:
    """Return the instant *seconds* after 1970-01-01T00:00:00Z.

    Raises:
        ValueError: `datetime` cannot represent it. A number attribute may have 126 digits.
    """
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError("an instant that no calendar reaches") from error
