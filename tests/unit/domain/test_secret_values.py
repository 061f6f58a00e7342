"""What is made of a secret's values, and where the secret may be sent."""

from dataclasses import replace

import pytest
from tests.unit.domain.described_requests import DEFINITION, SPEC
from tests.unit.domain.signed_jwts import definition_of

from tokenvend.domain.credential_definition import (
    Assertion,
    ClientAuthentication,
    CredentialDefinition,
    CredentialKind,
)
from tokenvend.domain.oauth.client_assertion import AssertionDraft
from tokenvend.domain.oauth.token_request import ProviderSecret, build_token_request
from tokenvend.domain.secret import Secret
from tokenvend.domain.secret_destination import fields_in, is_allowed, may_be_used
from tokenvend.domain.secret_fields import secret_fields, secret_of
from tokenvend.domain.signing import KmsKey, PrivateKey, SigningAlgorithm

HOST = "a.example"
API_KEY = replace(DEFINITION, kind=CredentialKind.API_KEY)
BASIC = replace(DEFINITION, client_authentication=ClientAuthentication.BASIC)
OF_SHOPS = replace(BASIC, tenant_values={"shop": ("*",)})
CERTIFIED = replace(
    DEFINITION,
    client_authentication=ClientAuthentication.PRIVATE_KEY_JWT,
    assertion=Assertion(audience="a", names_certificate=True),
)
GRANTED = {"assertion": {"issuer": "us", "lifetime_seconds": 90, "parameter": "jwt"}}


def test_an_api_key_is_its_fields_alone() -> None:
    secret = secret_of(API_KEY, {"api_key": "k"}, allowed_host="@callers", version="v1")

    assert secret == ProviderSecret("", Secret(""), "@callers", fields={"api_key": Secret("k")})
    assert secret.version == "v1"
    assert secret_of(API_KEY, {}, allowed_host="@callers").version == ""


def test_a_clients_secret_has_its_id_proof_key_and_values() -> None:
    values = {"client_id": "us", "client_secret": "s", "key_id": "k", "shop": "acme"}

    secret = secret_of(OF_SHOPS, values, allowed_host=HOST, version="v1")

    assert secret == ProviderSecret(
        "us", Secret("s"), HOST, key_id="k", tenant_values={"shop": Secret("acme")}
    )
    assert secret.version == "v1"


@pytest.mark.parametrize(
    ("said", "values", "client_id"),
    [(None, {"client_id": "us"}, "us"), ("file", {"client_id": "us"}, "file"), (None, {}, "")],
)
def test_a_client_id_is_the_files_or_the_secrets(
    said: str | None, values: dict[str, str], client_id: str
) -> None:
    named = {} if client_id == "" else {"query": {"id": "{secret.client_id}"}}
    definition = replace(DEFINITION, client_id=said, token_request=named)

    secret = secret_of(definition, values, allowed_host=HOST)

    assert secret.client_id == client_id
    assert secret.fields == ({"client_id": Secret(client_id)} if named else {})


def test_a_certificate_is_asked_for_where_assertions_name_it() -> None:
    assert secret_fields(CERTIFIED) == ("client_id", "certificate", "private_key")


def test_a_public_client_that_the_file_names_has_no_secret() -> None:
    assert secret_fields(replace(DEFINITION, client_id="us")) == ()


def test_a_signed_jwt_needs_its_key_unless_kms_has_it() -> None:
    in_kms = Assertion(audience="", kms_keys=("arn",))

    assert secret_fields(definition_of({})) == ("shared_key",)
    assert secret_fields(definition_of({"algorithm": "ES256"})) == ("private_key",)
    assert secret_fields(definition_of({"algorithm": "ES256"}, assertion=in_kms)) == ()


def sent_to(recorded: str, definition: CredentialDefinition = BASIC) -> bool:
    return may_be_used(ProviderSecret("us", Secret("s"), recorded), definition)


@pytest.mark.parametrize(
    ("recorded", "allowed"),
    [
        ("a.example", True),
        ("A.example", True),
        ("b.example", False),
        ("", False),
        ("b.example a.example", True),
        ("@any.example", True),
        ("@any.other.example", False),
    ],
)
def test_a_secret_goes_to_a_recorded_host_alone(recorded: str, *, allowed: bool) -> None:
    assert is_allowed(ProviderSecret("us", Secret("s"), recorded), HOST) is allowed
    assert sent_to(recorded) is allowed


def test_a_field_goes_to_callers_only_if_that_is_recorded() -> None:
    beside = replace(BASIC, api_request={"headers": {"A": "{token}", "B": "{secret.b}"}})

    assert fields_in("a.example @callers:b @callers:c") == {"b", "c"}
    assert sent_to("a.example @callers:b", beside)
    assert not sent_to("a.example @callers:c", beside)
    assert not sent_to("a.example", beside)


def test_a_key_signs_only_for_the_recorded_audience() -> None:
    for_one = definition_of({"claims": {"aud": "one", "x": "{secret.b}"}})

    assert sent_to("@signs:one @callers:b", for_one)
    assert not sent_to("@signs:other @callers:b", for_one)
    assert not sent_to("@signs:one", for_one)
    assert sent_to("@callers", API_KEY)
    assert not sent_to("a.example", API_KEY)


@pytest.mark.parametrize("kms_keys", [(), ("arn",)])
def test_a_grants_assertion_is_signed_as_the_definition_says(kms_keys: tuple[str, ...]) -> None:
    signed = Assertion(
        audience="them",
        algorithm=SigningAlgorithm.ES256,
        kms_keys=kms_keys,
        names_certificate=True,
    )
    fields = {"certificate": Secret("c")} | ({} if kms_keys else {"private_key": Secret("k")})
    secret = ProviderSecret("us", Secret(""), HOST, key_id="kid", fields=fields)
    definition = replace(DEFINITION, assertion=signed, token_request=GRANTED)

    grant = build_token_request(definition, SPEC, secret).grant

    assert grant is not None
    assert grant.parameter == "jwt"
    assert isinstance(grant.draft, AssertionDraft)
    assert grant.draft.key == (KmsKey("arn") if kms_keys else PrivateKey(Secret("k"), "kid"))
    assert (grant.draft.client_id, grant.draft.subject, grant.draft.audience) == (
        *("us", "us", "them"),
    )
    assert grant.draft.algorithm is SigningAlgorithm.ES256
    assert grant.draft.lifetime.total_seconds() == 90
    assert grant.draft.certificate == Secret("c")
