"""The error for a description or a user's token that does not fit, word by word."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.unit.domain.described_requests import DEFINITION, SPEC, request_as

from tokenvend.domain import bounds
from tokenvend.domain.api_request import present, token_presenter
from tokenvend.domain.credential_definition import (
    ClientAuthentication,
    CredentialDefinition,
    CredentialKind,
)
from tokenvend.domain.errors import CredentialNotReadyError, SubjectTokenError, TokenVendError
from tokenvend.domain.oauth.client_assertion import certificate_thumbprint
from tokenvend.domain.oauth.on_behalf_of import OnBehalfOf, on_behalf_of_parameters
from tokenvend.domain.oauth.token_request import ProviderSecret, build_token_request
from tokenvend.domain.registry import SUBJECT_CONNECTIONS, Grant
from tokenvend.domain.secret import Secret
from tokenvend.domain.token_presentation import Header
from tokenvend.domain.users import User, granted_user

STAFF = "https://staff.example"
ADA = User(STAFF, "ada", "app")
GRANT = Grant(
    caller="shop", credential="hiring", connections=SUBJECT_CONNECTIONS, users={STAFF: "app"}
)
MOST = bounds.API_REQUEST_CHARACTERS
KEY = replace(DEFINITION, kind=CredentialKind.API_KEY, api_request={"basic": {}})


def secret_with(**fields: str) -> ProviderSecret:
    values = {name: Secret(each) for name, each in fields.items()}
    return ProviderSecret("", Secret(""), "a.example", fields=values)


def present_token(definition: CredentialDefinition, **fields: str) -> None:
    token_presenter(definition, secret_with(**fields))


LONG = replace(DEFINITION, api_request={"headers": {"A": "{token}", "B": "{secret.b}"}})


@pytest.mark.parametrize(
    ("refused", "rule", "text"),
    [
        pytest.param(
            lambda: present_token(LONG, b="b" * MOST),
            "secret.unusable",
            f"What is sent to the API beside the token has {MOST + 5} characters; {MOST} are"
            " the most.",
            id="too long",
        ),
        pytest.param(
            lambda: present_token(LONG, b="bé"),
            "secret.unusable",
            "A field of the credential's secret cannot stand in the header B: it has characters"
            " other than plain ASCII.",
            id="a header's characters",
        ),
        pytest.param(
            lambda: present_token(replace(DEFINITION, api_request={"headers": {"A": "{"}})),
            "definition.api_request",
            "The definition does not say how its API takes the token or key, or not as this"
            " version knows it; apply the file again.",
            id="a description of another version",
        ),
        pytest.param(
            lambda: present(KEY, secret_with(username="a:b", password="c")),
            "secret.unusable",
            "The user name has a colon, which HTTP Basic does not allow (RFC 7617 §2).",
            id="a colon",
        ),
        pytest.param(
            lambda: build_token_request(
                replace(DEFINITION, client_authentication=ClientAuthentication.BASIC_UNENCODED),
                SPEC,
                ProviderSecret("our:client", Secret("s"), "a.example"),
            ),
            "secret.unusable",
            "The client id has a colon, which HTTP Basic does not allow (RFC 7617 §2).",
            id="a colon in the client id",
        ),
        pytest.param(
            lambda: request_as({"headers": {"C": "{secret.b}"}}, b="bé"),
            "secret.unusable",
            "A field of the credential's secret cannot stand in the header C: it has characters"
            " other than plain ASCII.",
            id="characters of a header of the token request",
        ),
        pytest.param(
            lambda: request_as({"parameters": {"a": "{secret.b}"}}),
            "secret.unusable",
            "The credential's secret has no field b.",
            id="no such field",
        ),
        pytest.param(
            lambda: build_token_request(
                replace(DEFINITION, tenant_values={"shop": ("*",)}), SPEC, secret_with()
            ),
            "secret.tenant_value",
            "The tenant's shop is needed: it is a value of each tenant's own. Write its secret"
            " again.",
            id="no value of the customer's own",
        ),
        pytest.param(
            lambda: certificate_thumbprint(Secret("no certificate")),
            "assertion.key",
            "The certificate in the secret is not in PEM form.",
            id="no certificate",
        ),
        pytest.param(
            lambda: request_as({"method": "PUT"}),
            "definition.token_request",
            "The definition's token_request cannot be read; apply the file again.",
            id="a method of another version",
        ),
        pytest.param(
            lambda: on_behalf_of_parameters(OnBehalfOf.JWT_BEARER, None),
            "request.subject_token",
            "Tokens of this credential are on behalf of a user: send the user's token as"
            " subject_token.",
            id="no user's token",
        ),
    ],
)
def test_a_credential_that_is_not_ready_says_why(
    refused: Callable[[], object], rule: str, text: str
) -> None:
    with pytest.raises(CredentialNotReadyError) as caught:
        refused()

    assert (caught.value.rule, str(caught.value)) == (rule, text)


@pytest.mark.parametrize(
    ("user", "text"),
    [
        (None, "The signed-in user's token is needed, as subject_token."),
        (
            replace(ADA, issuer="https://other.example"),
            "The grant does not list the issuer of this user's token.",
        ),
        (
            replace(ADA, audience="other"),
            "The grant does not list the audience of this user's token.",
        ),
    ],
    ids=str,
)
def test_a_user_whom_the_grant_does_not_list_is_told_what_is_missing(
    user: User | None, text: str
) -> None:
    with pytest.raises(TokenVendError) as caught:
        granted_user(user, GRANT)

    assert str(caught.value) == text


def test_a_refused_token_says_no_more_than_it_must() -> None:
    error = SubjectTokenError(rule="subject_token.signature")

    assert str(error) == "The subject token is not accepted."


@pytest.mark.parametrize(
    ("template", "prefix"),
    [("Key {token}", "Key "), ("{{{token}", ""), ("}}{token}", ""), ("{token}", "")],
)
def test_a_prefix_with_a_brace_is_no_prefix(template: str, prefix: str) -> None:
    """For whoever reads it fills it in once more, and a brace would be a placeholder."""
    definition = replace(
        DEFINITION,
        kind=CredentialKind.API_KEY,
        api_request={"headers": {"A": template.replace("{token}", "{secret.api_key}")}},
    )

    presented = present(definition, secret_with(api_key="k"))

    assert presented.access_token == Secret(template.format(token="k").removeprefix(prefix))
    assert presented.sent_as == Header("A", prefix)


@pytest.mark.parametrize("body", ["{MII}", "MIIé", "M*II", "MII", "MII=AAAA"])
def test_a_certificate_that_is_no_base64_has_no_thumbprint(body: str) -> None:
    pem = f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"

    with pytest.raises(CredentialNotReadyError):
        certificate_thumbprint(Secret(pem))
