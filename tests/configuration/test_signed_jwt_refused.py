"""What `validate` refuses of a signed JWT, and of credentials and grants for one."""

from typing import Any

import pytest
from tests.configuration.samples import FIXED, grant, problems_in
from tests.configuration.signed_jwts import APP_STORE, GHOST, KIND

KMS = "arn:aws:kms:eu-west-1:111122223333:key/one"
FULL = {"scopes": [], "full_access": True}


def problems(
    provider: dict[str, Any] | None = None,
    credential: dict[str, Any] | None = None,
    **granted: Any,
) -> list[str]:
    return problems_in(
        {
            "providers": {"acme": APP_STORE if provider is None else provider},
            "credentials": {"jobs": {"provider": "acme"} | KIND | (credential or {})},
            "grants": [grant(**(FULL | granted))],
        }
    )


def described(**changes: Any) -> dict[str, Any]:
    return {"signed_jwt": APP_STORE["signed_jwt"] | changes}


def test_description_without_fault_is_taken() -> None:
    assert problems() == []
    assert problems(credential={"signing": {"kms_keys": [KMS]}}) == []
    assert problems(FIXED | APP_STORE) == []


@pytest.mark.parametrize(
    ("provider", "told"),
    [
        (
            described(claims={"iss": "{secret.shared_key}"}),
            "providers.acme.signed_jwt: callers would read the shared_key",
        ),
        (
            described(header={"kid": "{secret.client_secret}"}),
            "providers.acme.signed_jwt: callers would read the client_secret",
        ),
        (
            described(claims={"a": [{"b": "{secret.private_key}"}]}),
            "providers.acme.signed_jwt.claims.a[0].b: a private_key is never sent",
        ),
        (
            described(claims={"iss": "{secret}"}),
            "providers.acme.signed_jwt.claims.iss: a brace begins a placeholder",
        ),
        (
            described(claims={"api_key": "abc"}),
            "providers.acme.signed_jwt.claims.api_key: no secret stands in this file",
        ),
        (
            described(claims={"iss": "x" * 4096}),
            "providers.acme.signed_jwt: has 4",
        ),
        (FIXED, "credentials.jobs.kind: acme does not say what token it takes"),
        (
            described(claims={f"c{i}": f"{{secret.{'n' * 30}{i}}}" for i in range(9)}),
            "credentials.jobs.provider: its token shows so many fields of the secret",
        ),
    ],
)
def test_fault_of_a_provider_is_told_with_its_place(provider: dict[str, Any], told: str) -> None:
    [problem] = problems(provider)

    assert problem.startswith(told)


@pytest.mark.parametrize(
    ("credential", "told"),
    [
        *(
            (each, f"credentials.jobs.{next(iter(each))}: means nothing for a token that")
            for each in (
                {"scope_parameter": True},
                {"extra_parameters": {"a": "b"}},
                {"single_active_token": True},
                {"rotation": "staged"},
                {"default_lifetime_seconds": 60},
                {"redirect_uri": "https://connect.example/callback/jobs"},
            )
        ),
        ({"client_id": "us"}, "credentials.jobs.client_id: put it into the secret"),
        (
            {"signing": {"algorithm": "ES256"}},
            "credentials.jobs.signing.algorithm: signed_jwt says how the token is signed",
        ),
        (
            {"signing": {"aws_identity": True}},
            "credentials.jobs.signing.aws_identity: signed_jwt says how",
        ),
        (
            {"signing": {"kms_keys": [KMS, KMS]}},
            "credentials.jobs.signing.kms_keys: one key stands here twice",
        ),
    ],
)
def test_fault_of_a_credential_is_told_with_its_place(
    credential: dict[str, Any], told: str
) -> None:
    [problem] = problems(credential=credential)

    assert problem.startswith(told)


def test_token_that_does_not_say_its_scopes_is_not_narrowed() -> None:
    narrows = {"scope_mode": "narrows", "scope_mode_source": "its manual"}
    scoped = {"scopes": ["read", "write"]}

    [problem] = problems(APP_STORE | narrows, scoped, scopes=["read"], full_access=False)

    assert problem.startswith("credentials.jobs.provider: scope_mode narrows needs")
    said = described(scope_claim=True) | narrows
    assert problems(said, scoped, scopes=["read"], full_access=False) == []


def test_shared_key_is_never_in_kms() -> None:
    [problem] = problems(GHOST, {"signing": {"kms_keys": [KMS]}})

    assert problem == "credentials.jobs.signing.kms_keys: a shared key is in the secret: drop this"


def test_key_in_kms_needs_a_secret_that_records_what_it_signs() -> None:
    [problem] = problems(
        described(header={}, claims={"iss": "us"}), {"signing": {"kms_keys": [KMS]}}
    )

    assert "the secret records what the key signs, and is needed" in problem


@pytest.mark.parametrize("name", ["audiences", "resources"])
def test_grant_cannot_choose_the_audience(name: str) -> None:
    targets: dict[str, Any] = {name: ["https://api.acme.example"]}

    [problem] = problems(**targets)

    assert problem == f"grants[0].{name}: jobs signs for one `aud` alone: drop this"


def test_grant_of_no_scopes_says_that_it_gives_everything() -> None:
    [problem] = problems(full_access=False)

    assert "say full_access: true here" in problem


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"algorithm": "none"}, "Input should be 'RS256'"),
        ({"claims": {"exp": 4_102_444_800}}, "claims: exp cannot be set here"),
        ({"claims": {"iat": 0, "nbf": 0}}, "claims: iat, nbf cannot be set here"),
        ({"header": {"alg": "none"}}, "header: alg cannot be set here"),
        ({"header": {"jwk": {"kty": "oct"}}}, "header: jwk cannot be set here"),
        ({"key_encoding": "hex"}, "key_encoding is for HS256, HS384 and HS512"),
        ({"lifetime_seconds": 3601}, "less than or equal to 3600"),
        ({"claims": {"scope": "a"}, "scope_claim": True}, "claims: scope_claim sets scope"),
        ({"claims": {"a": [[[[[[[[["b"]]]]]]]]]}}, "it is nested more than 8 levels deep"),
        ({"claims": {"a b": "c"}}, "should match pattern"),
    ],
)
def test_model_refuses(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        problems(described(**changes))


def test_provider_without_an_endpoint_is_told_which_kind_it_has() -> None:
    [problem] = problems(credential={"kind": "client_credentials"})

    assert problem.endswith("has no token_endpoint: give it one, or say kind: signed_jwt")
