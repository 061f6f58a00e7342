"""Which AWS profile, Region and endpoint to call."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which AWS to call: the usual environment variables and profiles hold, unless set here."""

    stack: str = "tokenvend"
    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
