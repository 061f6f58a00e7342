"""The files that people write: tokenvend.yaml, and lines of secrets."""

import json
from functools import cache
from typing import Any

import yaml
from hypothesis import strategies as st
from tests.functions.conftest import ROOT

from fuzzing import hostile
from fuzzing.target import FuzzTarget, keeps_secret
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend_cli.commands.secret_value import checked_value
from tokenvend_cli.configuration.load import parse_configuration
from tokenvend_cli.deployment.secret_import import check_lines
from tokenvend_cli.deployment.secret_lines import parse_lines
from tokenvend_cli.problems import CommandError, ConfigurationError, UsageError

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


_LINE = {
    "name": "jobs",
    "tenant": "acme",
    "fields": {"client_id": "us", "client_secret": hostile.MARKER},
}
_CSV_LINES = ("name,tenant,client_id,client_secret", f"jobs,acme,us,{hostile.MARKER}")


@st.composite
def _secret_lines(draw: st.DrawFn) -> bytes:
    """JSON lines or CSV, altered a little."""
    if draw(st.booleans()):
        lines = draw(st.lists(hostile.altered(_LINE), min_size=1, max_size=4))
        return b"\n".join(map(hostile.encoded, lines))
    text = "\r\n".join(_CSV_LINES)
    at = draw(st.integers(0, len(text)))
    odd = draw(hostile.texts | st.sampled_from(['"', ",", ";", "\t", "\r", "\n", "\0"]))
    return (text[:at] + odd + text[at:]).encode("utf-8", "surrogatepass")


def _definition(credential: str) -> CredentialDefinition:
    if credential != "jobs":
        raise CommandError(f"no credential {credential}")
    endpoint = "https://login.acme.example/token"
    return CredentialDefinition(name="jobs", provider="a", token_endpoint=endpoint, family=True)


def _check_lines(given: bytes) -> str:
    try:
        good, problems = check_lines(
            _definition,
            parse_lines(given),
            lambda definition, fields: (checked_value(definition, fields), definition),
        )
    except UsageError as error:
        keeps_secret(error, error.__context__)
        return "refused whole"
    keeps_secret(*problems, *good)
    for each in good:
        assert each.name.tenant, "a family's secret without its tenant passed"
        assert json.loads(json.dumps(each.value)) == each.value, "not what can be stored"
    return f"{min(len(good), 2)} good, {min(len(problems), 2)} wrong"


TARGETS = (
    FuzzTarget(
        name="configuration",
        promise="tokenvend.yaml is well-formed, or refused with what to mend; no value is quoted",
        inputs=_documents() | _laughs | _scalars | hostile.texts,
        check=_check,
    ),
    FuzzTarget(
        name="secret-lines",
        promise="each line is a secret to write or told by its number; none is quoted",
        inputs=_secret_lines() | hostile.json_bytes | st.binary(max_size=200),
        check=_check_lines,
    ),
)
