"""DynamoDB's attribute values, read without trusting what is there."""

from typing import Any

type Item = dict[str, dict[str, Any]]


def text_of(item: Item, name: str) -> str | None:
    """The text attribute *name*, or `None`."""
    value = item.get(name, {}).get("S")
    return value if isinstance(value, str) else None


def number_of(item: Item, name: str) -> float | None:
    """The number attribute *name*, or `None`."""
    value = item.get(name, {}).get("N")
    return float(value) if value is not None else None


def bytes_of(item: Item, name: str) -> bytes | None:
    """The binary attribute *name*, or `None`."""
    value = item.get(name, {}).get("B")
    return bytes(value) if value is not None else None


def number(value: float) -> dict[str, str]:
    """*value* as a number attribute. Whole milliseconds are enough for an instant."""
    return {"N": format(round(value, 3), ".3f").rstrip("0").rstrip(".")}
