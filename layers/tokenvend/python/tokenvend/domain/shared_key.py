"""Sign with a key that the client and the provider share: HMAC with SHA-2 (RFC 7518 §3.2).

A signature by a shared key proves nothing about which side made it, so no key pair can take its
place, nor the other way round: the algorithms are of another type than those of key pairs.
"""

import hmac
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tokenvend.domain.errors import CredentialNotReadyError
from tokenvend.domain.secret import Secret

#: The field of a secret that has the key.
SHARED_KEY = "shared_key"


class MacAlgorithm(StrEnum):
    """How a JWT is signed with a shared key (RFC 7518 §3.2)."""

    HS256 = "HS256"
    HS384 = "HS384"
    HS512 = "HS512"


class KeyEncoding(StrEnum):
    """How the bytes of a shared key are written as a text.

    BASE64 is either alphabet of RFC 4648 §4 and §5, with or without padding.
    """

    UTF8 = "utf-8"
    BASE64 = "base64"
    HEX = "hex"


#: The name of the hash function, and the least bytes of a key: as many as the hash has.
_HASHES: Mapping[MacAlgorithm, tuple[str, int]] = {
    MacAlgorithm.HS256: ("sha256", 32),
    MacAlgorithm.HS384: ("sha384", 48),
    MacAlgorithm.HS512: ("sha512", 64),
}
_URL_SAFE = str.maketrans("-_", "+/")


@dataclass(frozen=True, slots=True)
class SharedKey:
    """A shared key as it is written in a secret, for one algorithm."""

    text: Secret
    algorithm: MacAlgorithm
    encoding: KeyEncoding = KeyEncoding.UTF8


def check_shared_key(key: SharedKey) -> None:
    """Check that *key* can sign.

    Raises:
        CredentialNotReadyError: it is not written as its encoding says, is shorter than RFC 7518
            §3.2 allows, or is a PEM text. The error quotes none of it.
    """
    _bytes_of(key)


def sign_with_shared_key(key: SharedKey, message: bytes) -> bytes:
    """Sign *message* with *key*.

    Raises:
        CredentialNotReadyError: as for `check_shared_key`.
    """
    return hmac.digest(_bytes_of(key), message, _HASHES[key.algorithm][0])


def _bytes_of(key: SharedKey) -> bytes:
    text, algorithm, least = key.text.reveal(), key.algorithm, _HASHES[key.algorithm][1]
    if "-----BEGIN" in text:
        # The public half of a pair is known to all: nobody must sign with it as a shared key.
        raise _unusable(f"is a PEM text, but {algorithm} takes a key that both sides share")
    decoded = _decoded(text, key.encoding)
    if decoded is None:
        raise _unusable(f"is not written as {key.encoding}")
    if len(decoded) < least:
        raise _unusable(f"has fewer than {least} bytes, which {algorithm} needs (RFC 7518 §3.2)")
    return decoded


def _decoded(text: str, encoding: KeyEncoding) -> bytes | None:
    # The parsers' own errors may quote the text, so they are not passed on.
    try:
        match encoding:
            case KeyEncoding.UTF8:
                return text.encode()
            case KeyEncoding.HEX:
                return bytes.fromhex(text) if text.isalnum() else None
            case KeyEncoding.BASE64:
                unpadded = text.rstrip("=").translate(_URL_SAFE)
                return b64decode(unpadded + "=" * (-len(unpadded) % 4), validate=True)
    except ValueError:
        return None


def _unusable(reason: str) -> CredentialNotReadyError:
    return CredentialNotReadyError(
        f"The {SHARED_KEY} in the secret {reason}.", rule="signed_jwt.key"
    )
