"""Where an issuer publishes its keys: by its metadata, which must be its own."""

from typing import Any

import pytest
from tests.configuration.issuer_samples import issuer

from tokenvend_cli.configuration.issuer_models import IssuerModel
from tokenvend_cli.configuration.jwks_uris import (
    PatientKeys,
    discover_jwks_uri,
    not_fetched,
    resolve_jwks_uris,
)
from tokenvend_cli.problems import CommandError, IssuerAwayError, NoMetadataError

URL = "https://ci.example/tenant"
KEYS = "https://keys.example/jwks"


class Network:
    def __init__(self, **documents: Any) -> None:
        self.documents = documents
        self.asked: list[str] = []

    def __call__(self, url: str) -> dict[str, Any]:
        self.asked.append(url)
        for name, document in self.documents.items():
            if name in url.replace("-", "_"):
                return dict(document)
        raise NoMetadataError(f"{url} answered 404")


def test_openid_configuration_is_asked_first() -> None:
    network = Network(openid_configuration={"issuer": URL, "jwks_uri": KEYS})

    assert discover_jwks_uri(URL, network) == KEYS
    assert network.asked == ["https://ci.example/tenant/.well-known/openid-configuration"]


def test_oauth_metadata_is_asked_next() -> None:
    network = Network(oauth_authorization_server={"issuer": URL, "jwks_uri": KEYS})

    assert discover_jwks_uri(URL, network) == KEYS
    assert network.asked[1] == "https://ci.example/.well-known/oauth-authorization-server/tenant"


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"issuer": URL + "/", "jwks_uri": KEYS}, "names another issuer"),
        ({"jwks_uri": KEYS}, "names another issuer"),
        ({"issuer": URL}, "names no jwks_uri"),
        ({"issuer": URL, "jwks_uri": "javascript:alert(1)"}, "not a plain URL"),
        ({"issuer": URL, "jwks_uri": ["https://a.example"]}, "not a plain URL"),
    ],
)
def test_metadata_that_is_not_the_issuers_own_is_refused(
    document: dict[str, Any], told: str
) -> None:
    with pytest.raises(CommandError, match=told):
        discover_jwks_uri(URL, Network(openid_configuration=document))


def test_issuer_that_is_no_url_has_no_metadata() -> None:
    with pytest.raises(CommandError, match="is no URL"):
        discover_jwks_uri("kubernetes/serviceaccount", Network())


def models(**changes: Any) -> dict[str, IssuerModel]:
    told = {key: value for key, value in issuer(**changes)["ci"].items() if value is not None}
    return {"ci": IssuerModel.model_validate(told)}


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        pytest.param({}, {}, id="keys in the file"),
        pytest.param({"keys": None}, {"ci": KEYS}, id="discovered"),
        pytest.param(
            {"keys": None, "jwks_uri": "https://ci.example/k"},
            {"ci": "https://ci.example/k"},
            id="in the file",
        ),
    ],
)
def test_issuer_is_asked_only_where_the_file_does_not_say(
    changes: dict[str, Any], found: dict[str, str]
) -> None:
    asked: list[str] = []

    def find(url: str) -> str:
        asked.append(url)
        return KEYS

    assert resolve_jwks_uris(models(**changes), find, local_stack=False) == (found, [])
    assert bool(asked) is (found == {"ci": KEYS})


@pytest.mark.parametrize("is_local", [False, True])
@pytest.mark.parametrize(
    ("changes", "jwks_uri", "admitted"),
    [
        pytest.param({"issuer": "http://ci.example"}, KEYS, "never", id="issuer"),
        pytest.param({}, "http://ci.example/keys", "never", id="its keys"),
        pytest.param({"jwks_uri": "http://ci.example/keys"}, KEYS, "never", id="in the file"),
        pytest.param({}, "http://127.0.0.1:9/keys", "locally", id="loopback"),
    ],
)
def test_keys_are_fetched_over_https_alone(
    changes: dict[str, Any], jwks_uri: str, admitted: str, *, is_local: bool
) -> None:
    found, problems = resolve_jwks_uris(
        models(keys=None, **changes), lambda _: jwks_uri, local_stack=is_local
    )

    is_admitted = admitted == "locally" and is_local
    assert bool(found) is is_admitted
    assert [problem.what for problem in problems] == (
        [] if is_admitted else ["must begin with https: keys are fetched there"]
    )


def test_what_cannot_be_used_is_told_with_its_place() -> None:
    def find(_: str) -> str:
        raise NoMetadataError("answered 404")

    _, (problem,) = resolve_jwks_uris(models(keys=None), find, local_stack=False)

    assert str(problem) == "issuers.ci.issuer: answered 404"


def test_nothing_is_known_where_the_network_is_left_alone() -> None:
    assert resolve_jwks_uris(models(keys=None), not_fetched, local_stack=False) == ({}, [])


def test_what_was_pinned_stands_in_for_an_issuer_that_is_away() -> None:
    def away(url: str) -> str:
        raise IssuerAwayError(f"cannot read {url}")

    patient = PatientKeys(away, {URL: KEYS})

    assert patient.find(URL) == KEYS
    assert patient.find("https://new.example") is None
    assert patient.away.keys() == {URL, "https://new.example"}
