"""Tokens, leases and failures to store, and strategies that make them."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from hypothesis import strategies as st
from tests.fakes.clock import START

from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.failure import Failure
from tokenvend.domain.lease import Lease
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken, LifetimeSource, SecretStage

KEY = "0" * 64
OTHER_KEY = "f" * 64

SPEC = TokenSpec(
    credential="ats",
    definition="d" * 64,
    scopes=frozenset({"jobs_read", "users_read"}),
    tenant="acme",
)
TOKEN = AccessToken(
    access_token=Secret("a-token-of-the-provider"),
    scopes=frozenset({"jobs_read", "users_read"}),
    requested_at=START,
    expires_at=START + timedelta(seconds=1_770),
    secret_generation="5e1f",
    lifetime_source=LifetimeSource.JWT_EXP,
)
FAILURE = Failure(provider_error="invalid_client", count=3, retry_at=START + timedelta(seconds=4))


def new_lease() -> Lease:
    """A lease of an environment that nobody else is."""
    return Lease(
        lease_id=uuid4().hex,
        expected_done_at=START + timedelta(milliseconds=300),
        deadline_at=START + timedelta(seconds=20),
    )


_INSTANTS = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 - hypothesis wants bounds without a zone
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)

tokens = st.builds(
    AccessToken,
    access_token=st.text(min_size=1).map(Secret),
    scopes=st.frozensets(st.text(min_size=1, max_size=20), max_size=5),
    requested_at=_INSTANTS,
    expires_at=_INSTANTS,
    secret_generation=st.text(max_size=40),
    lifetime_source=st.sampled_from(LifetimeSource),
    secret_stage=st.sampled_from(SecretStage),
    forced=st.booleans(),
    repeated=st.booleans(),
)
_TEXTS = st.text(max_size=20)
specs = st.builds(
    TokenSpec,
    credential=_TEXTS,
    definition=_TEXTS,
    scopes=st.frozensets(st.text(min_size=1, max_size=20), max_size=5),
    tenant=st.none() | _TEXTS,
    audience=st.none() | _TEXTS,
    resources=st.frozensets(_TEXTS, max_size=2).map(lambda each: tuple(sorted(each))),
    connection=st.none() | _TEXTS,
    connection_owner=st.none() | _TEXTS,
    caller=st.none() | _TEXTS,
)
leases = st.builds(
    Lease,
    lease_id=st.uuids().map(lambda value: value.hex),
    expected_done_at=_INSTANTS,
    deadline_at=_INSTANTS,
)
failures = st.builds(
    Failure,
    provider_error=st.none() | st.text(min_size=1, max_size=64),
    count=st.integers(min_value=1, max_value=1_000_000),
    retry_at=_INSTANTS,
    secret_generation=st.text(max_size=40),
)
