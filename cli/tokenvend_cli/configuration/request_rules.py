"""Check `token_request`: which parameters it may have, where, and with which values."""

import json
import re
from collections.abc import Iterator, Mapping
from math import isfinite

from tokenvend.domain.credential_definition import ClientAuthentication
from tokenvend.domain.oauth.request_description import ONE_REQUEST, placeholders
from tokenvend.domain.oauth.templates import NEVER_SENT, TEMPLATE, names_in
from tokenvend.domain.tenant_values import PLACEHOLDER
from tokenvend_cli.configuration.credential_models import CredentialModel
from tokenvend_cli.configuration.providers import Provider
from tokenvend_cli.configuration.wording import place_of
from tokenvend_cli.problems import Problem

#: Parameters that another key of the file sets, with that key; or that only tokenvend sets.
_ELSEWHERE = {
    "grant_type": "say token_request.grant_type",
    "scope": "the scopes of the credential and of each request go there",
    **dict.fromkeys(
        (
            *("client_assertion", "client_assertion_type", "assertion", "code", "code_verifier"),
            *("redirect_uri", "refresh_token", "token"),
            *("subject_token", "subject_token_type", "actor_token", "actor_token_type"),
        ),
        "is not for the file to say",
    ),
}
#: Headers that belong to the connection, or that a request must not choose.
_RESERVED_HEADERS = frozenset(
    {
        *("host", "content-length", "transfer-encoding", "connection", "te", "trailer", "upgrade"),
        *("expect", "proxy-authorization", "proxy-connection", "keep-alive", "accept-encoding"),
    }
)
#: Grants for an assertion (RFC 7521 §4.1), which the secret may hold ready-made.
_ASSERTION_GRANTS = frozenset(
    f"urn:ietf:params:oauth:grant-type:{each}-bearer" for each in ("jwt", "saml2")
)
_BASIC = frozenset({ClientAuthentication.BASIC, ClientAuthentication.BASIC_UNENCODED})
#: What a secret's name has in it. A name such as X-Snowflake-Authorization-Token-Type has a kind.
_SECRETIVE = re.compile(
    r"^(?!.*[-_]type$)"
    r".*(?:authori[sz]ation|cookie|secret|passw|api[_-]?key|private|[-_]key$|[-_]token$)",
    re.IGNORECASE,
)
#: Of the 400 KB of an item, and of what each environment reads at a miss.
_LARGEST_BYTES = 16_384
_HEADER_VALUE = re.compile(r"[\x20-\x7E]*")


def request_problems(place: str, provider: Provider) -> Iterator[Problem]:
    """Return the problems of the `token_request` of *provider*, which is at *place*."""
    described = provider.token_request
    yield from _assertion_problems(f"{place}.assertion", described.get("assertion"), provider)
    if (size := len(json.dumps(described))) > _LARGEST_BYTES:
        yield Problem(place, f"has {size} bytes as JSON; {_LARGEST_BYTES} are the most")
    yield from _part_problems(place, described, provider)
    for name in ONE_REQUEST.values():
        if isinstance(own := described.get(name), Mapping):
            yield from _part_problems(f"{place}.{name}", own, provider)
            if not provider.authorization_endpoint:
                yield Problem(
                    f"{place}.{name}",
                    "is for users' consents, but there is no authorization_endpoint: give it one,"
                    " or drop this",
                )


def _part_problems(place: str, said: Mapping[str, object], provider: Provider) -> Iterator[Problem]:
    """Return the problems of the parameters and headers in *said*, at *place*.

    *said* is the `token_request` of *provider*, or what that says of one kind of request.
    """
    described = provider.token_request
    for part in ("parameters", "query", "headers"):
        values = said.get(part)
        for name, value in values.items() if isinstance(values, Mapping) else ():
            at = _inside(f"{place}.{part}", name)
            ours = part != "headers" and name in _ELSEWHERE
            if ours and (said is not described or not _is_meant(name, part, described)):
                yield Problem(at, _ELSEWHERE[name])
                continue
            yield from value_problems(at, name, value)
            if part == "headers":
                yield from _described_header_problems(at, name, value, provider)
                continue
            yield from _parameter_problems(at, name, provider)
            if name == "requested_token_use" and described.get("on_behalf_of") == "jwt_bearer":
                yield Problem(at, "on_behalf_of sends it already")
            if not isinstance(value, str) and described.get("parameters_in") != "json":
                yield Problem(
                    at, "must be a text, put in quotes: only parameters_in: json takes others"
                )


def _is_meant(name: str, part: str, described: Mapping[str, object]) -> bool:
    """Whether a parameter that tokenvend otherwise sets itself belongs to the described grant.

    Some providers want the grant type in the URL while the body is JSON. Others give a service
    only a refresh token that never expires, or an assertion that they signed themselves.
    """
    grant_type = described.get("grant_type")
    match name:
        case "grant_type":
            return part == "query" and bool(described.get("omit_grant_type"))
        case "refresh_token":
            return grant_type == "refresh_token"
        case "subject_token_type":
            return part == "parameters" and described.get("on_behalf_of") == "token_exchange"
        case "assertion":
            return grant_type in _ASSERTION_GRANTS and "assertion" not in described
    return False


def _assertion_problems(place: str, said: object, provider: Provider) -> Iterator[Problem]:
    if not isinstance(said, Mapping):
        return
    for name in ("issuer", "subject", "audience", "claims"):
        yield from value_problems(f"{place}.{name}", name, said.get(name))
    if said.get("scope_claim") and "scope" in said.get("claims", {}):
        yield Problem(f"{place}.claims.scope", "scope_claim sets it")
    headers = provider.token_request.get("headers", {})
    named = isinstance(headers, Mapping) and any(
        each.lower() == "authorization" for each in headers
    )
    if said.get("as_bearer") and (named or provider.client_authentication in _BASIC):
        yield Problem(f"{place}.as_bearer", "something else has the header Authorization already")


def described_credential_problems(
    place: str, credential: CredentialModel, provider: Provider
) -> Iterator[Problem]:
    """Return the problems of a credential whose provider has a `token_request`."""
    described = provider.token_request
    consents = credential.kind == "authorization_code"
    if described.get("on_behalf_of") and credential.single_active_token:
        yield Problem(f"{place}.single_active_token", "each user has a token: drop this")
    own = {"grant_type", "omit_grant_type", "assertion", "on_behalf_of"}
    if consents and own & described.keys():
        yield Problem(
            f"{place}.kind",
            f"{credential.provider} has a grant type of its own, which no consent uses: give this"
            " credential another provider entry",
        )
    if provider.client_authentication is not ClientAuthentication.NONE:
        return
    named = {*placeholders(described)} | ({"client_id"} if consents else set())
    if "assertion" in described:
        in_kms = credential.signing is not None and credential.signing.kms_keys
        named |= set() if in_kms else {"private_key"}
    if not named and "assertion" in described:
        yield Problem(
            f"{place}.provider",
            f"the assertion of {credential.provider} names nothing of the secret, such as issuer:"
            " {secret.client_id}: the secret records where it may go, and is needed",
        )
    elif not named:
        yield Problem(
            f"{place}.provider",
            f"{credential.provider} takes no client authentication, and its token_request names"
            " nothing of the secret, such as {secret.password}: what would prove the client?",
        )
    elif credential.client_id is not None and named == {"client_id"}:
        yield Problem(
            f"{place}.client_id", "put it as the credential's secret, which records where it may go"
        )


def _inside(place: str, key: str) -> str:
    """Return the place of *key* in *place*; a malformed key is not quoted."""
    return f"{place}.{place_of([key])}"


def value_problems(place: str, name: str, value: object) -> Iterator[Problem]:
    """Return the problems of the texts in *value*, at any depth; *name* is the innermost key."""
    if isinstance(value, Mapping):
        for inner, each in value.items():
            yield from value_problems(_inside(place, inner), inner, each)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from value_problems(f"{place}[{index}]", name, each)
    elif isinstance(value, str):
        # Placeholders are removed: those of customers' own values are checked elsewhere.
        yield from text_problems(place, name, PLACEHOLDER.sub(" ", value))
    elif isinstance(value, float) and not isfinite(value):
        yield Problem(place, "must be what JSON can hold: it has no such number")


def text_problems(place: str, name: str, text: str) -> Iterator[Problem]:
    """Return the problems of *text*, which may have placeholders, as the value of *name*."""
    named = names_in(text)
    if TEMPLATE.fullmatch(text) is None:
        yield Problem(
            place,
            "a brace begins a placeholder, such as {secret.account_id}; to send one, double it",
        )
    elif not named and _SECRETIVE.search(name):
        yield Problem(
            place,
            "no secret stands in this file: name a field of the credential's, such as"
            f" {{secret.{re.sub('[^a-z0-9_]', '_', name.lower())}}}",
        )
    for never in sorted(NEVER_SENT.intersection(named)):
        yield Problem(place, f"a {never} is never sent: it would be the provider's too")


def _parameter_problems(place: str, name: str, provider: Provider) -> Iterator[Problem]:
    method = provider.client_authentication
    sent = {
        ClientAuthentication.POST: {"client_id", "client_secret"},
        ClientAuthentication.PRIVATE_KEY_JWT: {"client_id"},
        ClientAuthentication.TLS_CLIENT_AUTH: {"client_id"},
    }
    if name in sent.get(method, ()):
        yield Problem(place, f"client_authentication: {method} sends it already")


def _described_header_problems(
    place: str, name: str, value: object, provider: Provider
) -> Iterator[Problem]:
    if name.lower() == "authorization" and provider.client_authentication in _BASIC:
        yield Problem(place, f"client_authentication: {provider.client_authentication} sends it")
    yield from header_problems(place, name, value)


def header_problems(place: str, name: str, value: object) -> Iterator[Problem]:
    """Return the problems of *value* in the header *name*."""
    if name.lower() in _RESERVED_HEADERS:
        yield Problem(place, "belongs to the connection: drop this")
    if isinstance(value, str) and _HEADER_VALUE.fullmatch(value) is None:
        yield Problem(place, "must be plain ASCII, in one line")
