"""How a fake's tokens are sent to their APIs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Parts:
    """What a request to an API carries; `{token}` stands for the token in each text."""

    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    path_prefix: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)

    def filled(self, token: str) -> dict[str, Any]:
        """Return the fields of an answer with *token*."""
        fields: dict[str, Any] = {"headers": self.headers, "query": self.query}
        if self.path_prefix:
            fields["path_prefix"] = self.path_prefix
        if self.body:
            fields["body"] = self.body
        return {name: _filled(each, token) for name, each in fields.items()}


def _filled(value: Any, token: str) -> Any:
    if isinstance(value, str):
        return value.replace("{token}", token)
    if isinstance(value, Mapping):
        return {name: _filled(each, token) for name, each in value.items()}
    return value
