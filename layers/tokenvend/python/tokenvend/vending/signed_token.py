"""Sign a token of a credential that has no token endpoint: no request is sent."""

from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.oauth.signed_jwt import UnsignedJwt, build_signed_jwt
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.shared_key import SharedKey, sign_with_shared_key
from tokenvend.domain.token import AccessToken, LifetimeSource, clock_skew_allowance
from tokenvend.ports import AssertionSigner, Clock
from tokenvend.vending.signing import signing_errors


def sign_token(
    definition: CredentialDefinition,
    spec: TokenSpec,
    secret: ProviderSecret,
    *,
    signer: AssertionSigner,
    clock: Clock,
    secret_generation: str,
) -> AccessToken:
    """Return a new token, which ends at its own `exp`, less the allowance for clock skew.

    Raises:
        CredentialNotReadyError: the secret or the key does not fit the definition.
        TemporarilyUnavailableError: KMS does not answer.
    """
    now = clock.now()
    unsigned = build_signed_jwt(definition, spec, secret, now=now)
    lifetime = unsigned.expires_at - now
    return AccessToken(
        access_token=unsigned.signed(_signature(unsigned, signer)),
        scopes=spec.scopes,
        requested_at=now,
        expires_at=unsigned.expires_at - clock_skew_allowance(lifetime),
        secret_generation=secret_generation,
        lifetime_source=LifetimeSource.JWT_EXP,
    )


def _signature(unsigned: UnsignedJwt, signer: AssertionSigner) -> bytes:
    key = unsigned.key
    if isinstance(key, SharedKey):
        return sign_with_shared_key(key, unsigned.signing_input)
    with signing_errors("KMS"):
        return signer.sign(key.key, key.algorithm, unsigned.signing_input)
