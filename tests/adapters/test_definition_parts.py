"""Each part of a credential's definition comes back from the registry, under a name for itself."""

from dataclasses import replace

import pytest
from tests.adapters.registry_samples import DEFINITION

from tokenvend.adapters.dynamodb.definition_items import build_definition, parse_definition
from tokenvend.domain.credential_definition import (
    Assertion,
    Authorization,
    CredentialDefinition,
    CredentialKind,
    Rotation,
)
from tokenvend.domain.secret_reference import SecretReference
from tokenvend.domain.signing import SigningAlgorithm

KEY = replace(DEFINITION, kind=CredentialKind.API_KEY, token_endpoint="")
HEADER = {"header_name": "X-Key"}
PARTS = {"headers": {"X-Key": "{secret.api_key}"}, "query": {"site": "1"}}
ARN = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:ats-AbCdEf"


@pytest.mark.parametrize(
    ("definition", "name", "document"),
    [
        pytest.param(
            replace(DEFINITION, tenant_values={"domain": ("*.shops.example", "shop.example")}),
            "tenant_values",
            {"domain": ["*.shops.example", "shop.example"]},
            id="tenant values",
        ),
        pytest.param(
            replace(DEFINITION, api_request=HEADER), "api_request", HEADER, id="a token's header"
        ),
        pytest.param(
            replace(KEY, api_request=HEADER),
            "api_key_header",
            {"name": "X-Key", "prefix": None},
            id="an API key's header",
        ),
        pytest.param(
            replace(KEY, api_request=HEADER | {"header_prefix": "Key "}),
            "api_key_header",
            {"name": "X-Key", "prefix": "Key "},
            id="an API key's header with a prefix",
        ),
        pytest.param(
            replace(KEY, api_request=PARTS), "api_key_parts", PARTS, id="an API key's parts"
        ),
        pytest.param(
            replace(DEFINITION, rotation=Rotation.STAGED),
            "rotation",
            Rotation.STAGED.value,
            id="staged rotation",
        ),
        pytest.param(
            replace(DEFINITION, secret=SecretReference(ARN, plain_text=True)),
            "secret",
            {
                name: value
                for name in SecretReference.__slots__
                if (value := getattr(SecretReference(ARN, plain_text=True), name)) is not False
            },
            id="a secret of plain text",
        ),
        pytest.param(
            replace(DEFINITION, assertion=Assertion(audience="", algorithm=SigningAlgorithm.RS256)),
            "assertion",
            {"audience": None, "algorithm": "RS256", "kms_keys": []},
            id="an assertion without an audience",
        ),
        pytest.param(
            replace(
                DEFINITION,
                assertion=Assertion(
                    audience="https://api.example.com",
                    algorithm=SigningAlgorithm.RS256,
                    kms_keys=("alias/one", "alias/two"),
                    aws_identity=True,
                    names_certificate=True,
                ),
            ),
            "assertion",
            {
                "audience": "https://api.example.com",
                "algorithm": "RS256",
                "kms_keys": ["alias/one", "alias/two"],
                "aws_identity": True,
                "names_certificate": True,
            },
            id="an assertion with all there is",
        ),
    ],
)
def test_a_part_comes_back_under_its_name(
    definition: CredentialDefinition, name: str, document: object
) -> None:
    item = build_definition(definition)

    assert item.document[name] == document
    assert parse_definition(item.document) == definition


@pytest.mark.parametrize(
    "name", ["tenant_values", "api_key_parts", "api_key_header", "assertion", "authorization"]
)
def test_a_part_that_there_is_not_has_no_field(name: str) -> None:
    assert build_definition(DEFINITION).document.get(name) is None


def test_a_secret_of_a_version_before_plain_text_is_a_json_object() -> None:
    document = build_definition(DEFINITION).document

    assert "plain_text" not in document["secret"]
    assert parse_definition(document).secret == DEFINITION.secret


def test_consent_of_a_version_before_account_fields_knows_the_account_by_its_sub() -> None:
    authorization = Authorization(
        endpoint="https://api.example.com/authorize",
        redirect_uri="https://pages.example.com/callback",
        account_field="id",
    )
    document = build_definition(replace(DEFINITION, authorization=authorization)).document
    del document["authorization"]["account_field"]

    found = parse_definition(document).authorization

    assert found == replace(authorization, account_field="sub")
