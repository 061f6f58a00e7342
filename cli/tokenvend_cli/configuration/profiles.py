"""Find and load the shipped profiles: what is known of a provider, each fact with its source."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from tokenvend_cli.configuration.profile_models import Fact, Profile, Source
from tokenvend_cli.problems import CommandError

_FOLDER = files("tokenvend_cli") / "profiles"


def profile_names() -> list[str]:
    """Return the names of the shipped profiles."""
    names = (entry.name for entry in _FOLDER.iterdir())
    return sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml"))


@cache
def load_profile(name: str) -> Profile:
    """Load the shipped profile of that name.

    Raises:
        CommandError: there is none.
    """
    if name not in profile_names():
        raise CommandError("there is no such profile; `tokenvend providers list` names them")
    return Profile.model_validate(_read(f"{name}.yaml"))


@cache
def shared_sources() -> Mapping[str, Source]:
    """Return the sources that every profile may name, such as a standard."""
    document = _read("shared/sources.yaml")
    return {name: Source.model_validate(source) for name, source in document.items()}


def source_of(profile: Profile, fact: Fact[Any]) -> Source | None:
    """Return the page that *fact* is taken from; `None` where it is assumed.

    Raises:
        KeyError: the profile names a source that does not exist.
    """
    if fact.source is None:
        return None
    return profile.sources.get(fact.source) or shared_sources()[fact.source]


def _read(path: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((_FOLDER / path).read_text(encoding="utf-8"))
    return document
