"""Envelope ciphers on a fake KMS and on the local one."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.adapters.aws import Aws
from tests.adapters.stores import Untrusted
from tests.fakes.kms import KEY_ARN, FakeKms, InMemoryDataKeys

from tokenvend.adapters.encryption import (
    EnvelopeCipher,
)

type NewCipher = Callable[..., EnvelopeCipher]
TEXT = b"a refresh token, say"


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
