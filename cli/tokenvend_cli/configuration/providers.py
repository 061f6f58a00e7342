"""Where a provider's endpoints are: a shipped profile, its issuer's metadata, or the file."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from tokenvend.domain.credential_definition import ClientAuthentication, ScopeMode
from tokenvend_cli.configuration.models import ProviderModel
from tokenvend_cli.configuration.profiles import load_profile
from tokenvend_cli.problems import CommandError, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider as it is pinned in the registry.

    `default_lifetime_seconds` is `None` where the provider always states a lifetime.
    `token_endpoint` is empty where the provider has none: for its API key or its signed JWT alone.
    `scope_words` puts scopes in words for the person who is asked to consent.
    `refresh_token_days` is how long an unused refresh token lives, `None` if that is not known;
    so is `refresh_token_rotates`, whether each refresh gives the next one.
    `kinds` are the kinds of credential that it has, `None` if that is not known.
    `tenant_values` are the values of each customer's own, with the patterns of which one must fit.
    `api_key` and `api_request` are what `tokenvend.domain.api_request` parses,
    `signed_jwt` what `tokenvend.domain.oauth.signed_jwt` does,
    `token_request` what `tokenvend.domain.oauth.request_description` parses, and
    `token_answer` what `token_answer` there does.
    """

    token_endpoint: str = ""
    client_authentication: ClientAuthentication = ClientAuthentication.BASIC
    revocation_endpoint: str | None = None
    scope_separator: str = " "
    scope_mode: ScopeMode = ScopeMode.FIXED
    default_lifetime_seconds: int | None = None
    api_key: Mapping[str, object] = field(default_factory=dict)
    api_request: Mapping[str, object] = field(default_factory=dict)
    signed_jwt: Mapping[str, object] = field(default_factory=dict)
    issuer: str | None = None
    authorization_endpoint: str | None = None
    introspection_endpoint: str | None = None
    authorization_parameters: Mapping[str, str] = field(default_factory=dict)
    scope_parameter: bool = False
    scope_words: Mapping[str, str] = field(default_factory=dict)
    refresh_token_days: int | None = None
    refresh_token_rotates: bool | None = None
    requires_iss: bool = False
    title: str | None = None
    account_endpoint: str | None = None
    account_field: str = "sub"
    kinds: frozenset[str] | None = None
    assertion_audience: str | None = None
    tenant_values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    token_request: Mapping[str, object] = field(default_factory=dict)
    token_answer: Mapping[str, object] = field(default_factory=dict)
    consent_flow: Mapping[str, Any] = field(default_factory=dict)


#: The profile for a provider that the file gives by `issuer:`.
ANY_ISSUER = "issuer"
_ENDPOINTS = (
    *("token_endpoint", "authorization_endpoint", "revocation_endpoint"),
    *("introspection_endpoint", "account_endpoint"),
)
#: The one endpoint that stands in a description.
REFRESH_ENDPOINT = "consent_flow.refresh_endpoint"
_AS_THEY_ARE = frozenset(
    {
        *(*_ENDPOINTS, "issuer", "authorization_parameters", "scope_separator"),
        *("scope_parameter", "default_lifetime_seconds", "refresh_token_days"),
        *("refresh_token_rotates", "account_field", "assertion_audience"),
    }
)
_DESCRIPTIONS = frozenset(
    {"api_key", "api_request", "signed_jwt", "token_request", "token_answer", "consent_flow"}
)
_ENUMS = {"client_authentication": ClientAuthentication, "scope_mode": ScopeMode}

#: The port to an issuer's metadata: its provider, or `CommandError` with the reason.
type Discover = Callable[[str], Provider]


def undiscovered(issuer: str) -> Provider:
    """Stand in for `Discover` where no network is used: nothing is known yet."""
    return Provider(token_endpoint=issuer, authorization_endpoint=issuer, issuer=issuer)


def issuer_of(model: ProviderModel) -> str | None:
    """Return the issuer whose metadata *model* needs; `None` if none, or with a wrong profile."""
    if model.issuer is not None or model.profile is None:
        return model.issuer
    try:
        profile = load_profile(model.profile)
        return str(profile.filled(model.parameters)["issuer"]) if profile.discovered else None
    except CommandError:
        # `resolve_providers` says what is wrong, with its place.
        return None


def resolve_providers(
    models: dict[str, ProviderModel], discover: Discover, *, local_stack: bool
) -> tuple[dict[str, Provider], list[Problem]]:
    """Return every provider that can be found, and a problem for each that cannot.

    Only the *local_stack* admits http, and only on the loopback interface.
    """
    providers: dict[str, Provider] = {}
    problems: list[Problem] = []
    for name, model in models.items():
        place = f"providers.{name}"
        try:
            if issuer := model.issuer or model.parameters.get("issuer"):
                _check_scheme(issuer, local_stack=local_stack)
            provider = _resolve(model, discover)
        except CommandError as error:
            way = "profile" if model.profile is not None else "issuer"
            problems.append(Problem(f"{place}.{way}", str(error)))
            continue
        providers[name] = provider
        problems.extend(_endpoint_problems(place, provider, local_stack=local_stack))
    return providers, problems


def _resolve(model: ProviderModel, discover: Discover) -> Provider:
    if model.issuer is not None:
        return _override(_from_profile(ANY_ISSUER, {"issuer": model.issuer}, discover), model)
    if model.profile is not None:
        return _override(_from_profile(model.profile, model.parameters, discover), model)
    return _override(Provider(token_endpoint=model.token_endpoint or ""), model)


def _from_profile(name: str, parameters: Mapping[str, str], discover: Discover) -> Provider:
    profile = load_profile(name)
    facts = profile.filled(parameters)
    known = {key: facts[key] for key in _AS_THEY_ARE & facts.keys()}
    known |= {key: kind(facts[key]) for key, kind in _ENUMS.items() if key in facts}
    known |= {name: facts[name].document() for name in _DESCRIPTIONS & facts.keys()}
    if "scopes" in facts:
        known["scope_words"] = facts["scopes"]
    known["kinds"] = frozenset(facts["kinds"])
    known["tenant_values"] = profile.tenant_values(parameters)
    if name != ANY_ISSUER:
        known["title"] = profile.title
    if not profile.discovered:
        return Provider(**known)
    return replace(discover(known["issuer"]), **known)


def _override(provider: Provider, model: ProviderModel) -> Provider:
    """Return *provider* with the values that the file sets itself."""
    changes: dict[str, Any] = {
        "client_authentication": model.client_authentication
        and ClientAuthentication(model.client_authentication),
        "authorization_endpoint": model.authorization_endpoint,
        "authorization_parameters": {
            **provider.authorization_parameters,
            **model.authorization_parameters,
        }
        or None,
        "requires_iss": model.requires_iss,
        "title": model.title,
        "scope_words": {**provider.scope_words, **model.scope_words} or None,
        "account_endpoint": model.account_endpoint,
        "account_field": model.account_field,
        "refresh_token_days": model.refresh_token_days,
        "revocation_endpoint": model.revocation_endpoint,
        "assertion_audience": model.assertion_audience,
        "scope_separator": model.scope_separator,
        "scope_mode": model.scope_mode and ScopeMode(model.scope_mode),
        "tenant_values": {
            **provider.tenant_values,
            **{name: tuple(each) for name, each in model.tenant_values.items()},
        }
        or None,
        "api_key": model.api_key and model.api_key.document(),
        "api_request": model.api_request and model.api_request.document(),
        "signed_jwt": model.signed_jwt and model.signed_jwt.document(),
        "token_request": model.token_request and model.token_request.document(),
        "token_answer": model.token_answer and model.token_answer.document(),
        "consent_flow": model.consent_flow and model.consent_flow.document(),
    }
    return replace(provider, **{key: value for key, value in changes.items() if value is not None})


def text_at(provider: Provider, key: str) -> Any:
    """Return the value of *provider* at *key*, which may be nested: `consent_flow.…`."""
    group, dot, name = key.partition(".")
    return getattr(provider, group).get(name) if dot else getattr(provider, key)


def _endpoint_problems(place: str, provider: Provider, *, local_stack: bool) -> Iterator[Problem]:
    for name in (*_ENDPOINTS, REFRESH_ENDPOINT):
        url = text_at(provider, name)
        if not url:
            continue
        try:
            _check_scheme(url, local_stack=local_stack)
        except CommandError as error:
            yield Problem(f"{place}.{name}", str(error))


def _check_scheme(url: str, *, local_stack: bool) -> None:
    parts = urlsplit(url)
    if parts.scheme == "https" or (local_stack and is_loopback(parts.hostname)):
        return
    why = "must begin with https: a secret is sent there"
    if is_loopback(parts.hostname):
        why += "; only a local stack admits http: for one, add --local-stack to `validate`"
    raise CommandError(why)


def is_loopback(host: str | None) -> bool:
    """Whether *host* is an address of this machine's own."""
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False
