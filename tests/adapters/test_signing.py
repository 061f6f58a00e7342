"""Keys as they come: malformed, too short, locked, in KMS and not ours."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from tests.adapters.aws import Aws
from tests.fakes.kms import client_error, unreachable
from tests.fakes.signer import new_pair, pem_of

from tokenvend.adapters.aws_errors import AwsRefusedError
from tokenvend.adapters.signing.jwk import public_jwk, thumbprint
from tokenvend.adapters.signing.kms import KmsPublicKeys, KmsSigner
from tokenvend.adapters.signing.pem import key_id_of, sign_with_pem
from tokenvend.domain.secret import Secret
from tokenvend.domain.signing import KmsKey, PrivateKey, PublishedKey, SigningAlgorithm
from tokenvend.ports import SigningKeyUnusableError, StoreAwayError

#: RFC 7638 §3.1.
RFC_KEY = {
    "kty": "RSA",
    "n": (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1"
        "L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-"
        "5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-"
        "65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD0"
        "8qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-"
        "kEgU8awapJzKnqDKgw"
    ),
    "e": "AQAB",
}
KEY = KmsKey("arn:aws:kms:eu-central-1:111122223333:key/one")


def _pem(pair: Any, *, password: bytes | None = None) -> PrivateKey:
    locked = BestAvailableEncryption(password) if password else NoEncryption()
    text = pair.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked)
    return PrivateKey(Secret(text.decode()))


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(PrivateKey(Secret("not a key")), id="not PEM"),
        pytest.param(PrivateKey(Secret("")), id="empty"),
        pytest.param(_pem(rsa.generate_private_key(65537, 2**10)), id="RSA of 1024 bits"),
        pytest.param(_pem(ec.generate_private_key(ec.SECP384R1())), id="another curve"),
        pytest.param(_pem(ed25519.Ed25519PrivateKey.generate()), id="Ed25519"),
        pytest.param(_pem(new_pair(SigningAlgorithm.ES256), password=b"x"), id="a password"),
    ],
)
def test_text_that_is_no_key_for_us_is_refused_without_quoting_it(key: PrivateKey) -> None:
    for algorithm in SigningAlgorithm:
        with pytest.raises(SigningKeyUnusableError) as caught:
            sign_with_pem(key, algorithm, b"x")
        assert caught.value.__cause__ is None
        assert str(caught.value) == (
            "The private key in the secret is not a PEM key without a password for"
            f" {algorithm.value}."
        )
    with pytest.raises(SigningKeyUnusableError):
        key_id_of(key)


def test_older_pem_forms_are_keys_too() -> None:
    pair = new_pair(SigningAlgorithm.RS256)
    text = pair.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())

    assert key_id_of(PrivateKey(Secret(text.decode()))) == key_id_of(PrivateKey(pem_of(pair)))


def test_thumbprint_is_that_of_the_rfc() -> None:
    assert thumbprint(RFC_KEY) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


@pytest.mark.parametrize("algorithm", [SigningAlgorithm.RS256, SigningAlgorithm.ES256])
def test_public_key_has_only_public_members(algorithm: SigningAlgorithm) -> None:
    jwk = public_jwk(new_pair(algorithm).public_key())

    assert jwk.keys() in ({"kty", "n", "e"}, {"kty", "crv", "x", "y"})


def test_coordinates_keep_their_leading_zeros() -> None:
    for _ in range(300):
        jwk = public_jwk(new_pair(SigningAlgorithm.ES256).public_key())
        assert (len(jwk["x"]), len(jwk["y"])) == (43, 43)


def test_kms_key_is_published_by_the_name_that_it_signs_with(aws: Aws) -> None:
    made = aws.kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")
    key = KmsKey(made["KeyMetadata"]["Arn"])

    jwk = KmsPublicKeys(aws.kms).read(PublishedKey(key.arn, SigningAlgorithm.ES256))

    assert (jwk["kid"], jwk["alg"], jwk["use"]) == (key.key_id, "ES256", "sig")
    assert jwk.keys() == {"kty", "crv", "x", "y", "kid", "alg", "use"}
    assert key.arn.split(":")[4] not in json.dumps(jwk)
    assert key.arn.rpartition("/")[2] not in json.dumps(jwk)


class _Kms:
    """A KMS with answers that a test sets."""

    def __init__(self, answer: Exception | bytes) -> None:
        self._answer = answer

    def sign(self, **_: Any) -> dict[str, bytes]:
        return {"Signature": self._told()}

    def get_public_key(self, **_: Any) -> dict[str, bytes]:
        return {"PublicKey": self._told()}

    def _told(self) -> bytes:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


@pytest.mark.parametrize(
    ("code", "status", "error", "told"),
    [
        ("AccessDeniedException", 400, SigningKeyUnusableError, "needs the tag"),
        ("DisabledException", 400, SigningKeyUnusableError, "is disabled"),
        ("KMSInvalidStateException", 400, SigningKeyUnusableError, "is disabled or"),
        ("NotFoundException", 400, SigningKeyUnusableError, "does not exist"),
        ("InvalidKeyUsageException", 400, SigningKeyUnusableError, "does not sign"),
        ("KMSInternalException", 500, StoreAwayError, "KMSInternalException"),
        ("ThrottlingException", 400, StoreAwayError, "throttled"),
        ("InvalidSignatureException", 400, AwsRefusedError, "refused"),
    ],
)
def test_kms_errors_are_told_apart(
    code: str, status: int, error: type[Exception], told: str
) -> None:
    kms: Any = _Kms(client_error(code, "Sign", status=status))
    published = PublishedKey(KEY.arn, SigningAlgorithm.ES256)

    with pytest.raises(error, match=told):
        KmsSigner(kms).sign(KEY, SigningAlgorithm.ES256, b"x")
    with pytest.raises(error, match=told):
        KmsPublicKeys(kms).read(published)


def test_kms_that_is_away_is_an_outage() -> None:
    kms: Any = _Kms(unreachable())

    with pytest.raises(StoreAwayError):
        KmsSigner(kms).sign(KEY, SigningAlgorithm.ES256, b"x")


def test_key_on_another_curve_is_not_published() -> None:
    public = ec.generate_private_key(ec.SECP521R1()).public_key()
    kms: Any = _Kms(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))

    with pytest.raises(SigningKeyUnusableError, match="neither an RSA key"):
        KmsPublicKeys(kms).read(PublishedKey(KEY.arn, SigningAlgorithm.ES256))
