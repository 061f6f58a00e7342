"""Print commands to copy, for a person to try the local stack."""

from rich.console import Console
from rich.text import Text

_FOLDER = "build/local-stack"
_GRANT_TYPE = "-d grant_type=client_credentials"
_SCOPES_REQUESTED = "--caller dashboard --credential reports"

#: A command, and what it shows.
NEXT = (
    (
        f"source {_FOLDER}/env",
        "the tokenvend and aws commands then talk to this stack, and to no other",
    ),
    (
        f"curl -sS -K {_FOLDER}/dashboard.curl {_GRANT_TYPE} -d scope=reports:read",
        "a token for the OAuth client; with scope=reports:write it is refused",
    ),
    (
        f"curl -sS -K {_FOLDER}/careers-site.curl {_GRANT_TYPE}",
        "a token for a role, in a request that the role signed",
    ),
    (
        f"tokenvend explain --deployed {_SCOPES_REQUESTED} --scope reports:write",
        "the rule behind a decision, without vending",
    ),
    (
        'tokenvend block caller dashboard --reason "trying it out"',
        "takes effect within 30 s; tokenvend unblock caller dashboard lifts it",
    ),
    ("make down", "stops it all"),
)


def how_ada_consented(*, in_browser: bool) -> str:
    """Return how the tour's user went through the pages."""
    if in_browser:
        return "Ada consented in headless Chromium."
    return (
        "No Chromium with its driver was found, so Ada's steps were plain HTTP requests. "
        "To take them yourself, open the link that make up prints."
    )


def print_link(out: Console, link: str) -> None:
    """Print the link at which a person can consent."""
    out.print("\nConsent yourself: open this within 10 minutes", style="bold")
    out.print(Text(f"  {link}", style="cyan"), soft_wrap=True)
    out.print(
        "      It ends at the application's address, where nobody listens in this demo.",
        soft_wrap=True,
    )


def print_next(out: Console, *, is_up: bool) -> None:
    """Print the commands to try, each on a line of its own, never wrapped."""
    out.print("\nWhat to try next", style="bold")
    up = [] if is_up else [("make up", "the same stack, left running; then, in this folder:")]
    for command, shows in [*up, *NEXT]:
        out.print(Text(f"  {command}", style="cyan"), soft_wrap=True)
        out.print(Text(f"      {shows}"), soft_wrap=True)
    out.print(
        "\nBehind it all: demo/tokenvend.yaml. More: docs/local-stack.md",
        soft_wrap=True,
    )
