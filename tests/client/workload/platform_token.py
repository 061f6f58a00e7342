"""The token of a platform, and STS that makes one."""

from dataclasses import dataclass, field

JWT = "eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl"


@dataclass
class Sts:
    """STS as its service model describes it; `asked` has each form that came."""

    url: str = ""
    answer: tuple[int, str] = (200, "")
    asked: list[dict[str, str]] = field(default_factory=list)
