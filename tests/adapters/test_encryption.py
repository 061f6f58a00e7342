"""What the envelope cipher promises, on a fake KMS and on the local one."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.adapters.aws import Aws
from tests.adapters.faults import Calls
from tests.adapters.stores import Untrusted
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

type NewCipher = Callable[..., EnvelopeCipher]

TEXT = b"a refresh token, say"
TOMORROW = START + timedelta(days=1)


def cipher_of(kms: Any, data_keys: InMemoryDataKeys, **changes: Any) -> EnvelopeCipher:
    parts: dict[str, Any] = {
        "key_arn": KEY_ARN,
        "deployment": "tokenvend-test",
        "logical_table": "tokens",
        "on_untrusted": Untrusted(),
    }
    return EnvelopeCipher(kms, data_keys, **(parts | changes))


@pytest.fixture
def kms() -> FakeKms:
    return FakeKms()


@pytest.fixture
def data_keys() -> InMemoryDataKeys:
    return InMemoryDataKeys()


@pytest.fixture(params=["fake", "kms"])
def new_cipher(request: pytest.FixtureRequest, data_keys: InMemoryDataKeys) -> NewCipher:
    """The cipher of one more environment, under one key of KMS."""
    if request.param == "fake":
        kms = FakeKms()
        return lambda **changes: cipher_of(kms, data_keys, **changes)
    aws: Aws = request.getfixturevalue("aws")
    return lambda **changes: cipher_of(aws.kms, data_keys, **({"key_arn": aws.key_arn} | changes))


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


def test_one_data_key_serves_every_environment_for_a_day(new_cipher: NewCipher) -> None:
    keys = {new_cipher().seal("token#1", TEXT, now=START).wrapped_key for _ in range(3)}

    assert len(keys) == 1


def test_the_next_day_has_another_data_key(new_cipher: NewCipher) -> None:
    cipher = new_cipher()

    today, tomorrow = (cipher.seal("token#1", TEXT, now=now) for now in (START, TOMORROW))

    assert today.wrapped_key != tomorrow.wrapped_key
    assert cipher.open("token#1", today) == cipher.open("token#1", tomorrow) == TEXT


def test_each_logical_table_has_a_data_key_of_its_own(kms: FakeKms) -> None:
    sealed = [
        cipher_of(kms, InMemoryDataKeys(), logical_table=table).seal("token#1", TEXT, now=START)
        for table in ("tokens", "connections")
    ]

    assert sealed[0].wrapped_key != sealed[1].wrapped_key


def test_the_environment_that_makes_the_key_calls_kms_once(
    kms: FakeKms, data_keys: InMemoryDataKeys
) -> None:
    cipher = cipher_of(kms, data_keys)

    for number in range(100):
        cipher.open(f"token#{number}", cipher.seal(f"token#{number}", TEXT, now=START))

    assert kms.calls == {"GenerateDataKey": 1}


def test_every_other_environment_calls_kms_once_a_day(aws: Aws) -> None:
    data_keys = InMemoryDataKeys()
    maker = cipher_of(aws.kms, data_keys, key_arn=aws.key_arn)
    sealed = [maker.seal(f"token#{number}", TEXT, now=START) for number in range(100)]
    client = aws.client("kms")
    calls = Calls(client)
    reader = cipher_of(client, data_keys, key_arn=aws.key_arn)

    for number, item in enumerate(sealed):
        reader.open(f"token#{number}", item)
        reader.seal(f"token#{number}", TEXT, now=START)

    assert calls.operations == ["Decrypt"]


def test_kms_is_told_the_deployment_and_the_logical_table(
    kms: FakeKms, data_keys: InMemoryDataKeys
) -> None:
    """The key's policy can hold a role to its own deployment and table by this context."""
    sealed = cipher_of(kms, data_keys).seal("token#1", TEXT, now=START)
    cipher_of(kms, data_keys).open("token#1", sealed)

    context = {"tokenvend:deployment": "tokenvend-test", "tokenvend:table": "tokens"}
    assert kms.calls == {"GenerateDataKey": 1, "Decrypt": 1}
    assert kms.contexts == [context, context]


def test_an_environment_that_loses_the_race_for_the_day_uses_the_winners_key(
    kms: FakeKms,
) -> None:
    class Late(InMemoryDataKeys):
        def find(self, day: str) -> None:
            del day

    data_keys = Late()
    winner, loser = cipher_of(kms, data_keys), cipher_of(kms, data_keys)

    first = winner.seal("token#1", TEXT, now=START)

    assert loser.seal("token#1", TEXT, now=START).wrapped_key == first.wrapped_key


def test_an_altered_shared_key_is_counted_and_not_used(
    kms: FakeKms, data_keys: InMemoryDataKeys
) -> None:
    data_keys.keys[f"{START:%Y-%m-%d}"] = b"not a wrapped key"
    untrusted = Untrusted()

    sealed = cipher_of(kms, data_keys, on_untrusted=untrusted).seal("token#1", TEXT, now=START)

    assert untrusted.seen == [(f"datakey#tokens#{START:%Y-%m-%d}", Distrust.NOT_AUTHENTIC)]
    assert cipher_of(kms, data_keys).open("token#1", sealed) == TEXT


def test_many_days_in_sight_keep_memory_bounded_and_open_all(
    kms: FakeKms, data_keys: InMemoryDataKeys
) -> None:
    days = [START + timedelta(days=number) for number in range(100)]
    cipher = cipher_of(kms, data_keys)
    sealed = [cipher.seal("token#1", TEXT, now=day) for day in days]

    assert all(cipher.open("token#1", item) == TEXT for item in sealed)
    assert len(cipher._unwrapped) < len(days)


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
