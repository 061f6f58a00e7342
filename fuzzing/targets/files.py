"""The file that people write."""

from functools import cache
from typing import Any

import yaml
from hypothesis import strategies as st
from tests.functions.conftest import ROOT

from fuzzing import hostile
from fuzzing.target import Target, keeps_secret
from tokenvend_cli.configuration.load import parse_configuration
from tokenvend_cli.problems import ConfigurationError

_NAME = "tokenvend.yaml"
_PLACES = ("docs/examples/tokenvend.yaml", "demo/tokenvend.yaml")


@cache
def _samples() -> list[dict[str, Any]]:
    return [yaml.safe_load((ROOT / place).read_text(encoding="utf-8")) for place in _PLACES]


_scalars = st.sampled_from(
    [
        *("2026-02-30", "!!int x", "!!float x", "!!timestamp x", "!!binary é", "!!set [a]"),
        *("0x", "0b", "1:99", "1_0", "~", "=", "<<", "*a", "&a [*a]", "? [a]", "!!python/name:os"),
        *("9" * 5_000, "[" * 2_000, "{a: " * 500, "- " * 500, "\t", "\x00", "%YAML 9.9\n---"),
    ]
)


@st.composite
def _documents(draw: st.DrawFn) -> str:
    """A sample with something else in it, or something else."""
    document = draw(hostile.altered(draw(st.sampled_from(_samples()))))
    document["marker"] = hostile.MARKER
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=draw(st.booleans()))
    lines = text.splitlines()
    if draw(st.booleans()):
        at = draw(st.integers(0, len(lines)))
        lines[at:at] = [f"odd: {draw(_scalars)}"]
    return "\n".join(lines)


_laughs = st.integers(1, 30).map(
    lambda depth: "\n".join(
        ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, depth + 1))]
    )
)


def _check(text: str) -> str:
    try:
        file = parse_configuration(text, name=_NAME)
    except ConfigurationError as error:
        keeps_secret(error, *error.problems)
        first, *_ = error.problems
        return first.what[:40].partition(";")[0]
    assert file.configuration.version == 1, "another version passed"
    return "well-formed"


TARGETS = (
    Target(
        name="configuration",
        promise="tokenvend.yaml is well-formed, or refused with what to mend; no value is quoted",
        inputs=_documents() | _laughs | _scalars | hostile.texts,
        check=_check,
    ),
)
