"""Direct callers' aliases, in memory."""

from dataclasses import dataclass, field

from tokenvend.ports import StoreAwayError


@dataclass
class FakeCallerAliases:
    """`ports.CallerAliases` on a dictionary: the version that each alias points at."""

    versions: dict[str, str] = field(default_factory=lambda: {"live": "1"})
    is_away: bool = False

    def behind(self) -> list[str]:
        if self.is_away:
            raise StoreAwayError("Lambda does not answer")
        live = self.versions["live"]
        return sorted(name for name, version in self.versions.items() if version != live)
