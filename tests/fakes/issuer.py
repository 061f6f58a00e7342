"""An issuer of subject tokens, with its keys; and the issuers that a test trusts."""

import json
import warnings
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc import jws
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from tokenvend.adapters.jwt_verifier import JoserfcVerifier
from tokenvend.domain.secret import Secret
from tokenvend.domain.workload.issuer import Jwk, SubjectRule, TrustedIssuer
from tokenvend.domain.workload.keys import usable_keys
from tokenvend.ports import Clock, IssuerAwayError, StoreAwayError
from tokenvend.vending.issuer_keys import IssuerKeys
from tokenvend.vending.subject_tokens import RememberedIssuers, SubjectTokens
from tokenvend.vending.users import UserTokenVerifier
from tokenvend.vending.workloads import WorkloadAuthenticator

URL = "https://ci.example"
JWKS_URI = "https://ci.example/keys"
#: What the tokens are for: the deployment's URL.
AUDIENCE = "https://tokens.example.com"
SUBJECT = "repo:acme/app:ref:refs/heads/main"


def new_key(algorithm: str, key_id: str | None = "one") -> Key:
    """A new key pair for *algorithm*."""
    parameters: Any = {"use": "sig", "alg": algorithm} | ({"kid": key_id} if key_id else {})
    match algorithm[:2]:
        case "RS" | "PS":
            return RSAKey.generate_key(2048, parameters)
        case "ES":
            curve = {"256": "P-256", "384": "P-384", "512": "P-521"}[algorithm[2:]]
            return ECKey.generate_key(curve, parameters)
        case _:
            return OKPKey.generate_key("Ed25519", parameters)


@cache
def shared_key(algorithm: str, key_id: str | None = "one") -> Key:
    """The same for every test that does not care: RSA's takes a while."""
    return new_key(algorithm, key_id)


def public_jwk(key: Key) -> Jwk:
    """Its public half, as an issuer publishes it."""
    return dict(key.as_dict(private=False))


def encoded(part: bytes) -> str:
    """One part of a compact JWT."""
    return urlsafe_b64encode(part).rstrip(b"=").decode()


def signed(header: dict[str, Any], payload: bytes, key: Key) -> Secret:
    """A JWT with this very *header*; any of joserfc's algorithms."""
    registry = jws.JWSRegistry(algorithms=[header["alg"]], strict_check_header=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        return Secret(jws.serialize_compact(header, payload, key, registry=registry))


def signed_by_hand(header: bytes, payload: bytes) -> Secret:
    """Signed over parts that no library would write."""
    message = f"{encoded(header)}.{encoded(payload)}"
    key: Any = shared_key("ES256").get_op_key("sign")
    r, s = decode_dss_signature(key.sign(message.encode(), ECDSA(hashes.SHA256())))
    return Secret(f"{message}.{encoded(r.to_bytes(32) + s.to_bytes(32))}")


#: That issuer as a deployment trusts it: its tokens about `SUBJECT` are billing's.
TRUSTED = TrustedIssuer(
    name="ci",
    issuer=URL,
    audience=AUDIENCE,
    algorithms=frozenset({"RS256", "ES256"}),
    max_age=timedelta(minutes=10),
    keys=(public_jwk(shared_key("ES256")), public_jwk(shared_key("RS256", "rsa"))),
    rules=(SubjectRule(caller="billing", subject=SUBJECT),),
)


@dataclass
class FakeIssuer:
    """Mints tokens of a workload of `SUBJECT`, for `AUDIENCE`, unless a test says otherwise."""

    now: datetime
    algorithm: str = "ES256"
    url: str = URL
    key: Key | None = None

    @property
    def signing_key(self) -> Key:
        return self.key or shared_key(self.algorithm)

    def claims(self, **changes: Any) -> dict[str, Any]:
        """A token's claims; `None` leaves one out."""
        issued_at = int(self.now.timestamp())
        whole = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": SUBJECT,
            "iat": issued_at,
            "nbf": issued_at,
            "exp": issued_at + 300,
            "jti": "token-1",
        }
        return {name: value for name, value in (whole | changes).items() if value is not None}

    def token(self, header: dict[str, Any] | None = None, **changes: Any) -> Secret:
        """A signed token; *header* has more of its header."""
        key = self.signing_key
        told = {"alg": self.algorithm, "typ": "JWT"} | ({"kid": key.kid} if key.kid else {})
        payload = json.dumps(self.claims(**changes)).encode()
        return signed(told | (header or {}), payload, key)


@dataclass
class InMemoryTrustedIssuers:
    """`ports.workloads.TrustedIssuers` on a dictionary."""

    issuers: dict[str, TrustedIssuer] = field(default_factory=dict)
    fails_with: StoreAwayError | None = None
    reads: list[str] = field(default_factory=list)

    def trust(self, issuer: TrustedIssuer) -> None:
        self.issuers[issuer.issuer] = issuer

    def read(self, issuer: str) -> TrustedIssuer | None:
        self.reads.append(issuer)
        if self.fails_with is not None:
            raise self.fails_with
        return self.issuers.get(issuer)


@dataclass
class FakeKeySets:
    """`ports.workloads.KeySets`; `asked` has each URL that was asked for."""

    published: dict[str, tuple[Jwk, ...]] = field(default_factory=dict)
    is_away: bool = False
    asked: list[str] = field(default_factory=list)

    def publish(self, *keys: Key, at: str = JWKS_URI) -> None:
        self.published[at] = tuple(public_jwk(key) for key in keys)

    def fetch(self, jwks_uri: str) -> tuple[Jwk, ...]:
        self.asked.append(jwks_uri)
        found = usable_keys(self.published.get(jwks_uri, ()))
        if self.is_away or not found:
            raise IssuerAwayError("away")
        return found


@dataclass
class InMemoryUsedTokens:
    """`ports.workloads.UsedTokens` on a dictionary."""

    used: dict[tuple[str, str], datetime] = field(default_factory=dict)
    fails_with: StoreAwayError | None = None

    def use(self, issuer: str, token_id: str, *, until: datetime) -> bool:
        if self.fails_with is not None:
            raise self.fails_with
        is_first = (issuer, token_id) not in self.used
        self.used.setdefault((issuer, token_id), until)
        return is_first


def workloads_of(
    issuers: InMemoryTrustedIssuers,
    clock: Clock,
    key_sets: FakeKeySets | None = None,
    used: InMemoryUsedTokens | None = None,
) -> WorkloadAuthenticator:
    """What proves workloads in a cold environment, by *issuers*."""
    tokens = subject_tokens_of(issuers, clock, key_sets)
    return WorkloadAuthenticator(tokens=tokens, used=used or InMemoryUsedTokens())


def users_of(issuers: InMemoryTrustedIssuers, clock: Clock) -> UserTokenVerifier:
    """What says whom users' tokens are about in a cold environment, by *issuers*."""
    return UserTokenVerifier(tokens=subject_tokens_of(issuers, clock))


def subject_tokens_of(
    issuers: InMemoryTrustedIssuers, clock: Clock, key_sets: FakeKeySets | None = None
) -> SubjectTokens:
    """What verifies subject tokens in a cold environment, by *issuers*."""
    remembered = RememberedIssuers(
        issuers=issuers,
        clock=clock,
        trust=timedelta(seconds=30),
        outage_grace=timedelta(seconds=900),
    )
    return SubjectTokens(
        issuers=remembered,
        keys=IssuerKeys(key_sets=key_sets or FakeKeySets(), clock=clock),
        verifier=JoserfcVerifier(),
        clock=clock,
    )
