"""What the envelope cipher promises, on a fake KMS and on the local one."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.adapters.ciphers import TEXT, NewCipher, cipher_of, data_keys, kms, new_cipher
from tests.fakes.clock import START
from tests.fakes.kms import KEY_ARN, FakeKms, InMemoryDataKeys, client_error, unreachable

from tokenvend.adapters.aws_errors import AwsRefusedError
from tokenvend.adapters.encryption import (
    EnvelopeCipher,
    Sealed,
    UntrustedItemError,
    additional_data,
)
from tokenvend.domain.untrusted import Distrust
from tokenvend.ports import StoreAwayError, StoreThrottledError

__all__ = ["data_keys", "kms", "new_cipher"]


def refusal_of(cipher: EnvelopeCipher, item_key: str, sealed: Sealed) -> Distrust:
    with pytest.raises(UntrustedItemError) as caught:
        cipher.open(item_key, sealed)
    return caught.value.reason


def test_another_environment_opens_what_one_sealed(new_cipher: NewCipher) -> None:
    sealed = new_cipher().seal("token#1", TEXT, now=START)

    assert new_cipher().open("token#1", sealed) == TEXT


def test_an_item_moved_to_another_key_is_not_opened(new_cipher: NewCipher) -> None:
    sealed = new_cipher().seal("token#1", TEXT, now=START)

    assert refusal_of(new_cipher(), "token#2", sealed) is Distrust.NOT_AUTHENTIC


def test_an_item_of_another_deployment_is_not_opened(new_cipher: NewCipher) -> None:
    sealed = new_cipher(deployment="another").seal("token#1", TEXT, now=START)

    assert refusal_of(new_cipher(), "token#1", sealed) is Distrust.NOT_AUTHENTIC


def test_an_item_of_another_logical_table_is_not_opened(new_cipher: NewCipher) -> None:
    sealed = new_cipher(logical_table="connections").seal("token#1", TEXT, now=START)

    assert refusal_of(new_cipher(), "token#1", sealed) is Distrust.NOT_AUTHENTIC


def test_a_changed_byte_is_noticed_wherever_it_is(new_cipher: NewCipher) -> None:
    cipher = new_cipher()
    sealed = cipher.seal("token#1", TEXT, now=START)
    for place in range(1, len(sealed.ciphertext)):
        altered = bytearray(sealed.ciphertext)
        altered[place] ^= 1

        refusal = refusal_of(cipher, "token#1", Sealed(bytes(altered), sealed.wrapped_key))

        assert refusal is Distrust.NOT_AUTHENTIC


def test_a_schema_of_the_future_is_not_opened(new_cipher: NewCipher) -> None:
    sealed = new_cipher().seal("token#1", TEXT, now=START)
    newer = Sealed(b"\x02" + sealed.ciphertext[1:], sealed.wrapped_key)

    assert refusal_of(new_cipher(), "token#1", newer) is Distrust.UNKNOWN_SCHEMA


@pytest.mark.parametrize("length", [0, 1, 12, 13, 28])
def test_a_ciphertext_cut_short_is_not_opened(new_cipher: NewCipher, length: int) -> None:
    sealed = new_cipher().seal("token#1", TEXT, now=START)
    short = Sealed(sealed.ciphertext[:length], sealed.wrapped_key)

    refusal = refusal_of(new_cipher(), "token#1", short)

    assert refusal is (Distrust.NOT_AUTHENTIC if length else Distrust.UNKNOWN_SCHEMA)


@pytest.mark.parametrize("wrapped_key", [b"", b"nonsense", bytes(6_145)])
def test_a_wrapped_key_that_kms_never_made_is_not_used(
    new_cipher: NewCipher, wrapped_key: bytes
) -> None:
    sealed = new_cipher().seal("token#1", TEXT, now=START)
    forged = Sealed(sealed.ciphertext, wrapped_key)

    assert refusal_of(new_cipher(), "token#1", forged) is Distrust.NOT_AUTHENTIC


def test_an_altered_wrapped_key_is_noticed(kms: FakeKms, data_keys: InMemoryDataKeys) -> None:
    sealed = cipher_of(kms, data_keys).seal("token#1", TEXT, now=START)
    for place in range(len(sealed.wrapped_key)):
        altered = bytearray(sealed.wrapped_key)
        altered[place] ^= 1
        forged = Sealed(sealed.ciphertext, bytes(altered))

        refusal = refusal_of(cipher_of(kms, data_keys), "token#1", forged)

        assert refusal is Distrust.NOT_AUTHENTIC


def test_a_wrapped_key_of_another_kms_key_is_not_used(
    kms: FakeKms, data_keys: InMemoryDataKeys
) -> None:
    other = cipher_of(kms, InMemoryDataKeys(), key_arn=f"{KEY_ARN}-other")
    sealed = other.seal("token#1", TEXT, now=START)

    assert refusal_of(cipher_of(kms, data_keys), "token#1", sealed) is Distrust.NOT_AUTHENTIC


def test_items_of_the_connections_table_restored_under_another_name_still_open(
    new_cipher: NewCipher, data_keys: InMemoryDataKeys
) -> None:
    """The restored table has its items and nothing else: no data key item, no table name."""
    sealed = new_cipher(logical_table="connections").seal("connection#1", TEXT, now=START)
    data_keys.keys.clear()

    assert new_cipher(logical_table="connections").open("connection#1", sealed) == TEXT


def test_two_seals_of_one_text_differ(new_cipher: NewCipher) -> None:
    cipher = new_cipher()

    sealed = [cipher.seal("token#1", TEXT, now=START).ciphertext for _ in range(2)]

    assert sealed[0] != sealed[1]


AWAY = [
    pytest.param(unreachable(), StoreAwayError, id="nobody listens"),
    pytest.param(
        client_error("KMSInternalException", "Decrypt", status=500), StoreAwayError, id="5xx"
    ),
    pytest.param(
        client_error("ThrottlingException", "Decrypt", status=400),
        StoreThrottledError,
        id="throttled",
    ),
    pytest.param(
        client_error("DisabledException", "Decrypt", status=400), AwsRefusedError, id="disabled"
    ),
]


@pytest.mark.parametrize(("failure", "expected"), AWAY)
def test_a_key_that_cannot_be_had_is_never_taken_for_an_altered_item(
    kms: FakeKms, data_keys: InMemoryDataKeys, failure: Exception, expected: type[Exception]
) -> None:
    sealed = cipher_of(kms, data_keys).seal("token#1", TEXT, now=START)
    kms.fails_with = failure

    with pytest.raises(expected):
        cipher_of(kms, data_keys).open("token#1", sealed)
    with pytest.raises(expected):
        cipher_of(kms, InMemoryDataKeys()).seal("token#1", TEXT, now=START)


@given(place=st.tuples(st.text(), st.text(), st.text(), st.integers(min_value=0)))
@example(place=('a","b', "c", "d", 1))
@example(place=("a", 'b","c', "d", 1))
def test_additional_data_can_be_read_back_so_no_two_places_share_it(
    place: tuple[str, str, str, int],
) -> None:
    assert tuple(json.loads(additional_data(*place))) == place
