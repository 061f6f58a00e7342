"""Choose the way in from the environment variables."""

import os
from pathlib import Path

from tokenvend_client.errors import ConfigurationError
from tokenvend_client.secret import Secret
from tokenvend_client.ways_in import WayIn

#: Every environment variable of tokenvend's own that the client reads.
VARIABLES = (
    "TOKENVEND_FUNCTION",
    "TOKENVEND_URL",
    "TOKENVEND_CLIENT_ID",
    "TOKENVEND_CLIENT_SECRET",
    "TOKENVEND_CLIENT_SECRET_FILE",
    "TOKENVEND_SUBJECT_TOKEN",
    "TOKENVEND_SUBJECT_TOKEN_FILE",
    "TOKENVEND_SUBJECT_TOKEN_FROM",
    "TOKENVEND_AUDIENCE",
    "TOKENVEND_REGION",
)


def way_in_of_environment() -> WayIn:
    """Return the way in that the environment names; with only an address, signed requests.

    Raises:
        ConfigurationError: it names none, or two at once.
    """
    function, url = os.environ.get("TOKENVEND_FUNCTION"), os.environ.get("TOKENVEND_URL")
    if bool(function) == bool(url):
        raise ConfigurationError("set one of TOKENVEND_URL and TOKENVEND_FUNCTION")
    from tokenvend_client.subject_tokens import subject_token_of_environment

    if function:
        from tokenvend_client.ways_in.direct import DirectInvocation

        return DirectInvocation(function, subject_token=subject_token_of_environment(""))
    if client_id := os.environ.get("TOKENVEND_CLIENT_ID"):
        from tokenvend_client.ways_in.oauth_client import OAuthClient

        return OAuthClient(url or "", client_id, _client_secret())
    if subject_token := subject_token_of_environment(url or ""):
        from tokenvend_client.ways_in.workload import WorkloadToken

        return WorkloadToken(url or "", subject_token)
    from tokenvend_client.ways_in.signed import SignedRequests

    return SignedRequests(url or "")


def _client_secret() -> Secret:
    file = os.environ.get("TOKENVEND_CLIENT_SECRET_FILE")
    if bool(os.environ.get("TOKENVEND_CLIENT_SECRET")) == bool(file):
        raise ConfigurationError(
            "set TOKENVEND_CLIENT_SECRET or TOKENVEND_CLIENT_SECRET_FILE, and not both"
        )
    if file:
        return Secret(Path(file).read_text(encoding="utf-8").strip())
    return Secret(os.environ["TOKENVEND_CLIENT_SECRET"])
