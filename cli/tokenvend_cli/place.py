"""Where AWS is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where AWS is: the usual environment variables and profiles hold, unless said here."""

    stack: str = "tokenvend"
    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
