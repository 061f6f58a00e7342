"""Where a provider's endpoints are: a profile, its issuer's metadata, or the file itself."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import requests
import yaml

from tokenvend.domain.registry import ClientAuthentication, ScopeMode
from tokenvend_cli.configuration.models import ProviderModel
from tokenvend_cli.problems import CommandError

_METADATA_BYTES = 100 * 1024
_METADATA_SECONDS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider as it is pinned in the registry."""

    token_endpoint: str
    client_authentication: ClientAuthentication = ClientAuthentication.BASIC
    revocation_endpoint: str | None = None
    scope_separator: str = " "
    scope_mode: ScopeMode = ScopeMode.FIXED


#: Fetches the metadata document at a URL. A parameter, so that compiling stays pure.
type FetchMetadata = Callable[[str], dict[str, Any]]


def profile_names() -> list[str]:
    """The profiles that are shipped."""
    folder = files("tokenvend_cli.configuration") / "profiles"
    return sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir())


def resolve_provider(model: ProviderModel, fetch: FetchMetadata) -> Provider:
    """The endpoints behind *model*; what the file says itself goes first.

    Raises:
        CommandError: no such profile, or the issuer's metadata cannot be used.
    """
    if model.profile is not None:
        provider = _from_profile(model.profile)
    elif model.issuer is not None:
        provider = _from_issuer(model.issuer, fetch)
    else:
        provider = Provider(token_endpoint=model.token_endpoint or "")
    return _override(provider, model)


def _override(provider: Provider, model: ProviderModel) -> Provider:
    changes: dict[str, Any] = {
        "client_authentication": model.client_authentication
        and ClientAuthentication(model.client_authentication),
        "revocation_endpoint": model.revocation_endpoint,
        "scope_separator": model.scope_separator,
        "scope_mode": model.scope_mode and ScopeMode(model.scope_mode),
    }
    return replace(provider, **{name: value for name, value in changes.items() if value})


def _from_profile(name: str) -> Provider:
    if name not in profile_names():
        raise CommandError(f"no profile {name}; there are: {', '.join(profile_names())}")
    path = files("tokenvend_cli.configuration") / "profiles" / f"{name}.yaml"
    facts = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Provider(
        token_endpoint=facts["token_endpoint"],
        client_authentication=ClientAuthentication(facts["client_authentication"]),
        scope_separator=facts["scope_separator"],
        scope_mode=ScopeMode(facts["scope_mode"]),
    )


def _from_issuer(issuer: str, fetch: FetchMetadata) -> Provider:
    metadata = _first_metadata(issuer, fetch)
    # RFC 8414 §3.3: otherwise one issuer could speak for another.
    if metadata.get("issuer") != issuer:
        raise CommandError(f"the metadata of {issuer} names another issuer")
    endpoint = metadata.get("token_endpoint")
    if not isinstance(endpoint, str):
        raise CommandError(f"the metadata of {issuer} has no token_endpoint")
    methods = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    method = next((each for each in ClientAuthentication if each.value in methods), None)
    if method is None:
        raise CommandError(f"{issuer} takes neither client_secret_basic nor client_secret_post")
    return Provider(
        token_endpoint=endpoint,
        client_authentication=method,
        revocation_endpoint=metadata.get("revocation_endpoint"),
    )


def _first_metadata(issuer: str, fetch: FetchMetadata) -> dict[str, Any]:
    parts = urlsplit(issuer)
    path = parts.path.rstrip("/")
    root = f"{parts.scheme}://{parts.netloc}"
    try:
        return fetch(f"{root}/.well-known/oauth-authorization-server{path}")
    except CommandError:
        return fetch(f"{root}{path}/.well-known/openid-configuration")


def fetch_metadata(url: str) -> dict[str, Any]:
    """The JSON document at *url*, within bounds and without following redirects.

    Raises:
        CommandError: there is none.
    """
    try:
        with requests.get(
            url, timeout=_METADATA_SECONDS, allow_redirects=False, stream=True
        ) as response:
            body = response.raw.read(_METADATA_BYTES, decode_content=True)
            document = yaml.safe_load(body) if response.status_code == 200 else None
    except (requests.RequestException, yaml.YAMLError, OSError) as error:
        raise CommandError(f"cannot read {url}: {type(error).__name__}") from None
    if not isinstance(document, dict):
        raise CommandError(f"there is no metadata at {url}")
    return document
