"""What a probe found, and the lines that it suggests for the file."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class Finding:
    """One question and its answer; `None`: the provider's answers do not tell."""

    question: str
    answer: str | None
    how: str = ""

    def to_dict(self) -> dict[str, str | None]:
        """Return the fields for JSON output."""
        return {"question": self.question, "answer": self.answer, "how": self.how}


@dataclass(slots=True)
class ProbeFindings:
    """Everything that was found, and the values that it suggests, in the file's own words."""

    found: list[Finding] = field(default_factory=list)
    provider: dict[str, Any] = field(default_factory=dict)
    credential: dict[str, Any] = field(default_factory=dict)

    def add(self, question: str, answer: str | None, how: str = "") -> None:
        """Note one answer."""
        self.found.append(Finding(question, answer, how))

    def suggestion(self, provider: str, credential: str, *, today: date) -> str:
        """Return the lines for the file that say what was measured; empty if nothing was."""
        measured: dict[str, Any] = {}
        if self.provider:
            values, source = dict(self.provider), f"tokenvend probe {credential}, {today}"
            if values.get("scope_mode") == "narrows":
                values["scope_mode_source"] = source
            if "consent_flow" in values:
                said = {"refresh_names_scopes_source": source}
                values["consent_flow"] = values["consent_flow"] | said
            measured["providers"] = {provider: values}
        if self.credential:
            measured["credentials"] = {credential: self.credential}
        return yaml.safe_dump(measured, sort_keys=False) if measured else ""
