"""The published JSON Schema is the models', and explains each key by a text and an example."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import yaml
from tests.configuration.samples import EXAMPLE, NOW, ROOT, resolved

from tokenvend_cli.configuration.models import ConfigurationModel, json_schema
from tokenvend_cli.configuration.semantics import problems_of
from tokenvend_cli.configuration.strict import Strict

SCHEMA = json.loads((ROOT / "docs/schema/tokenvend.schema.json").read_text(encoding="utf-8"))
OBJECTS: dict[str, dict[str, Any]] = {
    name: each
    for name, each in [(SCHEMA["title"], SCHEMA), *SCHEMA["$defs"].items()]
    if "properties" in each
}


def _models(base: type[Strict]) -> Iterator[type[Strict]]:
    """Every model of the file; one whose name begins with an underscore is only a base."""
    for model in base.__subclasses__():
        if not model.__name__.startswith("_"):
            yield model
        yield from _models(model)


MODELS = {model.__name__: model for model in _models(Strict)}
#: What an example needs beside the keys that its object must always have.
NEEDED = {
    ("ApiKeyModel", "header_prefix"): {"header_name": "Authorization"},
    ("ApiRequestModel", "header_prefix"): {"header_name": "Authorization"},
    ("ConsentFlowModel", "refresh_names_scopes"): {"refresh_names_scopes_source": "its manual"},
    ("IdentityModel", "unique_id"): {"iam": "arn:aws:iam::111122223333:role/billing"},
    ("ProviderModel", "parameters"): {"profile": "auth0"},
    ("SignedJwtModel", "key_encoding"): {"algorithm": "HS256"},
    ("ProviderModel", "scope_mode"): {
        "token_endpoint": "https://login.acme.example/token",
        "scope_mode_source": "its manual",
    },
    ("TokenAnswerModel", "success_values"): {"success": "status"},
    ("TokenRequestModel", "method"): {"parameters_in": "query"},
    ("WorkloadModel", "issuer"): {"sub": "system:serviceaccount:billing:worker"},
}
#: A provider is found in one of these ways; any other key needs one of them beside it.
WAYS_TO_FIND = {"profile", "issuer", "token_endpoint", "api_key", "signed_jwt"}


def _keys() -> list[Any]:
    return [
        pytest.param(model, key, id=f"{model}.{key}")
        for model, each in OBJECTS.items()
        for key in each["properties"]
    ]


def _examples() -> Iterator[tuple[str, str, Any]]:
    for model, each in OBJECTS.items():
        for key, field in each["properties"].items():
            for example in field["examples"]:
                yield model, key, example


def _beside(model: str, key: str) -> dict[str, Any]:
    """The least that must stand beside *key*."""
    each = OBJECTS[model]
    needed = {name: each["properties"][name]["examples"][0] for name in each.get("required", [])}
    if model == "ProviderModel" and key not in WAYS_TO_FIND:
        needed["token_endpoint"] = "https://login.acme.example/token"
    return NEEDED.get((model, key), needed)


def test_published_schema_is_the_models() -> None:
    assert json_schema() == SCHEMA
    assert MODELS.keys() == OBJECTS.keys()


def test_schema_is_a_schema_that_the_example_fits() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(yaml.safe_load(EXAMPLE.read_text(encoding="utf-8")), SCHEMA)


@pytest.mark.parametrize(("model", "key"), _keys())
def test_every_key_has_a_description_and_an_example_that_is_not_its_default(
    model: str, key: str
) -> None:
    field = OBJECTS[model]["properties"][key]

    assert field.get("description")
    assert field.get("examples")
    assert field.get("default") not in field["examples"]


def test_every_object_is_described() -> None:
    assert [name for name, each in OBJECTS.items() if not each.get("description")] == []


def test_every_example_fits_the_schema_of_its_key_and_the_model() -> None:
    checker = jsonschema.FormatChecker()

    for model, key, example in _examples():
        field = OBJECTS[model]["properties"][key] | {"$defs": SCHEMA["$defs"]}
        jsonschema.validate(example, field, format_checker=checker)
        parsed = MODELS[model].model_validate_json(
            json.dumps({**_beside(model, key), key: example})
        )
        assert key in parsed.model_fields_set


def test_examples_of_the_whole_file_fit_together() -> None:
    parts = {key: field["examples"][0] for key, field in SCHEMA["properties"].items()}
    configuration = ConfigurationModel.model_validate_json(json.dumps(parts))
    providers, unresolved = resolved(configuration)

    assert unresolved == []
    assert list(problems_of(configuration, providers, now=NOW)) == []
