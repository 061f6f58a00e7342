"""The client library's token in hand, against google-auth's cached credentials."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from google.oauth2.credentials import Credentials

from benchmarks.measure import Row, side_by_side
from tokenvend_client.testing import FakeTokenvend

_CALLS = 2000
_URL = "https://api.example.com/jobs"


def rows() -> Iterator[Row]:
    """One comparison: both put a valid token into a request's headers."""
    measured = side_by_side(_ours(), _google_auth(), calls=_CALLS)
    yield Row(
        "the client, a token in hand", *measured, "google-auth, cached credentials", 1.0, "µs"
    )


def _ours() -> Callable[[], object]:
    client = FakeTokenvend(expires_in=86_400).client()

    def put() -> dict[str, str]:
        headers: dict[str, str] = {}
        headers.update(client.token("sr-jobs", scope="jobs_read").headers)
        return headers

    if put() != {"Authorization": "Bearer fake-sr-jobs-1"}:
        raise RuntimeError("the client did not get its token")
    return put


def _google_auth() -> Callable[[], object]:
    # google-auth compares with a naive instant in UTC.
    expiry = (datetime.now(UTC) + timedelta(days=1)).replace(tzinfo=None)
    credentials = Credentials("fake-sr-jobs-1", expiry=expiry)  # type: ignore[no-untyped-call]

    def put() -> dict[str, str]:
        headers: dict[str, str] = {}
        credentials.before_request(None, "GET", _URL, headers)  # type: ignore[no-untyped-call]
        return headers

    if put()["authorization"] != "Bearer fake-sr-jobs-1":
        raise RuntimeError("the baseline did not get its token")
    return put
