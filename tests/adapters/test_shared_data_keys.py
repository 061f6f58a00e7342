"""One data key serves every environment for a day."""

from datetime import timedelta

from tests.adapters.aws import Aws
from tests.adapters.ciphers import TEXT, NewCipher, cipher_of, data_keys, kms, new_cipher
from tests.adapters.faults import Calls
from tests.adapters.stores import Untrusted
from tests.fakes.clock import START
from tests.fakes.kms import FakeKms, InMemoryDataKeys

from tokenvend.domain.untrusted import Distrust

__all__ = ["data_keys", "kms", "new_cipher"]

TOMORROW = START + timedelta(days=1)


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
