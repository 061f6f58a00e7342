"""The tour: each caller, its request, the answer, the token's origin and the time it took.

Each stop sends a caller's request to tokenvend, then uses the token at the provider's API. No
token or secret is shown: a token is named by the start of its SHA-256, as in the audit log.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import requests
from botocore.exceptions import ClientError

from tokenvend_local.callers import Answer, ask_as_client, ask_directly, ask_signed, items
from tokenvend_local.consenting import Consent, connect_and_ask
from tokenvend_local.demo import Demo

SIGNED = "HTTP, signed"
UNSIGNED = "HTTP, unsigned"
CONSENT = "a user consents"
OAUTH = "HTTP, OAuth client"
DIRECT = "direct, its alias"
BATCH = "direct, a batch"
UNQUALIFIED = "direct, no alias"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `answered` is a token's name or an error code, `more` the rest.

    `went_as_meant` says whether the result is the one that the tour expects.
    """

    caller: str
    entry: str
    requested: str
    answered: str
    more: str = ""
    source: str = ""
    milliseconds: int | None = None
    went_as_meant: bool = True


@dataclass(frozen=True, slots=True)
class Stop:
    """One request of the tour: expected is a token that opens `api_path`, or `error`."""

    caller: str
    entry: str
    requested: str
    ask: Callable[[], Answer]
    api_path: str = ""
    error: str | None = None


def stops(demo: Demo, consent: Consent) -> Iterator[Stop]:
    """Yield the requests of the tour, one at a time; *consent* acts as its user."""
    yield from _granted(demo, consent)
    yield from _refused(demo)


def _granted(demo: Demo, consent: Consent) -> Iterator[Stop]:
    deployed, export = demo.stack.deployed, demo.nightly_export
    alias = "nightly-export"
    reading = {"credential": "reports", "scope": "reports:read"}

    def jobs() -> Answer:
        return ask_signed(deployed, demo.careers_site, "jobs")

    yield Stop("careers-site", SIGNED, "jobs", jobs, api_path="/jobs")
    yield Stop("careers-site", SIGNED, "jobs, again", jobs, api_path="/jobs")
    yield Stop(
        "careers-site",
        SIGNED,
        "an API key",
        lambda: ask_signed(deployed, demo.careers_site, "jobs-key"),
        api_path="/users/me",
    )
    yield Stop(
        "careers-site",
        CONSENT,
        "hiring, as Ada",
        lambda: connect_and_ask(demo, consent),
        api_path="/users/me",
    )
    yield Stop(
        alias,
        DIRECT,
        "reports, to read",
        lambda: ask_directly(deployed, export, alias, reading),
        api_path="/reports",
    )
    yield Stop(
        alias,
        BATCH,
        "partner: acme, globex",
        lambda: ask_directly(deployed, export, alias, _partners("acme", "globex")),
        api_path="/jobs",
    )
    yield Stop(
        "dashboard",
        OAUTH,
        "reports, to read",
        lambda: ask_as_client(deployed, demo.dashboard, "reports", scope="reports:read"),
        api_path="/reports",
    )


def _refused(demo: Demo) -> Iterator[Stop]:
    deployed, export = demo.stack.deployed, demo.nightly_export
    yield Stop(
        "dashboard",
        OAUTH,
        "reports, to write",
        lambda: ask_as_client(deployed, demo.dashboard, "reports", scope="reports:write"),
        error="invalid_scope",
    )
    yield Stop(
        "dashboard",
        OAUTH,
        "jobs",
        lambda: ask_as_client(deployed, demo.dashboard, "jobs"),
        error="unauthorized_client",
    )
    yield Stop(
        "nightly-export",
        BATCH,
        "partner: initech",
        lambda: ask_directly(deployed, export, "nightly-export", _partners("initech")),
        error="invalid_target",
    )
    yield Stop(
        "stranger",
        SIGNED,
        "jobs",
        lambda: ask_signed(deployed, demo.stranger, "jobs"),
        error="invalid_client",
    )
    yield Stop(
        "stranger",
        UNQUALIFIED,
        "reports",
        lambda: ask_directly(deployed, demo.stranger, None, {"credential": "reports"}),
        error="invalid_client",
    )
    yield Stop(
        "nobody",
        UNSIGNED,
        "jobs",
        lambda: ask_signed(deployed, None, "jobs"),
        error="403",
    )


def _partners(*tenants: str) -> Mapping[str, Any]:
    return {"requests": [{"credential": "partner", "tenant": tenant} for tenant in tenants]}


def visit(stop: Stop, provider_url: str) -> list[Row]:
    """Send the request, use the token, and return one row, or one for each part of a batch."""
    try:
        answer = stop.ask()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        row = Row(stop.caller, stop.entry, stop.requested, code, "AWS refused the call")
        return [replace(row, went_as_meant=False)]
    documents = items(answer) or [answer.document]
    return [_row(stop, answer, document, provider_url) for document in documents]


def _row(stop: Stop, answer: Answer, document: Mapping[str, Any], provider_url: str) -> Row:
    milliseconds = round(answer.seconds * 1000)
    if "access_token" not in document:
        # The local AWS itself refuses an unsigned request, without an `error`.
        error = str(document.get("error", answer.status))
        reason = str(document.get("error_description") or document.get("message") or "")
        return Row(
            *(stop.caller, stop.entry, stop.requested, error, reason),
            milliseconds=milliseconds,
            went_as_meant=error == stop.error,
        )
    api = _use(provider_url + stop.api_path, document)
    return Row(
        *(stop.caller, stop.entry, stop.requested),
        f"{named(document)}, {document['expires_in']} s left",
        f"the API: {api}",
        document["source"],
        milliseconds,
        went_as_meant=stop.error is None and api.startswith("200"),
    )


def named(document: Mapping[str, Any]) -> str:
    """Return a name for a token or key that does not reveal it."""
    kind = "token" if document["token_type"] == "Bearer" else document["header_name"]
    return f"{kind} {hashlib.sha256(document['access_token'].encode()).hexdigest()[:8]}…"


def _use(url: str, document: Mapping[str, Any]) -> str:
    """Call the provider's API with the token, sent as the answer says."""
    value = f"{document['header_prefix']}{document['access_token']}"
    answer = requests.get(url, headers={document["header_name"]: value}, timeout=10)
    found = answer.json()
    return (
        f"{answer.status_code} {found.get('name', found.get('company', found.get('message', '')))}"
    )
