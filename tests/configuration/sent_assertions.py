"""Send the assertion that a file describes (RFC 7523 §2.1), and verify it with its key."""

import json
from base64 import urlsafe_b64decode
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from tests.configuration.described import ReceivedRequest, token_endpoint, vend
from tests.fakes.clock import FakeClock
from tests.fakes.signer import new_pair, pem_of

from tokenvend.domain.signing import SigningAlgorithm

NO_CLIENT: dict[str, Any] = {"client_authentication": "none"}
PAIR = new_pair(SigningAlgorithm.RS256)
ACCOUNT = {
    "client_email": "svc@project.example",
    "private_key": pem_of(PAIR).reveal(),
    "key_id": "k1",
}
ISSUER = {"issuer": "{secret.client_email}"}


def sent_request(
    assertion: dict[str, Any],
    secret: dict[str, str] | None = None,
    *,
    credential: dict[str, Any] | None = None,
    described: dict[str, Any] | None = None,
    **provider: Any,
) -> tuple[str, ReceivedRequest]:
    """The URL of the endpoint, and what it is asked."""
    with token_endpoint() as endpoint:
        whole = NO_CLIENT | {
            "token_endpoint": endpoint.url,
            "token_request": {"assertion": assertion} | (described or {}),
        }
        vend(whole | provider, secret or ACCOUNT, clock=FakeClock(), **(credential or {}))
        return endpoint.url, endpoint.asked


def verified_claims(assertion: str, pair: Any = PAIR) -> dict[str, Any]:
    """What it says, once its signature is proven by the public key alone."""
    signed, _, signature = assertion.rpartition(".")
    public, raw = pair.public_key(), decoded(signature)
    if isinstance(public, ec.EllipticCurvePublicKey):
        numbers = (int.from_bytes(raw[at : at + 32]) for at in (0, 32))
        public.verify(encode_dss_signature(*numbers), signed.encode(), ec.ECDSA(SHA256()))
    else:
        public.verify(raw, signed.encode(), PKCS1v15(), SHA256())
    claims: dict[str, Any] = json.loads(decoded(signed.partition(".")[2]))
    return claims


def decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))
