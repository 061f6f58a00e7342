"""Which fields a person is asked for when a credential's secret is put."""

from dataclasses import replace

import pytest

from tokenvend.domain.credential_definition import (
    Assertion,
    ClientAuthentication,
    CredentialDefinition,
    CredentialKind,
)
from tokenvend.domain.secret_fields import optional_secret_fields, secret_fields

SECRET = CredentialDefinition(name="a", provider="p", token_endpoint="https://a.example/t")
SIGNS = replace(SECRET, client_authentication=ClientAuthentication.PRIVATE_KEY_JWT)
SIGNS_IN_KMS = replace(SIGNS, assertion=Assertion(audience="a", kms_keys=("arn",)))


@pytest.mark.parametrize(
    ("definition", "needed", "optional"),
    [
        pytest.param(
            *(SECRET, ("client_id", "client_secret"), {"client_id"}), id="a client's secret"
        ),
        pytest.param(
            *(SIGNS, ("client_id", "private_key"), {"client_id", "key_id"}), id="a private key"
        ),
        pytest.param(
            replace(SIGNS, assertion=Assertion(audience="a")),
            *(("client_id", "private_key"), {"client_id", "key_id"}),
            id="a private key for an audience of its own",
        ),
        pytest.param(SIGNS_IN_KMS, ("client_id",), {"client_id"}, id="a key in KMS"),
        pytest.param(
            replace(SECRET, kind=CredentialKind.API_KEY), ("api_key",), set(), id="an API key"
        ),
    ],
)
def test_a_secret_has_the_fields_of_its_kind(
    definition: CredentialDefinition, needed: tuple[str, ...], optional: set[str]
) -> None:
    assert secret_fields(definition) == needed
    assert optional_secret_fields(definition) == optional


@pytest.mark.parametrize("definition", [SECRET, SIGNS, SIGNS_IN_KMS])
def test_a_client_id_that_the_file_says_is_not_asked_for(
    definition: CredentialDefinition,
) -> None:
    said = secret_fields(replace(definition, client_id="our-client"))

    assert said == secret_fields(definition)[1:]
