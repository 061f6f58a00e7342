"""A profile's facts as rows, for the command and for the page of the documents."""

import json
from typing import Any

from pydantic import BaseModel

from tokenvend_cli.configuration.profile_models import Certainty, Fact, Profile
from tokenvend_cli.configuration.profiles import source_of


def fact_rows(profile: Profile) -> list[dict[str, Any]]:
    """Return each fact of *profile*: its name, value, certainty, source and the source's URL.

    A quirk is named `quirk`. The scopes' words are left out: they are as many as the scopes.
    """
    facts = [*profile.facts().items(), *(("quirk", each) for each in profile.quirks)]
    return [_row(profile, name, fact) for name, fact in facts]


def least_sure(profile: Profile) -> Certainty:
    """Return the weakest certainty among the facts of *profile*."""
    order = list(Certainty)
    return max((fact.certainty for fact in profile.every_fact()), key=order.index)


def _row(profile: Profile, name: str, fact: Fact[Any]) -> dict[str, Any]:
    source = source_of(profile, fact)
    return {
        "fact": name,
        "value": ", ".join(fact.value) if name == "scopes" else _text(fact.value),
        "certainty": fact.certainty,
        "source": source.title if source else None,
        "url": source.url if source else None,
        "because": fact.because,
        "note": fact.note,
    }


def _text(value: Any) -> str:
    if isinstance(value, BaseModel):
        value = value.model_dump(exclude_defaults=True, exclude_none=True)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if value == " ":
        return "a space"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
