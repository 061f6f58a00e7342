"""The demo's configuration, as it is written for a stack."""

import re
from pathlib import Path

import pytest

from tokenvend_local import places
from tokenvend_local.demo import written_for


@pytest.mark.parametrize("folder", ["local-stack", "local-stack/demo"])
def test_an_editor_finds_the_schema_from_where_the_file_is_written(folder: str) -> None:
    written = places.BUILD / folder

    text = written_for(written, provider_url="http://127.0.0.1:1", pages_url="http://127.0.0.1:2")

    found = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
    assert found is not None
    schema = places.ROOT / "docs" / "schema" / "tokenvend.schema.json"
    assert Path(written / found[1]).resolve() == schema
    assert "127.0.0.1:1" in text
    assert "127.0.0.1:8123" not in text
