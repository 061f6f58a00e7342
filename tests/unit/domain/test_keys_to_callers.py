"""Which of a secret's fields callers may get: by the names in the secret, which are recorded."""

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.domain.signed_jwts import definition_of

from tokenvend.domain.credential_definition import Assertion, CredentialDefinition
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.secret import Secret
from tokenvend.domain.secret_destination import destination_of, fields_in, may_be_used
from tokenvend.domain.secret_reference import SecretReference

ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:acme/orders-AbCdEf"
HOST = "login.acme.example"
TO_API = CredentialDefinition(
    name="jobs",
    provider="acme",
    token_endpoint=f"https://{HOST}/token",
    api_request={"headers": {"Authorization": "Bearer {token}", "X-Key": "{secret.api_key}"}},
)
SIGNED = definition_of(
    {"header": {"kid": "{secret.key_id}"}, "claims": {"iss": "{secret.client_id}"}}
)


def used(definition: CredentialDefinition, recorded: str) -> bool:
    return may_be_used(ProviderSecret("", Secret(""), recorded), definition)


def adopted(definition: CredentialDefinition, **keys: Any) -> CredentialDefinition:
    return replace(definition, secret=SecretReference(ARN, **keys))


def test_an_adopted_secret_records_its_own_names() -> None:
    named = adopted(TO_API, api_key_key="token")

    assert destination_of(named) == f"{HOST} @callers:token"
    assert used(named, f"{HOST} @callers:token")
    assert not used(named, f"{HOST} @callers:api_key")


@pytest.mark.parametrize(
    ("field", "keys"),
    [
        ("key_id_key", {}),
        ("client_id_key", {}),
        ("client_id_key", {"private_key_key": "elsewhere"}),
    ],
)
@pytest.mark.parametrize("stored", ["private_key", "shared_key", "client_secret", "password"])
def test_a_changed_file_shows_no_key_under_the_name_of_another_field(
    field: str, keys: dict[str, str], stored: str
) -> None:
    redirected = adopted(SIGNED, **{field: stored}, **keys)

    assert not used(redirected, "@signs: @callers:client_id @callers:key_id")
    # Nor does a tag help that was written by such a file.
    assert not used(redirected, destination_of(redirected))


def test_a_key_under_a_name_of_its_own_is_not_shown_as_another_field() -> None:
    both = adopted(SIGNED, private_key_key="pem", key_id_key="pem")

    assert not used(both, "@signs: @callers:client_id @callers:pem")


@pytest.mark.parametrize(
    "key", ["x @callers:private_key", "@callers:a", "a b", "\u00e9", "a" * 129]
)
def test_a_name_cannot_write_another_entry_into_the_record(key: str) -> None:
    named = adopted(TO_API, api_key_key=key)
    (recorded,) = fields_in(destination_of(named))

    assert recorded.startswith("sha256=")
    assert used(named, destination_of(named))
    assert not used(named, f"{HOST} @callers:{key}")


def test_a_placeholder_that_a_customers_value_would_complete_is_refused() -> None:
    completed = replace(
        TO_API,
        api_request={"headers": {"A": "{token}", "B": "{secret.a_{tenant.shop}}"}},
        tenant_values={"shop": ("*",)},
    )
    secret = ProviderSecret(
        "", Secret(""), f"{HOST} @callers:shop", tenant_values={"shop": Secret("secret")}
    )

    assert not may_be_used(secret, completed)


def test_values_of_the_answer_are_recorded_too() -> None:
    beside = replace(TO_API, api_request={"query": {"t": "{token}", "a": "{answer.account.id}"}})

    assert destination_of(beside) == f"{HOST} @callers:answer.account.id"
    assert not used(beside, HOST)


def test_a_secret_records_which_key_in_kms_signs_for_it() -> None:
    one, other = (
        replace(SIGNED, assertion=Assertion(audience="", kms_keys=(arn,))) for arn in ("a", "b")
    )

    assert used(one, destination_of(one))
    assert not used(one, destination_of(other))
    assert not used(one, destination_of(SIGNED))
    assert not used(SIGNED, destination_of(one))


def test_another_name_of_the_keys_id_gives_another_token() -> None:
    assert adopted(SIGNED).fingerprint != adopted(SIGNED, key_id_key="kid").fingerprint
