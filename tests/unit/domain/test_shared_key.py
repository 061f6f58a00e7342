"""A key that both sides share signs as RFC 7518 §3.2 says, and as nothing else."""

from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenvend.domain.errors import CredentialNotReadyError
from tokenvend.domain.secret import Secret
from tokenvend.domain.shared_key import (
    KeyEncoding,
    MacAlgorithm,
    SharedKey,
    check_shared_key,
    sign_with_shared_key,
)
from tokenvend.domain.signing import encode

#: The example of RFC 7515, appendix A.1.
_RFC_KEY = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
_RFC_INPUT = (
    b"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
    b".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cn"
    b"VlfQ"
)
_LONG = "k" * 64


def test_signature_is_that_of_the_standards_own_example() -> None:
    key = SharedKey(Secret(_RFC_KEY), MacAlgorithm.HS256, KeyEncoding.BASE64)

    signature = sign_with_shared_key(key, _RFC_INPUT)

    assert encode(signature) == "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


@given(raw=st.binary(min_size=64, max_size=80))
def test_bytes_are_the_same_in_each_encoding(raw: bytes) -> None:
    texts = {
        raw.hex(): KeyEncoding.HEX,
        raw.hex().upper(): KeyEncoding.HEX,
        b64encode(raw).decode(): KeyEncoding.BASE64,
        urlsafe_b64encode(raw).decode(): KeyEncoding.BASE64,
        urlsafe_b64encode(raw).decode().rstrip("="): KeyEncoding.BASE64,
    }

    found = {
        sign_with_shared_key(SharedKey(Secret(text), MacAlgorithm.HS512, encoding), b"m")
        for text, encoding in texts.items()
    }

    assert len(found) == 1


@given(text=st.text(max_size=6), encoding=st.sampled_from(KeyEncoding))
def test_refusal_quotes_nothing_of_the_key(text: str, encoding: KeyEncoding) -> None:
    marked = f"zq{text}zq"

    with pytest.raises(CredentialNotReadyError) as caught:
        check_shared_key(SharedKey(Secret(marked), MacAlgorithm.HS256, encoding))

    assert "zq" not in f"{caught.value!r} {caught.value.__cause__!r}"


@pytest.mark.parametrize(
    ("algorithm", "least"),
    [(MacAlgorithm.HS256, 32), (MacAlgorithm.HS384, 48), (MacAlgorithm.HS512, 64)],
)
def test_key_is_as_long_as_the_hash(algorithm: MacAlgorithm, least: int) -> None:
    check_shared_key(SharedKey(Secret("k" * least), algorithm))

    with pytest.raises(CredentialNotReadyError, match=f"fewer than {least} bytes"):
        check_shared_key(SharedKey(Secret("k" * (least - 1)), algorithm))


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (f"{_LONG}!", KeyEncoding.BASE64),
        (f"{_LONG}A", KeyEncoding.BASE64),
        ("ab " * 32, KeyEncoding.HEX),
        ("abc" * 33, KeyEncoding.HEX),
        (_LONG, KeyEncoding.HEX),
        ("", KeyEncoding.HEX),
    ],
)
def test_key_that_is_written_otherwise_is_refused(text: str, encoding: KeyEncoding) -> None:
    with pytest.raises(CredentialNotReadyError, match=f"is not written as {encoding}"):
        check_shared_key(SharedKey(Secret(text), MacAlgorithm.HS256, encoding))


def test_key_shows_in_no_text() -> None:
    assert _LONG not in repr(SharedKey(Secret(_LONG), MacAlgorithm.HS256))


def test_url_safe_text_is_decoded_as_such() -> None:
    raw = urlsafe_b64decode("-_" * 32)
    as_hex = SharedKey(Secret(raw.hex()), MacAlgorithm.HS256, KeyEncoding.HEX)
    as_base64 = SharedKey(Secret("-_" * 32), MacAlgorithm.HS256, KeyEncoding.BASE64)

    one, other = (sign_with_shared_key(each, b"m") for each in (as_hex, as_base64))

    assert one == other
