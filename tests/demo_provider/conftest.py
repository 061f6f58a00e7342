"""A demo provider in this process, and its control."""

from collections.abc import Iterator

import pytest

from tokenvend_local.demo_provider.client import ProviderControl
from tokenvend_local.demo_provider.provider import Provider

KEY = "control-key"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    provider = Provider(KEY)
    provider.start()
    yield provider
    provider.stop()


@pytest.fixture
def control(provider: Provider) -> ProviderControl:
    return ProviderControl(provider.control.url, KEY, provider.provider.url)
