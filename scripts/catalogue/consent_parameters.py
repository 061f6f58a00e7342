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

    Some entries write a name with the `=` after it. The values are no secret and the same in every
    request, so they can stand in the file. A standard parameter that the provider does without is
    sent all the same: RFC 6749 §3.1 has a server ignore what it does not know.
    """
    ours = {
        "client_id": "the-client-id",
        "redirect_uri": REDIRECT_URI,
        "response_type": "code",
    }
    replaced = {
        standard.removesuffix("="): name.removesuffix("=")
        for standard, name in replaced.items()
        if name
    }
    if not replaced.keys() <= ours.keys():
        raise CannotSayError("the authorization request is not the standard's")
    return {name: ours[standard] for standard, name in replaced.items()}


def by_request(
    entry: Mapping[str, Any],
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return the parameters of both requests, of the code exchange alone, and of a refresh alone.

    An entry without parameters of a refresh has those of the code exchange in it, too.
    """
    at_code = _own(entry.get("token_params") or {})
    at_refresh = _own(entry.get("refresh_params") or entry.get("token_params") or {})
    both = dict(each for each in at_code.items() if each in at_refresh.items())
    at_code, at_refresh = (
        {name: each for name, each in sent.items() if name not in both}
        for sent in (at_code, at_refresh)
    )
    return both, at_code, at_refresh


def _own(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in parameters.items() if name not in STANDARD}
