"""A token endpoint's answer that is text alone: with quotes around it or without."""

import pytest

from tokenvend.domain.oauth.response_body import parse_text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"abc", "abc"),
        (b' "abc"\n', "abc"),
        (b'"a"', "a"),
        (b'""', ""),
        (b'"', '"'),
        (b'"abc', '"abc'),
        (b'abc"', 'abc"'),
        (b"", ""),
        ("\u00e9".encode(), None),
    ],
)
def test_quotes_around_a_text_are_left_out(body: bytes, text: str | None) -> None:
    assert parse_text(body) == text
