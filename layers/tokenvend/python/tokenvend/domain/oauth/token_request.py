"""Build a request to the token endpoint (RFC 6749 §4.4.2) or the revocation endpoint (RFC 7009).

`build_authenticated_request` sets the headers of both, and of a refresh and a code exchange;
only `Content-Type` is set where the body is made, in `adapters/provider_http`.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any
from urllib.parse import quote_plus, urlsplit

from tokenvend.domain.cache_key import TokenSpec, one_or_several
from tokenvend.domain.credential_definition import (
    Assertion,
    ClientAuthentication,
    CredentialDefinition,
    CredentialKind,
    ScopeMode,
)
from tokenvend.domain.errors import CredentialNotReadyError
from tokenvend.domain.oauth.client_assertion import AssertionDraft, GrantAssertion
from tokenvend.domain.scopes import format_scope
from tokenvend.domain.secret import Secret
from tokenvend.domain.signing import AwsIdentity, KmsKey, PrivateKey, SigningKey

#: Parameters whose values only the provider may see.
_CONFIDENTIAL = (
    *("client_secret", "client_assertion", "refresh_token", "code", "code_verifier", "token"),
)


class ParametersIn(StrEnum):
    """Where a request has its parameters: in its body as a form or as JSON, or in its URL."""

    FORM = "form"
    JSON = "json"
    QUERY = "query"


@dataclass(frozen=True, slots=True)
class ProviderSecret:
    """A credential's secret, and the one destination to which it may be sent.

    - `client_secret`: the client's secret, or its private key as PEM text. Empty if a key in KMS
      signs, and for an API key.
    - `client_id`: empty for an API key.
    - `allowed_host`: where it may be sent, as recorded when it was written: see
      `domain.secret_destination`.
    - `version`: Secrets Manager's id of the version that was read.
    - `key_id`: the `kid` of the private key.
    - `fields`: those that the definition's `token_request` or `api_request` names.
    - `tenant_values`: the customer's own values, for the definition's endpoints.
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
    """A client's certificate, or a chain of them, and its private key, as PEM (RFC 8705 §2.1)."""

    certificate: Secret
    private_key: Secret


@dataclass(frozen=True, slots=True)
class ProviderRequest:
    """A request to a provider. It holds the client secret, so it is never logged.

    `form` are the parameters, which go where `parameters_in` says; those of `query` always go into
    the URL. A request with an `assertion` or a `grant` is not complete: they are signed when it is
    sent. `secret_values` are the values of the credential's secret that are anywhere in the
    request. A `certificate` is used only for the host of `url`.
    """

    url: str
    form: dict[str, Any] = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    assertion: AssertionDraft | None = None
    method: str = "POST"
    parameters_in: ParametersIn = ParametersIn.FORM
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    secret_values: tuple[Secret, ...] = field(default=(), repr=False)
    grant: GrantAssertion | None = None
    certificate: ClientCertificate | None = None

    @property
    def confidential(self) -> tuple[Secret, ...]:
        """The confidential values in the request, which no text for callers or logs may quote."""
        named = (self.form[name] for name in _CONFIDENTIAL if name in self.form)
        return (*(Secret(each) for each in named if isinstance(each, str)), *self.secret_values)


def build_token_request(
    definition: CredentialDefinition,
    spec: TokenSpec,
    secret: ProviderSecret,
    *,
    user_token: Secret | None = None,
) -> ProviderRequest:
    """Build the client-credentials request for the token of *spec* (RFC 6749 §4.4.2).

    *user_token* is the token of the user on whose behalf the request is made, if the definition
    `acts_for_users`.

    Raises:
        CredentialNotReadyError: the secret does not fit the definition.
    """
    form: dict[str, Any] = {**definition.extra_parameters, "grant_type": "client_credentials"}
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
    """Build the request that revokes *token* (RFC 7009 §2.1).

    `None` if there is no endpoint at the token endpoint's host: no other may have the secret.
    *hint* is the `token_type_hint`: `access_token` or `refresh_token`.
    """
    definition = for_tenant(definition, secret)
    endpoint = definition.revocation_endpoint
    if endpoint is None or host_of(endpoint) != host_of(definition.token_endpoint):
        return None
    form = {"token": token.reveal(), "token_type_hint": hint}
    return build_authenticated_request(definition, endpoint, form, secret)


def for_tenant(definition: CredentialDefinition, secret: ProviderSecret) -> CredentialDefinition:
    """Return *definition* with the customer's values, which are in *secret*, in its endpoints.

    Raises:
        CredentialNotReadyError: a value is missing, or does not fit the definition.
    """
    if not definition.tenant_values:
        return definition
    # Imported here because few providers have tenant values.
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
    """Return the host of *url* in lower case, with its port if the URL names one."""
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
    """Build the request with *form* to the token endpoint, changed as `token_request` says.

    Raises:
        CredentialNotReadyError: the secret does not fit the definition.
    """
    definition = for_tenant(definition, secret)
    request = build_authenticated_request(definition, definition.token_endpoint, form, secret)
    if secret.tenant_values:
        request = replace(
            request, secret_values=(*request.secret_values, *secret.tenant_values.values())
        )
    if not definition.token_request:
        return request
    # Imported here because few providers need the parser.
    from tokenvend.domain.oauth.request_description import apply_description

    return apply_description(request, definition, secret, user_token=user_token)


def build_authenticated_request(
    definition: CredentialDefinition, url: str, form: dict[str, Any], secret: ProviderSecret
) -> ProviderRequest:
    """Build the request with *form* to *url*, with the client's authentication (RFC 6749 §2.3).

    Raises:
        CredentialNotReadyError: the client id has a colon, which HTTP Basic cannot send unencoded.
    """
    headers = {"Accept": "application/json"}
    request = ProviderRequest(url, form, headers, secret_values=(secret.client_secret,))
    match definition.client_authentication:
        case ClientAuthentication.BASIC:
            # Both are form-encoded before they are joined: RFC 6749 §2.3.1, often forgotten.
            pair = quote_plus(secret.client_id), quote_plus(secret.client_secret.reveal())
            return _with_basic(request, *pair)
        case ClientAuthentication.BASIC_UNENCODED:
            if ":" in secret.client_id:
                raise CredentialNotReadyError(
                    "The client id has a colon, which HTTP Basic does not allow (RFC 7617 §2).",
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
            return replace(request, secret_values=(), certificate=_certificate(secret))
        case ClientAuthentication.NONE:
            # A client that does not authenticate must send its client_id (RFC 6749 §4.1.3).
            if definition.kind is CredentialKind.AUTHORIZATION_CODE:
                form["client_id"] = secret.client_id
            return ProviderRequest(url, form, headers)


def _certificate(secret: ProviderSecret) -> ClientCertificate:
    return ClientCertificate(secret.fields["certificate"], secret.fields["private_key"])


def _with_basic(request: ProviderRequest, user: str, password: str) -> ProviderRequest:
    """Return *request* with HTTP Basic (RFC 7617). The encoded text counts as a secret, too."""
    encoded = b64encode(f"{user}:{password}".encode()).decode()
    headers = request.headers | {"Authorization": f"Basic {encoded}"}
    return replace(
        request, headers=headers, secret_values=(*request.secret_values, Secret(encoded))
    )


def _draft(definition: CredentialDefinition, secret: ProviderSecret) -> AssertionDraft:
    # The default audience is the token endpoint (RFC 7523 §3).
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
