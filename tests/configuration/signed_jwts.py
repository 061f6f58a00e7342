"""Sign tokens that a file describes, and verify them as a provider would: with joserfc."""

from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey
from tests.configuration.described import answer, definition_of
from tests.fakes.clock import START, FakeClock
from tests.fakes.signer import KeyPair, new_pair, pem_of

from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.signing import SigningAlgorithm
from tokenvend.domain.token import AccessToken

KIND: dict[str, Any] = {"kind": "signed_jwt"}
EC_PAIR = new_pair(SigningAlgorithm.ES256)
RSA_PAIR = new_pair(SigningAlgorithm.RS256)
SHARED = "74f80a77-9b3f-44ac-b3ad-ab68cfb548fa||cPQku7lnSLbnK88UFOBg1a6Q3t1w1RgK"
SHARED_HEX = "b1b5b9c1d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d2e3f4a5b6c7d8e9f0a1"

APP_STORE: dict[str, Any] = {
    "signed_jwt": {
        "algorithm": "ES256",
        "header": {"kid": "{secret.key_id}"},
        "claims": {"iss": "{secret.issuer_id}", "aud": "appstoreconnect-v1"},
        "lifetime_seconds": 1200,
    }
}
APP_STORE_SECRET = {
    "issuer_id": "57246542-96fe-1a63-e053-0824d011072a",
    "key_id": "2X9R4HXF34",
    "private_key": pem_of(EC_PAIR).reveal(),
}
GHOST: dict[str, Any] = {
    "signed_jwt": {
        "algorithm": "HS256",
        "key_encoding": "hex",
        "header": {"kid": "{secret.key_id}"},
        "claims": {"aud": "/admin/"},
    },
    "api_request": {"header_name": "Authorization", "header_prefix": "Ghost "},
}
GHOST_SECRET = {"key_id": "6748592f4b9b7700010f6564", "shared_key": SHARED_HEX}
SNOWFLAKE: dict[str, Any] = {
    "signed_jwt": {
        "algorithm": "RS256",
        "claims": {
            "iss": "{secret.account}.{secret.user}.{secret.public_key_fingerprint}",
            "sub": "{secret.account}.{secret.user}",
        },
        "lifetime_seconds": 3600,
    },
    "api_request": {
        "headers": {
            "Authorization": "Bearer {token}",
            "X-Snowflake-Authorization-Token-Type": "KEYPAIR_JWT",
        }
    },
}
SNOWFLAKE_SECRET = {
    "account": "ACME-EU1",
    "user": "REPORTS",
    "public_key_fingerprint": "SHA256:v3Zzt+1oPLgQcq3pvUVh3V6LzJeSlMaYnIBnWUPd5bA=",
    "private_key": pem_of(RSA_PAIR).reveal(),
}
HEYMARKET: dict[str, Any] = {
    "signed_jwt": {"algorithm": "HS256", "claims": {"iss": "{secret.secret_id}"}}
}
HEYMARKET_SECRET = {"secret_id": SHARED.partition("|")[0], "shared_key": SHARED}
GITHUB_APP: dict[str, Any] = {
    "signed_jwt": {
        "algorithm": "RS256",
        "claims": {"iss": "{secret.client_id}"},
        "lifetime_seconds": 600,
    }
}
GITHUB_SECRET = {"client_id": "Iv23liExample", "private_key": pem_of(RSA_PAIR).reveal()}


@dataclass(frozen=True)
class Verified:
    """What a token says, once its signature has been verified."""

    header: dict[str, Any]
    claims: dict[str, Any]


def signed(
    provider: dict[str, Any], secret: dict[str, str], *, clock: FakeClock | None = None, **more: Any
) -> AccessToken:
    """Return the token that a caller gets.

    Raises:
        TokenVendError: there is none.
    """
    return answer(provider, secret, clock=clock or FakeClock(), **(KIND | more)).vended


def verified(token: AccessToken, key: KeyPair | bytes, algorithm: str) -> Verified:
    """Verify *token* with the public half of a pair, or with a shared key.

    Raises:
        JoseError: *key* did not sign it with *algorithm*.
    """
    known = OctKey.import_key(key) if isinstance(key, bytes) else public_key(key)
    found = jwt.decode(token.access_token.reveal(), known, algorithms=[algorithm])
    assert found.claims["iat"] < START.timestamp() < found.claims["exp"]
    return Verified(found.header, found.claims)


def public_key(pair: KeyPair) -> ECKey | RSAKey:
    """Return the public half of *pair*, as a provider has it."""
    pem = pair.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    kind = ECKey if isinstance(pair, ec.EllipticCurvePrivateKey) else RSAKey
    return kind.import_key(pem)


def definition(provider: dict[str, Any], **credential: Any) -> CredentialDefinition:
    """Return the definition of a credential of *provider*, as it comes back from the registry."""
    return definition_of(provider, KIND | credential)
