"""Build a request to the token endpoint (RFC 6749 §4.4.2) or the revocation endpoint (RFC 7009)."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any
from urllib.parse import quote_plus, urlsplit

from tokenvend.domain.cache_key import TokenSpec, one_or_several
from tokenvend.domain.errors import CredentialNotReadyError
from tokenvend.domain.oauth.client_assertion import AssertionDraft, GrantAssertion
from tokenvend.domain.registry import (
    Assertion,
    ClientAuthentication,
    CredentialDefinition,
    CredentialKind,
    ScopeMode,
)
from tokenvend.domain.scopes import format_scope
from tokenvend.domain.secret import Secret
from tokenvend.domain.signing import AwsIdentity, KmsKey, PrivateKey, SigningKey

#: Stands for a host where the secret is an API key, which is handed to callers. No host has it:
#: `host_of` ends before an @.
TO_CALLERS = "@callers"

#: As `domain.tenant_values` has it.
_ANY_LABEL = "@any"

#: Parameters whose values nobody but the provider may see.
_CONFIDENTIAL = (
    *("client_secret", "client_assertion", "refresh_token", "code", "code_verifier", "token"),
)


class ParametersIn(StrEnum):
    """Where the parameters of a request go: into its body, as a form or JSON, or into its URL."""

    FORM = "form"
    JSON = "json"
    QUERY = "query"


@dataclass(frozen=True, slots=True)
class ProviderSecret:
    """A credential's secret, and the one host it may be sent to.

    `allowed_host` is `host` or `host:port`, or `TO_CALLERS`, as recorded when the secret was
    written, so that whoever edits a definition cannot redirect the secret. An API key is the
    `client_secret` itself, and its `client_id` is empty. So is a private key, as PEM text;
    `key_id` is its `kid`. It is empty where a key in KMS signs. `version` is Secrets Manager's id
    of the version that was read. `fields` are those that the definition's `token_request` or
    `api_key_parts` names. `tenant_values` are the customer's own, for the definition's endpoints.
    """

    client_id: str
    client_secret: Secret
    allowed_host: str
    version: str = field(default="", compare=False)
    key_id: str | None = None
    fields: Mapping[str, Secret] = field(default_factory=dict)
    tenant_values: Mapping[str, Secret] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """What proves a client in TLS (RFC 8705 §2.1), as PEM; its chain may stand with it."""

    certificate: Secret
    private_key: Secret


@dataclass(frozen=True, slots=True)
class ProviderRequest:
    """Parameters to send. They hold the client secret, so they are never shown.

    `form` are the parameters, wherever `parameters_in` puts them; those of `query` always go into
    the URL. With an `assertion` or a `grant` it is not complete: they are signed when it is sent.
    `placed` are the values of the credential's secret that stand anywhere in it. A `certificate`
    is shown to the host of `url` alone.
    """

    url: str
    form: dict[str, Any] = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    assertion: AssertionDraft | None = None
    method: str = "POST"
    parameters_in: ParametersIn = ParametersIn.FORM
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    placed: tuple[Secret, ...] = field(default=(), repr=False)
    grant: GrantAssertion | None = None
    certificate: ClientCertificate | None = None

    @property
    def confidential(self) -> tuple[Secret, ...]:
        """What in it may come back in no text that goes further than the provider's answer."""
        named = (self.form[name] for name in _CONFIDENTIAL if name in self.form)
        return (*(Secret(each) for each in named if isinstance(each, str)), *self.placed)


def build_token_request(
    definition: CredentialDefinition,
    spec: TokenSpec,
    secret: ProviderSecret,
    *,
    user_token: Secret | None = None,
) -> ProviderRequest:
    """The client-credentials request for the token that *spec* describes (RFC 6749 §4.4.2).

    *user_token* is that of the user on whose behalf a definition asks that says so.
    """
    form: dict[str, Any] = dict(definition.extra_parameters)
    form["grant_type"] = "client_credentials"
    if spec.scopes and _sends_scope(definition):
        form["scope"] = format_scope(spec.scopes, separator=definition.scope_separator)
    if spec.audience is not None:
        form["audience"] = spec.audience
    if spec.resources:
        # A list is sent as a repeated parameter (RFC 8707 §2), or as a list where the body is JSON.
        form["resource"] = one_or_several(spec.resources)
    return to_token_endpoint(definition, form, secret, user_token=user_token)


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
    definition = for_tenant(definition, secret)
    if definition.revocation_endpoint is None:
        return None
    form = {"token": token.reveal(), "token_type_hint": hint}
    return build_authenticated_request(definition, definition.revocation_endpoint, form, secret)


def destination_of(definition: CredentialDefinition) -> str:
    """Where the secret of *definition* goes: the token endpoint's host, or `TO_CALLERS`.

    A client secret is thus never vended because somebody made its definition an API key. Where
    each customer has its own host, it is the text that stands for all of them.
    """
    if definition.kind is CredentialKind.API_KEY:
        return TO_CALLERS
    host = host_of(definition.token_endpoint)
    if "{" not in host:
        return host
    from tokenvend.domain.tenant_values import recorded_hosts

    return recorded_hosts(definition)


def is_allowed(secret: ProviderSecret, host: str) -> bool:
    """Whether *secret* may be sent to *host*: it is recorded with it, by itself or by a pattern."""
    recorded = secret.allowed_host.lower()
    if recorded == host:
        return True
    if _ANY_LABEL not in recorded and " " not in recorded:
        return False
    from tokenvend.domain.tenant_values import is_recorded

    return is_recorded(recorded, host)


def for_tenant(definition: CredentialDefinition, secret: ProviderSecret) -> CredentialDefinition:
    """*definition* with the values of its customer, which *secret* has, in its endpoints.

    Raises:
        CredentialNotReadyError: one is missing, or does not fit the definition.
    """
    if not definition.tenant_values:
        return definition
    # Only an exchange at such a provider needs it.
    from tokenvend.domain.tenant_values import TenantValueError, bind

    try:
        return bind(
            definition, {name: each.reveal() for name, each in secret.tenant_values.items()}
        )
    except TenantValueError as error:
        raise CredentialNotReadyError(
            f"The tenant's {error}. Write its secret again.", rule="secret.tenant_value"
        ) from None


def host_of(url: str) -> str:
    """The host of *url*, with its port where it names one, in lower case."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()


def _sends_scope(definition: CredentialDefinition) -> bool:
    return definition.scope_mode is ScopeMode.NARROWS or definition.scope_parameter


def to_token_endpoint(
    definition: CredentialDefinition,
    form: dict[str, Any],
    secret: ProviderSecret,
    *,
    user_token: Secret | None = None,
) -> ProviderRequest:
    """*form* for the token endpoint of *definition*, sent as its `token_request` says.

    Raises:
        CredentialNotReadyError: the secret does not fit what it says.
    """
    definition = for_tenant(definition, secret)
    request = build_authenticated_request(definition, definition.token_endpoint, form, secret)
    if secret.tenant_values:
        request = replace(request, placed=(*request.placed, *secret.tenant_values.values()))
    if not definition.token_request:
        return request
    # Only an exchange at such a provider needs the parser.
    from tokenvend.domain.oauth.request_description import apply_description

    return apply_description(request, definition, secret, user_token=user_token)


def build_authenticated_request(
    definition: CredentialDefinition, url: str, form: dict[str, Any], secret: ProviderSecret
) -> ProviderRequest:
    """*form* for *url*, with what proves the client as the provider wants it (RFC 6749 §2.3).

    Raises:
        CredentialNotReadyError: the client id cannot be sent in this way.
    """
    headers = {"Accept": "application/json"}
    request = ProviderRequest(url, form, headers, placed=(secret.client_secret,))
    match definition.client_authentication:
        case ClientAuthentication.BASIC:
            # Both are form-encoded before they are joined: RFC 6749 §2.3.1, often forgotten.
            pair = quote_plus(secret.client_id), quote_plus(secret.client_secret.reveal())
            return _with_basic(request, *pair)
        case ClientAuthentication.BASIC_UNENCODED:
            if ":" in secret.client_id:
                raise CredentialNotReadyError(
                    "The client id has a colon, which ends it in HTTP Basic (RFC 7617 §2).",
                    rule="secret.unusable",
                )
            return _with_basic(request, secret.client_id, secret.client_secret.reveal())
        case ClientAuthentication.POST:
            form["client_id"] = secret.client_id
            form["client_secret"] = secret.client_secret.reveal()
            return request
        case ClientAuthentication.PRIVATE_KEY_JWT:
            form["client_id"] = secret.client_id
            return ProviderRequest(url, form, headers, _draft(definition, secret))
        case ClientAuthentication.TLS_CLIENT_AUTH:
            form["client_id"] = secret.client_id
            return replace(request, placed=(), certificate=_certificate(secret))
        case ClientAuthentication.NONE:
            # RFC 6749 §4.1.3: without authentication the client at least says who it is.
            if definition.kind is CredentialKind.AUTHORIZATION_CODE:
                form["client_id"] = secret.client_id
            return ProviderRequest(url, form, headers)


def _certificate(secret: ProviderSecret) -> ClientCertificate:
    return ClientCertificate(secret.fields["certificate"], secret.fields["private_key"])


def _with_basic(request: ProviderRequest, user: str, password: str) -> ProviderRequest:
    """*request* with HTTP Basic (RFC 7617). What is sent is as good as the secret in it."""
    encoded = b64encode(f"{user}:{password}".encode()).decode()
    headers = request.headers | {"Authorization": f"Basic {encoded}"}
    return replace(request, headers=headers, placed=(*request.placed, Secret(encoded)))


def _draft(definition: CredentialDefinition, secret: ProviderSecret) -> AssertionDraft:
    # A definition that says nothing more has its token endpoint for an audience (RFC 7523 §3).
    assertion = definition.assertion or Assertion(audience=definition.token_endpoint)
    key: SigningKey | AwsIdentity = PrivateKey(secret.client_secret, secret.key_id)
    if assertion.aws_identity:
        key = AwsIdentity()
    elif assertion.kms_keys:
        key = KmsKey(assertion.kms_keys[0])
    return AssertionDraft(
        secret.client_id,
        assertion.audience,
        assertion.algorithm,
        key,
        certificate=secret.fields["certificate"] if assertion.names_certificate else None,
    )
