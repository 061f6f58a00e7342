"""What cannot be compared with the build is named, without the signed URL."""

from pathlib import Path

import pytest
from tests.deploy.stubs import Stubs

from tokenvend_deploy.built import NotDownloadedError, find_foreign_code
from tokenvend_local.artifact import LAYER


def test_code_that_cannot_be_downloaded_is_told_without_its_signed_url(tmp_path: Path) -> None:
    for folder in ("JwksFunction", LAYER):
        (tmp_path / folder).mkdir()
    stubs = Stubs()
    stubs.answer(
        *("lambda", "get_function"),
        {
            "Configuration": {"Version": "3", "CodeSha256": "x"},
            "Code": {"Location": "http://127.0.0.1:9/code?X-Amz-Signature=abcdef"},
        },
        FunctionName="jwks",
        Qualifier="live",
    )

    with pytest.raises(
        NotDownloadedError, match=r"could not be downloaded \(ConnectionError\)"
    ) as e:
        list(find_foreign_code(stubs.client("lambda"), {"JwksFunction": "jwks"}, tmp_path))

    assert "abcdef" not in str(e.value)
    assert e.value.__suppress_context__
