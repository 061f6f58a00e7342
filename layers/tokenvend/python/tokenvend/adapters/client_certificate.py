"""Pass a client's certificate and private key to OpenSSL, as a file.

Python's `ssl` loads them from files only. On Linux, and so on Lambda, the file is in memory: no
other process sees it, and it disappears when its descriptor is closed.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from tempfile import NamedTemporaryFile

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from tokenvend.domain.errors import CredentialNotReadyError
from tokenvend.domain.oauth.token_request import ClientCertificate


def check_certificate(pair: ClientCertificate) -> x509.Certificate:
    """Return the certificate of *pair*, after a check that the private key belongs to it.

    Raises:
        CredentialNotReadyError: the texts are no PEM texts, the key does not belong to the
            certificate, or the key has a password.
    """
    found = _parse(pair)
    if found is None:
        # Raised outside of `_parse`: the parser's own error may quote the text.
        raise CredentialNotReadyError(
            "The secret's certificate and private_key are no pair of PEM texts, or the key has a"
            " password.",
            rule="secret.unusable",
        )
    return found


@contextmanager
def certificate_file(pair: ClientCertificate) -> Iterator[str]:
    """Provide *pair* in a file; yield its path, which is valid while the context lasts.

    Raises:
        CredentialNotReadyError: as for `check_certificate`.
    """
    check_certificate(pair)
    text = f"{pair.certificate.reveal()}\n{pair.private_key.reveal()}\n".encode()
    if not hasattr(os, "memfd_create"):
        # Not Linux: a developer's machine. Only its user may read the file.
        with NamedTemporaryFile(prefix="tokenvend-") as file:
            file.write(text)
            file.flush()
            yield file.name
        return
    descriptor = os.memfd_create("client-certificate")
    with os.fdopen(descriptor, "wb") as memory:
        memory.write(text)
        memory.flush()
        yield f"/proc/self/fd/{descriptor}"


def _parse(pair: ClientCertificate) -> x509.Certificate | None:
    with suppress(ValueError, TypeError, UnsupportedAlgorithm):
        certificate = x509.load_pem_x509_certificates(pair.certificate.reveal().encode())[0]
        key = load_pem_private_key(pair.private_key.reveal().encode(), password=None)
        halves = (
            each.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            for each in (certificate.public_key(), key.public_key())
        )
        return certificate if len(set(halves)) == 1 else None
    return None
