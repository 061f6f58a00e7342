"""`providers`: the profiles that are shipped, and how sure each of their facts is."""

from typing import Annotated, Any

import typer

from tokenvend_cli.commands.context import AsJson, exits_on_error, print_json, say, show
from tokenvend_cli.commands.tables import table
from tokenvend_cli.configuration.profile_facts import fact_rows, least_sure
from tokenvend_cli.configuration.profile_models import CERTAINTIES, Certainty, Profile
from tokenvend_cli.configuration.profiles import load_profile, profile_names
from tokenvend_cli.problems import UsageError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Look up which providers have a profile, and what is known of each.",
)

Name = Annotated[
    str,
    typer.Argument(metavar="PROFILE", help="A profile of `providers list`.", show_default=False),
]


@app.command("list")
@exits_on_error
def list_providers(
    *,
    kind: Annotated[
        str | None, typer.Option(metavar="KIND", help="Only profiles with this kind of credential.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the providers that have a profile, so that you need not describe them yourself.

    `least sure` is the certainty of the fact of which least is known. It does not ask AWS.

    Example: tokenvend providers list --kind client_credentials
    """
    found = [
        _row(name, load_profile(name))
        for name in profile_names()
        if kind is None or kind in load_profile(name).kinds.value
    ]
    if as_json:
        print_json(found)
    elif found:
        show(table([{each: _text(value) for each, value in row.items()} for row in found]))
    else:
        say("No profile has credentials of that kind.")


@app.command("show")
@exits_on_error
def show_provider(name: Name, *, as_json: AsJson = False) -> None:
    """Show each fact of a profile, with its certainty and its source.

    Example: tokenvend providers show smartrecruiters
    """
    if name not in profile_names():
        raise UsageError(f"there is no profile {name}; `tokenvend providers list` lists them all")
    profile = load_profile(name)
    rows = fact_rows(profile)
    if as_json:
        print_json(_row(name, profile) | {"facts": rows})
        return
    say(f"{profile.title} ({profile.area})")
    for parameter, described in profile.parameters.items():
        say(f"  parameters.{parameter}: {described.description}, such as {described.example}")
    show(table([_short_row(row) for row in rows]))
    _show_sources(rows)
    for certainty in Certainty:
        if any(row["certainty"] == certainty for row in rows):
            say(f"{certainty}: {CERTAINTIES[certainty]}", style="dim")


def _short_row(row: dict[str, Any]) -> dict[str, Any]:
    said = [row["value"], row["note"], row["because"] and f"assumed, because: {row['because']}"]
    return {
        "fact": row["fact"],
        "certainty": row["certainty"],
        "value": "; ".join(each for each in said if each),
    }


def _show_sources(rows: list[dict[str, Any]]) -> None:
    named = {row["source"]: row["url"] for row in rows if row["source"] is not None}
    say("Sources:")
    for title, url in named.items():
        say(f"  {title}{f': {url}' if url else ''}")


def _row(name: str, profile: Profile) -> dict[str, Any]:
    return {
        "profile": name,
        "provider": profile.title,
        "least_sure": least_sure(profile),
        "parameters": list(profile.parameters),
        "kinds": profile.kinds.value,
    }


def _text(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)
