"""KMS as far as it signs."""

from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

KMS_KEY = "arn:aws:kms:eu-central-1:111122223333:key/one"


class StubKms:
    """A key pair of which KMS gives signatures, as ASN.1."""

    def __init__(self) -> None:
        self.pair = ec.generate_private_key(ec.SECP256R1())
        self.exceptions: Any = None

    # The names are those of KMS.
    def sign(self, *, Message: bytes, **_: str) -> dict[str, bytes]:  # noqa: N803
        return {"Signature": self.pair.sign(Message, ec.ECDSA(Prehashed(SHA256())))}
