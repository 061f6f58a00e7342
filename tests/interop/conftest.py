"""A gateway before the functions, for clients that nobody here wrote."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.adapters.servers import self_signed
from tests.functions.conftest import harness as harness  # noqa: PLC0414
from tests.interop.gateway import Gateway, serving


@pytest.fixture
def gateway(tmp_path: Path, harness: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    """The functions over HTTPS; clients that read the environment trust its certificate."""
    del harness
    context, certificate = self_signed(tmp_path)
    for variable in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(variable, str(certificate))
    for variable in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(variable, raising=False)
    with serving(context, certificate) as gateway:
        yield gateway
