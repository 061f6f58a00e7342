"""Parameters of the requests of a user's consent, by an entry of the catalogue."""

from collections.abc import Mapping
from typing import Any

from scripts.catalogue.placeholders import CannotSayError

REDIRECT_URI = "https://connect.example/callback/jobs"
#: Parameters that tokenvend sets itself where users consent.
STANDARD = frozenset(
    {"grant_type", "code", "redirect_uri", "refresh_token", "code_verifier", "scope"}
)


def other_names(replaced: Mapping[str, str]) -> dict[str, str]:
    """Return extra parameters for standard ones that the provider names otherwise.

    The client id and the redirect URI are no secret, so they can stand in the file. A standard
    parameter that the provider does without is sent all the same: RFC 6749 §3.1 has a server ignore
    what it does not know.
    """
    ours = {"client_id": "the-client-id", "redirect_uri": REDIRECT_URI}
    replaced = {standard: name for standard, name in replaced.items() if name}
    if not replaced.keys() <= ours.keys():
        raise CannotSayError("the authorization request is not the standard's")
    return {name: ours[standard] for standard, name in replaced.items()}


def same_at_a_refresh(code: Mapping[str, Any], refresh: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of both requests; one that differs cannot be described."""
    ours = (code.keys() & refresh.keys()) - STANDARD
    if any(code[name] != refresh[name] for name in ours):
        raise CannotSayError("a parameter has another value at a refresh")
    return {**refresh, **code}
