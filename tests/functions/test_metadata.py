"""Each member of the metadata (RFC 8414 §2) is what the entries do, and they do no more."""

import base64
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import yaml
from tests.fakes.issuer import FakeIssuer
from tests.functions.conftest import ROOT, load_handler, through
from tests.template.conftest import CloudFormation

from tokenvend.domain.credential_definition import ClientAuthentication
from tokenvend.domain.request import TOKEN_EXCHANGE

ISSUER_BASE = "https://tokens.example.com"
BASIC = "Basic " + base64.b64encode(b"shop:tv_example").decode()
POSTED = {"client_id": "shop", "client_secret": "tv_example"}
TOKEN_TYPE = "urn:ietf:params:oauth:token-type:"
#: Members of the IANA registry that would name an endpoint, with the word that its path would have.
NOT_OFFERED = {
    "authorization_endpoint": "authorize",
    "registration_endpoint": "register",
    "revocation_endpoint": "revoke",
    "introspection_endpoint": "introspect",
    "device_authorization_endpoint": "device",
    "pushed_authorization_request_endpoint": "par",
    "userinfo_endpoint": "userinfo",
    "end_session_endpoint": "logout",
}


def metadata() -> dict[str, Any]:
    event = {
        "pathParameters": {"credential": "jobs"},
        "stageVariables": {"issuer_base": ISSUER_BASE},
    }
    document: dict[str, Any] = json.loads(load_handler("metadata")(event, through("live"))["body"])
    return document


def routes() -> set[str]:
    """The paths that the template has for OAuth clients."""
    template = yaml.load((ROOT / "template.yaml").read_text(encoding="utf-8"), CloudFormation)  # noqa: S506
    return set(template["Resources"]["VendingApi"]["Properties"]["DefinitionBody"]["paths"])


def subject_token() -> str:
    return FakeIssuer(datetime.now(UTC)).token().reveal()


def ask(
    form: dict[str, str],
    *,
    authorization: str = "",
    route: str = "/oauth2/{credential}/token",
    **path: str,
) -> tuple[int, dict[str, Any]]:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    event = {
        "resource": route,
        "headers": headers | ({"Authorization": authorization} if authorization else {}),
        "pathParameters": {"credential": "jobs", **path},
        "requestContext": {"identity": {}},
        "body": urlencode(form),
    }
    answer = load_handler("vend_oauth2")(event, through("live"))
    return answer["statusCode"], json.loads(answer["body"])


def proven_by(method: str) -> tuple[int, dict[str, Any]]:
    """The answer to a client that authenticates by *method*."""
    form = {"grant_type": "client_credentials"}
    match method:
        case "client_secret_basic":
            return ask(form, authorization=BASIC)
        case "client_secret_post":
            return ask(form | POSTED)
        case "none":
            return ask(
                {
                    "grant_type": TOKEN_EXCHANGE,
                    "subject_token": subject_token(),
                    "subject_token_type": f"{TOKEN_TYPE}jwt",
                }
            )
        case _:
            assertion = {"client_assertion": "e30.e30.c2ln", "client_id": "shop"}
            return ask(form | assertion)


@pytest.mark.usefixtures("harness")
@pytest.mark.parametrize("method", [*ClientAuthentication, "client_secret_jwt"])
def test_a_client_authenticates_by_the_methods_that_are_listed_and_no_other(method: str) -> None:
    # An encoding of HTTP Basic that only some providers want has no name of its own.
    if method is ClientAuthentication.BASIC_UNENCODED:
        assert method not in metadata()["token_endpoint_auth_methods_supported"]
        return
    is_listed = method in metadata()["token_endpoint_auth_methods_supported"]

    status, fields = proven_by(method)

    assert (status == 200) == is_listed, fields


@pytest.mark.usefixtures("harness")
@pytest.mark.parametrize(
    "grant_type",
    [
        "client_credentials",
        TOKEN_EXCHANGE,
        "authorization_code",
        "refresh_token",
        "password",
        "implicit",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:ietf:params:oauth:grant-type:device_code",
    ],
)
def test_a_grant_type_is_taken_where_it_is_listed_and_not_otherwise(grant_type: str) -> None:
    is_listed = grant_type in metadata()["grant_types_supported"]
    form = {"grant_type": grant_type}
    if grant_type == TOKEN_EXCHANGE:
        form |= {"subject_token": subject_token(), "subject_token_type": f"{TOKEN_TYPE}jwt"}
    else:
        form |= POSTED

    status, fields = ask(form)

    assert (status, fields.get("error")) == (
        (200, None) if is_listed else (400, "unsupported_grant_type")
    )


@pytest.mark.usefixtures("harness")
@pytest.mark.parametrize("kind", ["jwt", "id_token", "access_token", "saml2", "refresh_token"])
def test_a_subject_token_type_is_taken_where_it_is_listed(kind: str) -> None:
    is_listed = TOKEN_TYPE + kind in metadata()["subject_token_types_supported"]

    status, _ = ask(
        {
            "grant_type": TOKEN_EXCHANGE,
            "subject_token": subject_token(),
            "subject_token_type": TOKEN_TYPE + kind,
        }
    )

    assert (status == 200) == is_listed


def test_every_endpoint_is_a_route_and_every_route_of_a_credential_is_an_endpoint() -> None:
    document = metadata()
    listed = {
        urlsplit(value).path.replace("/jobs", "/{credential}")
        for name, value in document.items()
        if name.endswith("_endpoint")
    }

    own = {path.removesuffix("/{action}") for path in routes() if path.startswith("/oauth2/{cred")}
    assert listed == {path for path in own if "well-known" not in path}
    assert document["issuer"] == f"{ISSUER_BASE}/oauth2/jobs"
    assert all(
        value.startswith(document["issuer"] + "/")
        for name, value in document.items()
        if name.endswith("_endpoint")
    )


@pytest.mark.parametrize(("member", "word"), NOT_OFFERED.items())
def test_an_endpoint_that_is_not_there_is_not_listed(member: str, word: str) -> None:
    assert member not in metadata()
    assert not [path for path in routes() if f"/{word}" in path]


def test_nothing_is_listed_that_would_need_an_authorization_endpoint_or_the_registry() -> None:
    document = metadata()

    # Required by RFC 8414, and empty: there is no authorization endpoint to send a type to.
    assert document["response_types_supported"] == []
    # Scopes would say which credentials there are; no token of ours is verified by a key.
    assert document.keys().isdisjoint(
        {"scopes_supported", "jwks_uri", "code_challenge_methods_supported"}
    )


@pytest.mark.usefixtures("harness")
@pytest.mark.parametrize(
    ("route", "path"),
    [
        ("/oauth2/{credential}/token/reject", {}),
        ("/oauth2/{credential}/connections/{action}", {"credential": "hiring", "action": "list"}),
    ],
)
def test_our_own_endpoints_take_a_client_too(route: str, path: dict[str, str]) -> None:
    form = POSTED | {"token_sha256": "0" * 64}

    status, _ = ask(form, route=route, **path)

    assert status == 200
