"""The contract of `ports.AssertionSigner`, on the fake, on private keys, and on KMS."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from tests.adapters.aws import Aws
from tests.fakes.signer import FakeSigner, new_pair, pem_of

from tokenvend.adapters.signing.kms import KmsSigner
from tokenvend.adapters.signing.signer import Signer
from tokenvend.domain.secret import Secret
from tokenvend.domain.signing import KmsKey, PrivateKey, SigningAlgorithm, SigningKey
from tokenvend.ports import AssertionSigner, SigningKeyUnusableError

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

MESSAGE = b"header.claims"


class Harness(Protocol):
    """Makes key pairs, and has the signer that signs with them."""

    @property
    def signer(self) -> AssertionSigner: ...
    def new_key(self, algorithm: SigningAlgorithm) -> tuple[SigningKey, Any]: ...
    def unknown_key(self) -> SigningKey: ...


@dataclass
class FakeWorld:
    signer: FakeSigner = field(default_factory=FakeSigner)

    def new_key(self, algorithm: SigningAlgorithm) -> tuple[SigningKey, Any]:
        arn, pair = f"arn:aws:kms:eu-central-1:111122223333:key/{uuid4()}", new_pair(algorithm)
        self.signer.pairs[arn] = pair
        return KmsKey(arn), pair.public_key()

    def unknown_key(self) -> SigningKey:
        return KmsKey("arn:aws:kms:eu-central-1:111122223333:key/nothing")


class PemHarness:
    def __init__(self, kms: "KMSClient") -> None:
        self.signer = Signer(KmsSigner(kms))

    def new_key(self, algorithm: SigningAlgorithm) -> tuple[SigningKey, Any]:
        pair = new_pair(algorithm)
        return PrivateKey(pem_of(pair)), pair.public_key()

    def unknown_key(self) -> SigningKey:
        return PrivateKey(Secret("no key at all"), "one")


class KmsHarness:
    def __init__(self, kms: "KMSClient") -> None:
        self._kms = kms
        self.signer = Signer(KmsSigner(kms))

    def new_key(self, algorithm: SigningAlgorithm) -> tuple[SigningKey, Any]:
        is_curve = algorithm is SigningAlgorithm.ES256
        made = self._kms.create_key(
            KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256" if is_curve else "RSA_2048"
        )
        arn = made["KeyMetadata"]["Arn"]
        public = self._kms.get_public_key(KeyId=arn)["PublicKey"]
        return KmsKey(arn), load_der_public_key(public)

    def unknown_key(self) -> SigningKey:
        return KmsKey(f"arn:aws:kms:eu-central-1:111122223333:key/{uuid4()}")


@pytest.fixture(params=["fake", "pem", "kms"])
def harness(request: pytest.FixtureRequest) -> Harness:
    if request.param == "fake":
        return FakeWorld()
    aws: Aws = request.getfixturevalue("aws")
    harnesses: dict[str, Callable[[KMSClient], Harness]] = {"pem": PemHarness, "kms": KmsHarness}
    return harnesses[request.param](aws.kms)


def verify(public: Any, algorithm: SigningAlgorithm, signature: bytes, message: bytes) -> None:
    """Check *signature* as a provider does that reads JOSE."""
    if algorithm is SigningAlgorithm.ES256:
        assert isinstance(public, ec.EllipticCurvePublicKey)
        assert len(signature) == 64
        numbers = (int.from_bytes(half) for half in (signature[:32], signature[32:]))
        public.verify(encode_dss_signature(*numbers), message, ec.ECDSA(SHA256()))
        return
    assert isinstance(public, rsa.RSAPublicKey)
    pss = PSS(MGF1(SHA256()), SHA256.digest_size)
    public.verify(signature, message, pss if algorithm == "PS256" else PKCS1v15(), SHA256())


@pytest.mark.parametrize("algorithm", SigningAlgorithm)
def test_public_half_confirms_what_was_signed(
    harness: Harness, algorithm: SigningAlgorithm
) -> None:
    key, public = harness.new_key(algorithm)

    signature = harness.signer.sign(key, algorithm, MESSAGE)

    verify(public, algorithm, signature, MESSAGE)
    with pytest.raises(InvalidSignature):
        verify(public, algorithm, signature, MESSAGE + b"x")


def test_es256_signature_is_two_numbers_of_32_bytes_whatever_they_are(harness: Harness) -> None:
    """One in 128 has a number that is shorter by a byte or more: enough of them to meet some."""
    key, public = harness.new_key(SigningAlgorithm.ES256)

    for number in range(60):
        message = MESSAGE + bytes([number])
        signature = harness.signer.sign(key, SigningAlgorithm.ES256, message)
        verify(public, SigningAlgorithm.ES256, signature, message)


def test_each_key_has_one_name_of_its_own(harness: Harness) -> None:
    one, _ = harness.new_key(SigningAlgorithm.ES256)
    other, _ = harness.new_key(SigningAlgorithm.ES256)

    assert harness.signer.key_id(one) == harness.signer.key_id(one)
    assert harness.signer.key_id(one) != harness.signer.key_id(other)


def test_key_that_is_none_is_told_apart_from_an_outage(harness: Harness) -> None:
    with pytest.raises(SigningKeyUnusableError):
        harness.signer.sign(harness.unknown_key(), SigningAlgorithm.RS256, MESSAGE)


@pytest.mark.parametrize(
    ("made_for", "asked"),
    [
        (SigningAlgorithm.ES256, SigningAlgorithm.RS256),
        (SigningAlgorithm.ES256, SigningAlgorithm.PS256),
        (SigningAlgorithm.RS256, SigningAlgorithm.ES256),
    ],
)
def test_key_of_another_kind_does_not_sign(
    harness: Harness, made_for: SigningAlgorithm, asked: SigningAlgorithm
) -> None:
    key, _ = harness.new_key(made_for)

    with pytest.raises(SigningKeyUnusableError):
        harness.signer.sign(key, asked, MESSAGE)
