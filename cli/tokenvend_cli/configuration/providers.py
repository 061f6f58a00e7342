"""Where a provider's endpoints are: a shipped profile, its issuer's metadata, or the file."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.resources import files
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import yaml

from tokenvend.domain.header import Header
from tokenvend.domain.registry import ClientAuthentication, ScopeMode
from tokenvend_cli.configuration.models import ProviderModel
from tokenvend_cli.problems import CommandError, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider as it is pinned in the registry.

    `default_lifetime_seconds` is `None` where the provider's tokens always say.
    `token_endpoint` is empty where the provider is known for its API key alone.
    """

    token_endpoint: str = ""
    client_authentication: ClientAuthentication = ClientAuthentication.BASIC
    revocation_endpoint: str | None = None
    scope_separator: str = " "
    scope_mode: ScopeMode = ScopeMode.FIXED
    default_lifetime_seconds: int | None = None
    api_key_header: Header | None = None


#: The port to an issuer's metadata: its provider, or `CommandError` with the reason.
type Discover = Callable[[str], Provider]


def undiscovered(issuer: str) -> Provider:
    """A stand-in for `Discover` where the network is left alone: nothing is known yet."""
    return Provider(token_endpoint=issuer)


def resolve_providers(
    models: dict[str, ProviderModel], discover: Discover, *, local_stack: bool
) -> tuple[dict[str, Provider], list[Problem]]:
    """Every provider that can be found, and a problem for each that cannot.

    Only the *local_stack* admits http, and only on the loopback interface.
    """
    providers: dict[str, Provider] = {}
    problems: list[Problem] = []
    for name, model in models.items():
        place = f"providers.{name}"
        try:
            if model.issuer is not None:
                _check_scheme(model.issuer, local_stack=local_stack)
            provider = _resolve(model, discover)
        except CommandError as error:
            way = "profile" if model.profile is not None else "issuer"
            problems.append(Problem(f"{place}.{way}", str(error)))
            continue
        providers[name] = provider
        problems.extend(_endpoint_problems(place, provider, local_stack=local_stack))
    return providers, problems


def profile_names() -> list[str]:
    """The profiles that are shipped."""
    folder = files("tokenvend_cli") / "profiles"
    names = (entry.name for entry in folder.iterdir())
    return sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml"))


def _resolve(model: ProviderModel, discover: Discover) -> Provider:
    if model.profile is not None:
        provider = _from_profile(model.profile)
    elif model.issuer is not None:
        provider = discover(model.issuer)
    else:
        provider = Provider(token_endpoint=model.token_endpoint or "")
    return _override(provider, model)


def _from_profile(name: str) -> Provider:
    if name not in profile_names():
        raise CommandError(f"there is no such profile; there are {', '.join(profile_names())}")
    path = files("tokenvend_cli") / "profiles" / f"{name}.yaml"
    facts: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    facts["client_authentication"] = ClientAuthentication(facts["client_authentication"])
    facts["scope_mode"] = ScopeMode(facts["scope_mode"])
    facts["api_key_header"] = Header(facts["api_key_header"])
    return Provider(**facts)


def _override(provider: Provider, model: ProviderModel) -> Provider:
    """*provider*, but for what the file says itself."""
    changes: dict[str, Any] = {
        "client_authentication": model.client_authentication
        and ClientAuthentication(model.client_authentication),
        "revocation_endpoint": model.revocation_endpoint,
        "scope_separator": model.scope_separator,
        "scope_mode": model.scope_mode and ScopeMode(model.scope_mode),
        "api_key_header": model.api_key
        and Header(model.api_key.header_name, model.api_key.header_prefix or ""),
    }
    return replace(provider, **{key: value for key, value in changes.items() if value is not None})


def _endpoint_problems(place: str, provider: Provider, *, local_stack: bool) -> Iterator[Problem]:
    endpoints = {
        "token_endpoint": provider.token_endpoint,
        "revocation_endpoint": provider.revocation_endpoint,
    }
    for name, url in endpoints.items():
        if not url:
            continue
        try:
            _check_scheme(url, local_stack=local_stack)
        except CommandError as error:
            yield Problem(f"{place}.{name}", str(error))


def _check_scheme(url: str, *, local_stack: bool) -> None:
    parts = urlsplit(url)
    if parts.scheme == "https" or (local_stack and _is_loopback(parts.hostname)):
        return
    raise CommandError("must begin with https: a secret is sent there")


def _is_loopback(host: str | None) -> bool:
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False
