"""Read an issuer's metadata (RFC 8414, or OpenID Connect Discovery 1.0) at `plan` and `apply`."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from tokenvend.domain.credential_definition import ClientAuthentication
from tokenvend_cli.configuration.forms import URL
from tokenvend_cli.configuration.providers import Provider
from tokenvend_cli.problems import CommandError, NoMetadataError

#: Client authentication methods that need nothing but the metadata; the first is preferred.
#: `none` is left out: it is for public clients, and this client has a secret.
_DISCOVERED = (
    *(ClientAuthentication.BASIC, ClientAuthentication.POST),
    ClientAuthentication.PRIVATE_KEY_JWT,
)

#: The port to the network: the JSON object at a URL, or `CommandError`.
type Fetch = Callable[[str], dict[str, Any]]


def discover(issuer: str, fetch: "Fetch | None" = None) -> Provider:
    """Return the provider that the metadata of *issuer* describes.

    Raises:
        CommandError: there is no metadata, or none that can be used.
    """
    metadata = _first_metadata(issuer, fetch or _fetch)
    # RFC 8414 §3.3: otherwise one issuer could speak for another.
    if metadata.get("issuer") != issuer:
        raise CommandError("its metadata names another issuer; they must be equal to the letter")
    token_endpoint = url_in(metadata, "token_endpoint")
    if token_endpoint is None:
        raise CommandError("its metadata names no token_endpoint; give token_endpoint instead")
    return Provider(
        token_endpoint=token_endpoint,
        client_authentication=_client_authentication(metadata),
        issuer=issuer,
        authorization_endpoint=url_in(metadata, "authorization_endpoint"),
        revocation_endpoint=url_in(metadata, "revocation_endpoint"),
        introspection_endpoint=url_in(metadata, "introspection_endpoint"),
        # RFC 9207 §3.
        requires_iss=metadata.get("authorization_response_iss_parameter_supported") is True,
    )


def _first_metadata(issuer: str, fetch: Fetch) -> dict[str, Any]:
    parts = urlsplit(issuer)
    root, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    try:
        return fetch(f"{root}/.well-known/oauth-authorization-server{path}")
    except NoMetadataError:
        return fetch(f"{root}{path}/.well-known/openid-configuration")


def url_in(metadata: dict[str, Any], name: str) -> str | None:
    """Return the plain URL *name* of *metadata*, or `None` where it has none.

    Raises:
        CommandError: the value is no plain URL.
    """
    value = metadata.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or URL.fullmatch(value) is None:
        raise CommandError(f"the {name} in its metadata is not a plain URL")
    return value


def _client_authentication(metadata: dict[str, Any]) -> ClientAuthentication:
    # RFC 8414 §2: where it is left out, it is client_secret_basic.
    methods = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    known = [each for each in _DISCOVERED if isinstance(methods, list) and each in methods]
    if not known:
        raise CommandError(f"it takes none of {', '.join(_DISCOVERED)}")
    return known[0]


def fetch(url: str) -> dict[str, Any]:
    """Return the JSON object at *url*; the port's adapter."""
    return _fetch(url)


def _fetch(url: str) -> dict[str, Any]:
    # Imported here: a file without an issuer does not need it.
    from tokenvend_cli.configuration.fetch import fetch_json

    return fetch_json(url)
