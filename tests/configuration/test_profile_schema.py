"""What a profile must say, and what it must not."""

import re
from typing import Any

import pytest
from pydantic import ValidationError

from tokenvend_cli.configuration.models import ProviderModel
from tokenvend_cli.configuration.profile_facts import least_sure
from tokenvend_cli.configuration.profile_models import Certainty, Profile

SMALLEST: dict[str, Any] = {
    "title": "Acme",
    "area": "Shops",
    "sources": {"page": {"title": "Acme documentation", "url": "https://acme.example/docs"}},
    "kinds": {"value": ["client_credentials"], "source": "page"},
    "token_endpoint": {"value": "https://acme.example/token", "source": "page"},
    "scope_separator": {"value": " ", "source": "page"},
    "scope_mode": {"value": "fixed", "source": "page"},
}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"token_endpoint": None}, "the token_endpoint is known, or discovered"),
        ({"discovered": True}, "the token_endpoint is known, or discovered"),
        (
            {"parameters": {"a": {"description": "x", "pattern": "x", "example": "x"}}},
            "not those used",
        ),
        ({"scope_mode": {"value": "narrows"}}, "every other fact has a source"),
        (
            {"scope_mode": {"value": "fixed", "source": "page", "certainty": "assumed"}},
            "an assumed fact has because",
        ),
        ({"scope_mode": {"value": "fixed", "source": "page", "certainty": "sure"}}, "certainty"),
        ({"kinds": {"value": ["api_key"], "source": "page"}}, "token_endpoint"),
        ({"kinds": {"value": ["signed_jwt"], "source": "page"}}, "token_endpoint"),
        (
            {"kinds": {"value": ["signed_jwt"], "source": "page"}, "token_endpoint": None},
            "signed_jwt is known where",
        ),
        ({"area": "Elsewhere"}, "area"),
        (
            {"parameters": {"a": {"description": "x", "pattern": "x", "example": "y"}}},
            "the example does not match",
        ),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_profile_that_is_not_whole_is_refused(change: dict[str, Any], told: str) -> None:
    assert Profile.model_validate(SMALLEST).title == "Acme"

    with pytest.raises(ValidationError, match=told):
        Profile.model_validate(SMALLEST | change)


def test_result_of_a_probe_is_a_fact_with_its_date() -> None:
    sources = SMALLEST["sources"] | {"probe": {"title": "tokenvend probe, 2026-03-01"}}
    mode = {"value": "narrows", "source": "probe", "certainty": "observed"}

    profile = Profile.model_validate(SMALLEST | {"sources": sources, "scope_mode": mode})

    assert profile.scope_mode is not None
    assert profile.scope_mode.certainty is Certainty.OBSERVED
    assert least_sure(profile) is Certainty.OBSERVED


def test_every_field_is_described_here_or_is_a_key_of_the_file() -> None:
    described = set(re.findall(r"`(\w+)`", str(Profile.__doc__)))

    assert Profile.model_fields.keys() <= described | ProviderModel.model_fields.keys()
