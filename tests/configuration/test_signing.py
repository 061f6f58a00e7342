"""Clients that sign, in the file."""

from typing import Any

import pytest
from tests.configuration.samples import FIXED, credential, document, problems_in

from tokenvend.adapters.dynamodb.definition_items import parse_definition
from tokenvend.domain.credential_definition import Assertion
from tokenvend.domain.signing import SigningAlgorithm
from tokenvend_cli.configuration.compile import compile_registry
from tokenvend_cli.configuration.models import ConfigurationModel
from tokenvend_cli.configuration.providers import Provider, resolve_providers

KEY = "arn:aws:kms:eu-central-1:111122223333:key/one"
SIGNS: dict[str, Any] = FIXED | {"client_authentication": "private_key_jwt"}
ISSUER = "https://login.acme.example"


def _assertion(provider: dict[str, Any], **fields: Any) -> Assertion | None:
    parts = {"providers": {"acme": provider}, "credentials": credential(**fields)}
    configuration = ConfigurationModel.model_validate(document(**parts))
    providers, problems = resolve_providers(
        configuration.providers,
        lambda issuer: Provider(token_endpoint=issuer + "/token", issuer=issuer),
        local_stack=False,
    )
    assert problems == []
    items = {item.key: item for item in compile_registry(configuration, providers)}
    return parse_definition(items["credential#jobs", "*"].document).assertion


@pytest.mark.parametrize(
    ("provider", "audience"),
    [
        pytest.param({"issuer": ISSUER}, ISSUER, id="the issuer"),
        pytest.param({}, "https://login.acme.example/token", id="else the token endpoint"),
        pytest.param(
            {"profile": "okta-org", "parameters": {"domain": "initech.okta.com"}},
            "https://initech.okta.com/oauth2/v1/token",
            id="what the profile says",
        ),
        pytest.param(
            {"issuer": ISSUER, "assertion_audience": "https://a.example"},
            "https://a.example",
            id="what the file says",
        ),
    ],
)
def test_audience_is_the_issuer_unless_something_says_otherwise(
    provider: dict[str, Any], audience: str
) -> None:
    whole = {"client_authentication": "private_key_jwt"} | (provider or FIXED)
    if "assertion_audience" in provider and "issuer" not in provider:
        whole |= FIXED

    assertion = _assertion(whole)

    assert assertion == Assertion(audience=audience, algorithm=SigningAlgorithm.RS256)


def test_keys_keep_the_order_in_which_they_sign() -> None:
    keys = [KEY + "-b", KEY + "-a"]

    assertion = _assertion(SIGNS, signing={"algorithm": "ES256", "kms_keys": keys})

    assert assertion is not None
    assert (assertion.kms_keys, assertion.algorithm) == (tuple(keys), SigningAlgorithm.ES256)


def test_client_with_a_secret_makes_no_assertion() -> None:
    assert _assertion(FIXED) is None


@pytest.mark.parametrize(
    ("provider", "fields", "told"),
    [
        pytest.param(
            FIXED,
            {"signing": {"kms_keys": [KEY]}},
            "credentials.jobs.signing: acme takes client_secret_basic",
            id="a provider that takes a secret",
        ),
        pytest.param(
            SIGNS,
            {"signing": {"kms_keys": [KEY]}, "client_id": "us"},
            "credentials.jobs.client_id: put it as the credential's secret",
            id="a client id with nothing to record where it may go",
        ),
        pytest.param(
            SIGNS,
            {"signing": {"kms_keys": [KEY, KEY]}},
            "credentials.jobs.signing.kms_keys: one key stands here twice",
            id="a rotation that is none",
        ),
    ],
)
def test_signing_that_cannot_be_is_found(
    provider: dict[str, Any], fields: dict[str, Any], told: str
) -> None:
    found = problems_in({"providers": {"acme": provider}, "credentials": credential(**fields)})

    assert [line for line in found if line.startswith(told)], found


@pytest.mark.parametrize(
    "key",
    [
        "arn:aws:kms:eu-central-1:111122223333:alias/one",
        "11111111-2222-3333-4444-555555555555",
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret:a",
    ],
)
def test_key_that_could_be_exchanged_for_another_is_refused(key: str) -> None:
    fields = credential(signing={"kms_keys": [key]})

    with pytest.raises(ValueError, match="kms_keys"):
        ConfigurationModel.model_validate(document(credentials=fields))


AWS: dict[str, Any] = {"signing": {"aws_identity": True}}


def test_aws_identity_is_compiled_with_an_audience_that_is_no_url() -> None:
    assertion = _assertion(SIGNS | {"assertion_audience": "api://directory"}, **AWS)

    assert assertion == Assertion(audience="api://directory", aws_identity=True)


@pytest.mark.parametrize(
    ("provider", "fields", "told"),
    [
        (SIGNS, {"signing": {"aws_identity": True, "kms_keys": [KEY]}}, "which one signs?"),
        (SIGNS, {"signing": {"aws_identity": True, "algorithm": "ES256"}}, "signs with RS256"),
        (SIGNS, AWS | {"client_id": "ours"}, "which records where assertions may be sent"),
        (SIGNS | {"token_request": {"assertion": {}}}, AWS, "needs a key of its own"),
        (FIXED, AWS, "set its client_authentication to private_key_jwt"),
    ],
)
def test_aws_identity_that_cannot_be_used_is_told(
    provider: dict[str, Any], fields: dict[str, Any], told: str
) -> None:
    problems = problems_in({"providers": {"acme": provider}, "credentials": credential(**fields)})

    assert any(told in problem for problem in problems)
