"""What a person is told about a file that is not well-formed."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from tokenvend_cli.configuration.load import load_configuration, parse_configuration
from tokenvend_cli.configuration.models import ConfigurationModel
from tokenvend_cli.problems import CommandError, ConfigurationError

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "tokenvend.yaml"
SCHEMA = json.loads((ROOT / "docs/schema/tokenvend.schema.json").read_text(encoding="utf-8"))


def test_published_schema_is_the_models() -> None:
    assert ConfigurationModel.model_json_schema() == SCHEMA


def test_example_fits_schema_and_models() -> None:
    jsonschema.validate(yaml.safe_load(EXAMPLE.read_text(encoding="utf-8")), SCHEMA)

    assert load_configuration(EXAMPLE).callers.keys() == {"billing", "shop", "events"}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("version: 2", "version: input should be 1", id="unknown version"),
        pytest.param(
            "version: 1\ncallers:\n  a: {identities: [{iam: x}]}",
            "callers.a.identities[0].iam: string should match pattern",
            id="place in a list",
        ),
        pytest.param(
            "version: 1\ncallers: {a: {identities: [{}]}}",
            "callers.a.identities[0]: give exactly one of iam and client",
            id="neither",
        ),
        pytest.param(
            "version: 1\nproviders: {p: {token_endpoint: 'https://a.example/t', profile: x}}",
            "providers.p: give exactly one of profile, issuer and token_endpoint",
            id="two ways",
        ),
        pytest.param("version: 1\nversion: 1", "the key version stands there twice", id="twice"),
        pytest.param("version: [", "this is not well-formed YAML", id="not YAML"),
        pytest.param("version: 1\nsecrets: {}", "secrets: extra inputs", id="unknown key"),
    ],
)
def test_problem_names_its_place(text: str, line: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_configuration(text)

    assert any(line in problem for problem in caught.value.problems)


def test_secret_pasted_into_the_file_is_not_echoed() -> None:
    text = "version: 1\ncredentials: {a: {provider: p, client_secret: 'hunter2-hunter2'}}"

    with pytest.raises(ConfigurationError) as caught:
        parse_configuration(text)

    assert "hunter2" not in str(caught.value)
    assert "credentials.a.client_secret" in str(caught.value)


def test_missing_file_is_said() -> None:
    with pytest.raises(CommandError, match="cannot read"):
        load_configuration(Path("no-such-file.yaml"))
