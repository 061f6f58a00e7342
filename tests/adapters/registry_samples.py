"""Callers, grants and definitions, and strategies that make them."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from tokenvend.domain.consent_flow import ConsentFlow
from tokenvend.domain.credential_definition import (
    Assertion,
    Authorization,
    ClientAuthentication,
    CredentialDefinition,
    CredentialKind,
    ScopeMode,
)
from tokenvend.domain.names import CLIENT_ID, NAME, SCOPE, TARGET, TENANT
from tokenvend.domain.registry import (
    ALL_CONNECTIONS,
    ALL_TENANTS,
    OWN_CONNECTIONS,
    Caller,
    Grant,
    Isolation,
    Observation,
)
from tokenvend.domain.secret_reference import SecretReference
from tokenvend.domain.signing import SigningAlgorithm

IDENTITY = "client:tv-billing"
CALLER = Caller(name="billing", requests_per_minute=600)
GRANT = Grant(
    caller="billing",
    credential="ats",
    scopes=frozenset({"jobs_read", "users_read"}),
    default_scopes=frozenset({"jobs_read"}),
    audiences=frozenset({"https://api.example.com"}),
    resources=frozenset({"https://api.example.com/v1"}),
    tenants=frozenset({"acme", "umbrella"}),
    users={"https://login.example": "ats"},
    accept_less=True,
    isolation=Isolation.CALLER,
    observation=Observation(
        scopes=frozenset({"jobs_manage"}), until=datetime(2026, 3, 20, tzinfo=UTC)
    ),
)
DEFINITION = CredentialDefinition(
    name="ats",
    provider="smartrecruiters",
    token_endpoint="https://api.example.com/identity/oauth/token",
    client_authentication=ClientAuthentication.POST,
    scopes=frozenset({"jobs_read", "users_read"}),
    extra_parameters={"prompt": "none"},
    token_answer={"token": "data.token"},
    secret=SecretReference("arn:aws:secretsmanager:eu-central-1:111122223333:secret:ats-AbCdEf"),
)


def _matching(pattern: str) -> st.SearchStrategy[str]:
    return st.from_regex(pattern, fullmatch=True)


_names = _matching(NAME.pattern)
_scopes = st.frozensets(_matching(SCOPE.pattern), max_size=4)
_targets = st.frozensets(_matching(TARGET.pattern), max_size=2)
_instants = st.datetimes(timezones=st.just(UTC))
_texts = st.text(min_size=1, max_size=40)

callers = st.builds(
    Caller,
    name=_names,
    unique_id=st.none() | _texts,
    requests_per_minute=st.none() | st.integers(min_value=1),
    burst=st.none() | st.integers(min_value=1),
)
grants = st.builds(
    Grant,
    caller=_names,
    credential=_names,
    scopes=_scopes,
    default_scopes=st.none() | _scopes,
    audiences=_targets,
    resources=_targets,
    tenants=st.just(ALL_TENANTS) | st.frozensets(_matching(TENANT.pattern), max_size=3),
    connections=st.sampled_from([OWN_CONNECTIONS, ALL_CONNECTIONS])
    | st.frozensets(_matching(f"{NAME.pattern}/{TENANT.pattern}"), max_size=3),
    users=st.dictionaries(_texts, st.none() | _texts, max_size=2),
    return_urls=st.frozensets(_texts, max_size=2),
    full_access=st.booleans(),
    accept_less=st.booleans(),
    isolation=st.sampled_from(Isolation),
    observation=st.none() | st.builds(Observation, scopes=_scopes, until=_instants),
)
#: As the file's models have them: one header, or parts.
_api_requests = st.fixed_dictionaries(
    {"header_name": _texts}, optional={"header_prefix": _texts}
) | st.dictionaries(
    st.sampled_from(["headers", "query", "basic"]), st.dictionaries(_texts, _texts, max_size=2)
)
definitions = st.builds(
    CredentialDefinition,
    name=_names,
    provider=_names,
    token_endpoint=st.just("") | _texts,
    kind=st.sampled_from(CredentialKind),
    client_authentication=st.sampled_from(ClientAuthentication),
    client_id=st.none() | _matching(CLIENT_ID.pattern),
    scopes=_scopes,
    scope_mode=st.sampled_from(ScopeMode),
    scope_separator=st.sampled_from([" ", ","]),
    scope_parameter=st.booleans(),
    extra_parameters=st.dictionaries(_texts, st.text(max_size=20), max_size=3),
    revocation_endpoint=st.none() | _texts,
    family=st.booleans(),
    single_active_token=st.booleans(),
    default_lifetime_seconds=st.integers(min_value=1),
    secret=st.none()
    | st.builds(
        SecretReference,
        arn=_texts,
        client_id_key=_texts,
        client_secret_key=_texts,
        api_key_key=_texts,
        private_key_key=_texts,
        key_id_key=_texts,
        plain_text=st.booleans(),
    ),
    assertion=st.none()
    | st.builds(
        Assertion,
        audience=_texts,
        algorithm=st.sampled_from(SigningAlgorithm),
        kms_keys=st.lists(_texts, max_size=3).map(tuple),
        aws_identity=st.booleans(),
        names_certificate=st.booleans(),
    ),
    token_request=st.dictionaries(_texts, _texts | st.lists(_texts, max_size=2), max_size=3),
    token_answer=st.dictionaries(_texts, _texts | st.lists(_texts, max_size=2), max_size=3),
    signed_jwt=st.dictionaries(_texts, _texts | st.lists(_texts, max_size=2), max_size=3),
    api_request=_api_requests,
    authorization=st.none()
    | st.builds(
        Authorization,
        endpoint=_texts,
        redirect_uri=_texts,
        issuer=st.none() | _texts,
        requires_iss=st.booleans(),
        parameters=st.dictionaries(_texts, st.text(max_size=20), max_size=3),
        scope_words=st.dictionaries(_texts, st.text(max_size=20), max_size=3),
        refresh_token_days=st.none() | st.integers(min_value=1),
        flow=st.builds(
            ConsentFlow,
            refresh_names_scopes=st.booleans(),
            refresh_endpoint=st.none() | _texts,
            code_in_callback=_texts,
            code_parameter=_texts,
            without_pkce=st.none() | _texts,
        ),
    ),
)
