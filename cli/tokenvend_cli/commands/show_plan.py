"""Show a plan as text for a person, or as JSON for a program."""

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any

from rich.text import Text

from tokenvend_cli.commands.context import note, say, show
from tokenvend_cli.configuration.checked import CheckedFile
from tokenvend_cli.configuration.providers import issuer_of
from tokenvend_cli.deployment.aliases import AliasAction, AliasChange
from tokenvend_cli.deployment.changes import Change, ChangeAction
from tokenvend_cli.deployment.kinds import ItemKind, identity_in, kind_of, name_of
from tokenvend_cli.deployment.unchecked import Unchecked

_SIGNS = {
    ChangeAction.ADD: ("+", "green"),
    ChangeAction.CHANGE: ("~", "yellow"),
    ChangeAction.REMOVE: ("-", "red"),
}
_ALIAS_ACTIONS = {
    AliasAction.MAKE: ChangeAction.ADD,
    AliasAction.MOVE: ChangeAction.CHANGE,
    AliasAction.ALLOW: ChangeAction.CHANGE,
    AliasAction.REMOVE: ChangeAction.REMOVE,
}
#: Shown as changed, without their values: somebody may have put a secret there by mistake.
_NOT_SHOWN = frozenset({"extra_parameters"})


def plan_document(
    checked: CheckedFile,
    changes: Iterable[Change],
    aliases: Iterable[AliasChange],
    unchecked: Iterable[Unchecked],
) -> dict[str, Any]:
    """The plan as JSON."""
    return {
        "changes": [
            {
                "action": change.action.value,
                "kind": kind_of(change.item).value,
                "name": name_of(change.item),
                "identity": identity_in(change.item),
                "fields": {
                    key: {"before": before, "after": after}
                    for key, before, after in _differences(change)
                },
            }
            for change in changes
        ],
        "aliases": [
            {
                "action": change.action.value,
                "alias": change.alias,
                "version": change.version or None,
                "principals": list(change.principals),
            }
            for change in aliases
        ],
        "providers": {
            name: {
                "token_endpoint": provider.token_endpoint,
                "revocation_endpoint": provider.revocation_endpoint,
                "client_authentication": provider.client_authentication.value,
                "scope_mode": provider.scope_mode.value,
                "consent_flow": dict(provider.consent_flow),
            }
            for name, provider in checked.providers.items()
        },
        "issuers": {
            name: {"issuer": model.issuer, "jwks_uri": checked.jwks_uris.get(name)}
            for name, model in checked.configuration.issuers.items()
        },
        "unchecked": [each.to_dict() for each in unchecked],
        "notices": [str(notice) for notice in checked.notices],
    }


def show_plan(
    checked: CheckedFile,
    changes: list[Change],
    aliases: list[AliasChange],
    unchecked: list[Unchecked],
) -> None:
    """Print the plan in lines, with a count at the end."""
    show_notices(checked)
    _show_providers(checked, {each.issuer for each in unchecked})
    _show_issuers(checked)
    for each in unchecked:
        _note_unchecked(each)
    for change in changes:
        _show_change(change)
    for alias in aliases:
        _show_alias(alias)
    counts = Counter(change.action for change in changes)
    counts.update(_ALIAS_ACTIONS[alias.action] for alias in aliases)
    if not counts and any(each.open for each in unchecked):
        say("Nothing to change in the part of the file that could be checked.")
        return
    if not counts:
        say("Nothing to change: the deployment is as the file says.", style="green")
        return
    added, changed, removed = (counts[action] for action in ChangeAction)
    say("")
    say(f"{added} to add, {changed} to change, {removed} to remove.", style="bold")


def show_notices(checked: CheckedFile) -> None:
    """Print the notices on standard error."""
    for notice in checked.notices:
        note(str(notice))


def _note_unchecked(each: Unchecked) -> None:
    note(f"the issuer {each.issuer} does not answer: {each.reason}")
    if each.pinned:
        note(f"  these stay as last applied: {', '.join(each.pinned)}")
    if each.open:
        note(f"  these are new or changed, and are not planned: {', '.join(each.open)}")


def _show_providers(checked: CheckedFile, away: Collection[str]) -> None:
    for name, provider in checked.providers.items():
        model = checked.configuration.providers[name]
        if issuer_of(model) in away:
            out = Text.assemble("  provider ", (name, "bold"), f"  not checked: {issuer_of(model)}")
            show(out)
            continue
        origin = ""
        if model.issuer is not None:
            origin = f"discovered from {model.issuer}"
        if model.profile is not None:
            origin = f"profile {model.profile}"
        line = Text.assemble("  provider ", (name, "bold"), f"  {provider.token_endpoint}")
        show(line.append(f"  {origin}" if origin else "", "dim"))
        if reason := provider.consent_flow.get("without_pkce"):
            show(Text.assemble(("      no PKCE: ", "yellow"), reason))


def _show_issuers(checked: CheckedFile) -> None:
    for name, model in checked.configuration.issuers.items():
        keys = checked.jwks_uris.get(name) or "not checked"
        if model.keys is not None:
            keys = f"{len(model.keys)} keys in the file"
        line = Text.assemble("  issuer ", (name, "bold"), f"  {model.issuer}")
        show(line.append(f"  keys: {keys}", "dim"))


def _show_change(change: Change) -> None:
    kind, identity = kind_of(change.item), identity_in(change.item)
    line = Text.assemble("  ", _SIGNS[change.action], f" {kind.value} ")
    line.append(name_of(change.item), "bold")
    if identity is not None:
        line.append("  known as " if kind is ItemKind.CALLER else "  for ", "dim").append(identity)
    show(line)
    for key, before, after in _differences(change):
        show(Text.assemble((f"      {key}: ", "dim"), f"{_text(before)} -> {_text(after)}"))


def _show_alias(change: AliasChange) -> None:
    line = Text.assemble(
        "  ", _SIGNS[_ALIAS_ACTIONS[change.action]], " alias ", (change.alias, "bold")
    )
    if change.action is AliasAction.MOVE:
        line.append(f"  to version {change.version}")
    if change.action in {AliasAction.MAKE, AliasAction.ALLOW}:
        line.append("  only for ", "dim").append(", ".join(change.principals))
    show(line)


def _differences(change: Change) -> list[tuple[str, Any, Any]]:
    """Return the differing fields with both values; empty unless one item replaces another."""
    if change.before is None:
        return []
    before, after = change.before.document, change.item.document
    return [
        (key, "(not shown)", "(not shown)")
        if key in _NOT_SHOWN
        else (key, before.get(key), after.get(key))
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    ]


def _text(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(_text(each) for each in value) or "nothing"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_text(each)}" for key, each in value.items())
    return {None: "nothing", True: "true", False: "false"}.get(value, str(value))
