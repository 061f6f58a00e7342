"""Find where issuers publish their keys, from their metadata, at `plan` and `apply`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tokenvend_cli.configuration.discovery import Fetch, fetch, url_in
from tokenvend_cli.configuration.issuer_models import IssuerModel
from tokenvend_cli.configuration.providers import is_loopback
from tokenvend_cli.problems import CommandError, IssuerAwayError, NoMetadataError, Problem

#: Finds an issuer's `jwks_uri`, `None` if it is not known now, or raises `CommandError`.
type FindKeys = Callable[[str], str | None]


def not_fetched(_: str) -> None:
    """Stand in for `discover_jwks_uri` where no network is used."""


def discover_jwks_uri(issuer: str, ask: Fetch = fetch) -> str:
    """Return where *issuer* publishes its keys (OpenID Connect Discovery 1.0 §4, RFC 8414 §3).

    Raises:
        CommandError: there is no metadata, or none that can be used.
    """
    if urlsplit(issuer).scheme not in {"https", "http"}:
        raise CommandError("is no URL, so it has no metadata: give its jwks_uri or its keys")
    metadata = _metadata(issuer, ask)
    # RFC 8414 §3.3: otherwise one issuer could speak for another.
    if metadata.get("issuer") != issuer:
        raise CommandError("its metadata names another issuer; they must be equal to the letter")
    jwks_uri = url_in(metadata, "jwks_uri")
    if jwks_uri is None:
        raise CommandError("its metadata names no jwks_uri: give its jwks_uri or its keys")
    return jwks_uri


def _metadata(issuer: str, ask: Fetch) -> dict[str, object]:
    parts = urlsplit(issuer)
    root, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    try:
        return ask(f"{root}{path}/.well-known/openid-configuration")
    except NoMetadataError:
        return ask(f"{root}/.well-known/oauth-authorization-server{path}")


def resolve_jwks_uris(
    issuers: Mapping[str, IssuerModel], find: FindKeys, *, local_stack: bool
) -> tuple[dict[str, str], list[Problem]]:
    """Return the `jwks_uri` of each issuer whose keys are fetched, and the problems of issuers.

    Only the *local_stack* admits http, and only on the loopback interface.
    """
    found: dict[str, str] = {}
    problems: list[Problem] = []
    for name, model in issuers.items():
        if model.keys is not None:
            continue
        place = f"issuers.{name}.{'jwks_uri' if model.jwks_uri else 'issuer'}"
        try:
            _check_scheme(model.jwks_uri or model.issuer, local_stack=local_stack)
            jwks_uri = model.jwks_uri or find(model.issuer)
            if jwks_uri is not None:
                _check_scheme(jwks_uri, local_stack=local_stack)
                found[name] = jwks_uri
        except CommandError as error:
            problems.append(Problem(place, str(error)))
    return found, problems


def _check_scheme(url: str, *, local_stack: bool) -> None:
    parts = urlsplit(url)
    if parts.scheme == "http" and not (local_stack and is_loopback(parts.hostname)):
        raise CommandError("must begin with https: keys are fetched there")


@dataclass(frozen=True, slots=True)
class PatientKeys:
    """Finds a `jwks_uri` with `discover`, or takes the `pinned` one if the issuer is away.

    `away` holds the reason for each issuer that did not answer.
    """

    discover: Callable[[str], str]
    pinned: Mapping[str, str]
    away: dict[str, str] = field(default_factory=dict)

    def find(self, issuer: str) -> str | None:
        """Return the `jwks_uri` of *issuer*; `None` if it is away and nothing is pinned."""
        try:
            return self.discover(issuer)
        except IssuerAwayError as error:
            self.away[issuer] = str(error)
            return self.pinned.get(issuer)
