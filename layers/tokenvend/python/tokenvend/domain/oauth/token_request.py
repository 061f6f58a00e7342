"""Build a request to the token endpoint (RFC 6749 §4.4.2) or the revocation endpoint (RFC 7009)."""

from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from urllib.parse import quote_plus, unquote_plus, urlsplit

from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.oauth.client_assertion import AssertionDraft
from tokenvend.domain.registry import (
    Assertion,
    ClientAuthentication,
    CredentialDefinition,
    CredentialKind,
    ScopeMode,
)
from tokenvend.domain.scopes import format_scope
from tokenvend.domain.secret import Secret
from tokenvend.domain.signing import KmsKey, PrivateKey, SigningKey

#: Stands for a host where the secret is an API key, which is handed to callers. No host has it:
#: `host_of` ends before an @.
TO_CALLERS = "@callers"

#: Parameters whose values nobody but the provider may see.
_CONFIDENTIAL = (
    *("client_secret", "client_assertion", "refresh_token", "code", "code_verifier", "token"),
)


@dataclass(frozen=True, slots=True)
class ProviderSecret:
    """A credential's secret, and the one host it may be sent to.

    `allowed_host` is `host` or `host:port`, or `TO_CALLERS`, as recorded when the secret was
    written, so that whoever edits a definition cannot redirect the secret. An API key is the
    `client_secret` itself, and its `client_id` is empty. So is a private key, as PEM text;
    `key_id` is its `kid`. It is empty where a key in KMS signs. `version` is Secrets Manager's id
    of the version that was read.
    """

    client_id: str
    client_secret: Secret
    allowed_host: str
    version: str = field(default="", compare=False)
    key_id: str | None = None


@dataclass(frozen=True, slots=True)
class ProviderRequest:
    """A form to post. It holds the client secret, so it is never shown.

    With an `assertion` it is not complete: that is signed when the form is sent.
    """

    url: str
    form: dict[str, str] = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    assertion: AssertionDraft | None = None

    @property
    def confidential(self) -> tuple[Secret, ...]:
        """What in it may come back in no text that goes further than the provider's answer."""
        values = [self.form[name] for name in _CONFIDENTIAL if name in self.form]
        _, _, encoded = self.headers.get("Authorization", "").partition(" ")
        if encoded:
            _, _, password = b64decode(encoded).decode().partition(":")
            values += [encoded, unquote_plus(password)]
        return tuple(Secret(value) for value in values)


def build_token_request(
    definition: CredentialDefinition, spec: TokenSpec, secret: ProviderSecret
) -> ProviderRequest:
    """The client-credentials request for the token that *spec* describes (RFC 6749 §4.4.2)."""
    form = dict(definition.extra_parameters)
    form["grant_type"] = "client_credentials"
    if spec.scopes and _sends_scope(definition):
        form["scope"] = format_scope(spec.scopes, separator=definition.scope_separator)
    if spec.audience is not None:
        form["audience"] = spec.audience
    if spec.resource is not None:
        form["resource"] = spec.resource
    return authenticated(definition, definition.token_endpoint, form, secret)


def build_revocation_request(
    definition: CredentialDefinition,
    token: Secret,
    secret: ProviderSecret,
    *,
    hint: str = "access_token",
) -> ProviderRequest | None:
    """The request that revokes *token* (RFC 7009 §2.1); `None` where there is no endpoint.

    *hint* says which kind of token it is: `access_token` or `refresh_token`.
    """
    if definition.revocation_endpoint is None:
        return None
    form = {"token": token.reveal(), "token_type_hint": hint}
    return authenticated(definition, definition.revocation_endpoint, form, secret)


def destination_of(definition: CredentialDefinition) -> str:
    """Where the secret of *definition* goes: the token endpoint's host, or `TO_CALLERS`.

    A client secret is thus never vended because somebody made its definition an API key.
    """
    if definition.kind is CredentialKind.API_KEY:
        return TO_CALLERS
    return host_of(definition.token_endpoint)


def host_of(url: str) -> str:
    """The host of *url*, with its port where it names one, in lower case."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()


def _sends_scope(definition: CredentialDefinition) -> bool:
    return definition.scope_mode is ScopeMode.NARROWS or definition.scope_parameter


def authenticated(
    definition: CredentialDefinition, url: str, form: dict[str, str], secret: ProviderSecret
) -> ProviderRequest:
    """*form* for *url*, with what proves the client as the provider wants it (RFC 6749 §2.3)."""
    headers = {"Accept": "application/json"}
    match definition.client_authentication:
        case ClientAuthentication.BASIC:
            # Both are form-encoded before they are joined: RFC 6749 §2.3.1, often forgotten.
            pair = f"{quote_plus(secret.client_id)}:{quote_plus(secret.client_secret.reveal())}"
            headers["Authorization"] = "Basic " + b64encode(pair.encode()).decode()
        case ClientAuthentication.POST:
            form["client_id"] = secret.client_id
            form["client_secret"] = secret.client_secret.reveal()
        case ClientAuthentication.PRIVATE_KEY_JWT:
            form["client_id"] = secret.client_id
            return ProviderRequest(url, form, headers, _draft(definition, secret))
    return ProviderRequest(url, form, headers)


def _draft(definition: CredentialDefinition, secret: ProviderSecret) -> AssertionDraft:
    # A definition that says nothing more has its token endpoint for an audience (RFC 7523 §3).
    assertion = definition.assertion or Assertion(audience=definition.token_endpoint)
    key: SigningKey = PrivateKey(secret.client_secret, secret.key_id)
    if assertion.kms_keys:
        key = KmsKey(assertion.kms_keys[0])
    return AssertionDraft(secret.client_id, assertion.audience, assertion.algorithm, key)
