"""A credential as the file describes it: everything but its secret."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tokenvend.domain.bounds import DEFAULT_LIFETIME_SECONDS
from tokenvend.domain.consent_flow import STANDARD, ConsentFlow
from tokenvend.domain.scopes import NO_SCOPES, Scopes
from tokenvend.domain.secret_reference import SecretReference
from tokenvend.domain.signing import SigningAlgorithm


class CredentialKind(StrEnum):
    """What a provider issued to us.

    SIGNED_JWT: a key with which we sign the tokens ourselves; there is no token endpoint.
    """

    CLIENT_CREDENTIALS = "client_credentials"
    AUTHORIZATION_CODE = "authorization_code"
    API_KEY = "api_key"
    SIGNED_JWT = "signed_jwt"


class ScopeMode(StrEnum):
    """Whether a provider gives a token with fewer scopes if the request names fewer.

    FIXED: it does not, or this is not known. Every token then counts as carrying the credential's
    whole scope. NARROWS: it does, as documented or observed.
    """

    FIXED = "fixed"
    NARROWS = "narrows"


class Rotation(StrEnum):
    """How a credential's secret is changed.

    IMMEDIATE: the provider accepts only the new one, from one moment to the next. STAGED: the new
    one is AWSPENDING until an exchange with it has succeeded, and is tried when the current one is
    refused.
    """

    IMMEDIATE = "immediate"
    STAGED = "staged"


class ClientAuthentication(StrEnum):
    """How a client authenticates to the token endpoint.

    See RFC 6749 §2.3.1, RFC 7523 §2.2 and RFC 8705 §2.

    BASIC_UNENCODED: HTTP Basic without the form-encoding of RFC 6749 §2.3.1, for servers that do
    not decode it. NONE: only what the definition's `token_request` says.
    """

    BASIC = "client_secret_basic"
    BASIC_UNENCODED = "client_secret_basic_unencoded"
    POST = "client_secret_post"
    PRIVATE_KEY_JWT = "private_key_jwt"
    TLS_CLIENT_AUTH = "tls_client_auth"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """How an assertion is signed, and for which audience (RFC 7523 §3).

    `kms_keys` are ARNs of key pairs: the first signs, and the public halves of all are published,
    so that a provider knows the next key before it is used. If there are none, a private key in the
    credential's secret signs. With `aws_identity`, AWS signs a token that names the function's role
    instead. With `names_certificate` the secret also has the key's certificate, and the assertion's
    header has its thumbprint (RFC 7515 §4.1.8).
    """

    audience: str
    algorithm: SigningAlgorithm = SigningAlgorithm.RS256
    kms_keys: tuple[str, ...] = ()
    aws_identity: bool = False
    names_certificate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """How a user is asked to consent (RFC 6749 §4.1.1).

    - `redirect_uri`: tokenvend's callback, exactly as registered with the provider.
    - `issuer`: compared with the callback's `iss`; `requires_iss`: it must be there (RFC 9207).
    - `parameters`: further parameters of the authorization request.
    - `scope_words`: what each scope allows, in words for the consent page.
    - `refresh_token_days`: how long an unused refresh token is valid; `None`: not known.
    - `provider_title`: the provider's name on the page.
    - `account_endpoint`: answers which account a token is for, in its field `account_field`. If
      there is an ID token, its `sub` is used instead.
    - `flow`: the differences from the standards.
    """

    endpoint: str
    redirect_uri: str
    issuer: str | None = None
    requires_iss: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)
    scope_words: Mapping[str, str] = field(default_factory=dict)
    refresh_token_days: int | None = None
    provider_title: str | None = None
    account_endpoint: str | None = None
    account_field: str = "sub"
    flow: ConsentFlow = STANDARD


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialDefinition:
    """Everything about a credential but its secret.

    - `client_id`: `None` if it is in the secret, as it always is for a family.
    - `scope_parameter`: whether `scope` is sent although the scope mode is FIXED.
    - `default_lifetime_seconds`: used if neither the answer nor the token states a lifetime.
    - `assertion`: how the client authenticates by a signature instead of a secret.
    - `api_request`: how a request to the API carries a token, if not as a bearer token; or how it
      carries an API key, for which `token_endpoint` is empty. See `domain.api_request`.
    - `authorization`: how users consent; `None` for other kinds of credentials.
    - `tenant_values`: the values of each customer, which replace placeholders such as
      `{tenant.domain}`. A value must match one of its patterns: see `domain.tenant_values`.
    - `token_request`: how a token request differs from RFC 6749 §4.4.2. It is parsed when it is
      needed: see `domain.oauth.request_description`.
    - `token_answer`: how the answer differs from §5.1, parsed likewise: see
      `domain.oauth.response_description`.
    - `signed_jwt`: the token that we sign ourselves, parsed likewise: see
      `domain.oauth.signed_jwt`. Empty for other kinds of credentials.
    """

    name: str
    provider: str
    token_endpoint: str
    kind: CredentialKind = CredentialKind.CLIENT_CREDENTIALS
    client_authentication: ClientAuthentication = ClientAuthentication.BASIC
    client_id: str | None = None
    scopes: Scopes = NO_SCOPES
    scope_mode: ScopeMode = ScopeMode.FIXED
    scope_separator: str = " "
    scope_parameter: bool = False
    extra_parameters: Mapping[str, str] = field(default_factory=dict)
    revocation_endpoint: str | None = None
    family: bool = False
    single_active_token: bool = False
    rotation: Rotation = Rotation.IMMEDIATE
    default_lifetime_seconds: int = DEFAULT_LIFETIME_SECONDS
    secret: SecretReference | None = None
    api_request: Mapping[str, object] = field(default_factory=dict)
    tenant_values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    authorization: Authorization | None = None
    assertion: Assertion | None = None
    token_request: Mapping[str, object] = field(default_factory=dict)
    token_answer: Mapping[str, object] = field(default_factory=dict)
    signed_jwt: Mapping[str, object] = field(default_factory=dict)

    @property
    def flow(self) -> ConsentFlow:
        """The provider's differences from the standards when users consent or tokens refresh."""
        return self.authorization.flow if self.authorization else STANDARD

    @property
    def token_scope_mode(self) -> ScopeMode:
        """Whether a token request, or a refresh of a connection, may ask for fewer scopes."""
        if self.kind is not CredentialKind.AUTHORIZATION_CODE:
            return self.scope_mode
        return ScopeMode.NARROWS if self.flow.refresh_names_scopes else ScopeMode.FIXED

    @property
    def acts_for_users(self) -> bool:
        """Whether its tokens are on behalf of signed-in users: see `domain.oauth.on_behalf_of`."""
        return "on_behalf_of" in self.token_request

    @property
    def _shaping_api_request(self) -> Mapping[str, Mapping[str, object]]:
        """`api_request` in the fingerprint; of an API key as in former versions."""
        if self.kind is not CredentialKind.API_KEY:
            return {"api_request": self.api_request}
        return {} if "header_name" in self.api_request else {"api_key_parts": self.api_request}

    @property
    def _shaping_signed_jwt(self) -> Mapping[str, object]:
        """`signed_jwt` in the fingerprint, with the key in KMS that signs, if one does."""
        if not self.signed_jwt or self.assertion is None:
            return self.signed_jwt
        return {**self.signed_jwt, "kms_keys": self.assertion.kms_keys[:1]}

    @property
    def _shaping_secret(self) -> Mapping[str, object]:
        """What came later of the secret's form, as far as it is not the default."""
        if self.secret is None:
            return {}
        default = SecretReference(self.secret.arn)
        later = {"plain_text": self.secret.plain_text, "key_id_key": self.secret.key_id_key}
        return {name: each for name, each in later.items() if each != getattr(default, name)}

    @property
    def fingerprint(self) -> str:
        """A SHA-256, in hexadecimal, over all fields that decide what a token is.

        Definitions with the same fingerprint may share a token. A token that was stored under
        another fingerprint is never found.
        """
        shaping: dict[str, object] = {
            "kind": self.kind,
            "token_endpoint": self.token_endpoint,
            "client_authentication": self.client_authentication,
            "client_id": self.client_id,
            "scopes": sorted(self.scopes),
            "scope_mode": self.scope_mode,
            "scope_separator": self.scope_separator,
            "scope_parameter": self.scope_parameter,
            "extra_parameters": dict(self.extra_parameters),
            "family": self.family,
            "single_active_token": self.single_active_token,
            "secret_arn": self.secret.arn if self.secret else None,
            "client_id_key": self.secret.client_id_key if self.secret else None,
            "client_secret_key": self.secret.client_secret_key if self.secret else None,
            "api_key_key": self.secret.api_key_key if self.secret else None,
            "private_key_key": self.secret.private_key_key if self.secret else None,
        }
        # These came later. They are left out if empty, so that older fingerprints stay the same.
        for name, described in {
            "token_request": self.token_request,
            "token_answer": self.token_answer,
            "signed_jwt": self._shaping_signed_jwt,
            **self._shaping_api_request,
            "tenant_values": {name: list(each) for name, each in self.tenant_values.items()},
            "secret": self._shaping_secret,
            "refresh": self.flow.shapes_tokens,
        }.items():
            if described:
                shaping[name] = dict(described)
        canonical = json.dumps(shaping, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()
