"""What the documents say is what the code does."""

import re
from collections.abc import Iterator

import pytest
from scripts.site import pages
from tests.docs.sources import LAYER, ROOT, template, text_of

from fuzzing.targets import TARGETS
from scripts import providers_page
from tokenvend.domain import errors
from tokenvend.domain.errors import TokenVendError
from tokenvend.domain.request import EXCHANGE_PARAMETERS, PARAMETERS
from tokenvend_cli.configuration.models import json_schema

PAGES = [ROOT / page for page in pages()]


def _error_classes(base: type[TokenVendError] = TokenVendError) -> Iterator[type[TokenVendError]]:
    for each in base.__subclasses__():
        yield each
        yield from _error_classes(each)


def test_every_error_is_documented_with_its_status() -> None:
    rows = set(re.findall(r"\| (\d{3}) \| `(\w+)` \|", text_of("docs/requests.md")))

    assert rows == {(str(int(each.status)), each.code) for each in _error_classes()}
    assert errors.__doc__ is not None
    assert all(each.__name__ in errors.__doc__ for each in _error_classes())


def test_every_parameter_of_a_request_is_documented() -> None:
    table = text_of("docs/requests.md").partition("## The answer")[0]

    assert set(re.findall(r"`(\w+)`", table)) >= PARAMETERS | EXCHANGE_PARAMETERS


def test_every_command_for_whoever_is_on_call_is_one() -> None:
    called = set(re.findall(r"`tokenvend ([a-z]+(?: [a-z]+)?)", text_of("docs/operating.md")))
    commands = set(re.findall(r"`tokenvend ([a-z -]+?)`", text_of("docs/commands.md")))

    assert called
    assert {each for each in called if not ({each, each.split()[0]} & commands)} == set()


def test_every_parameter_of_the_template_is_documented_with_its_default() -> None:
    table = text_of("docs/deploying.md").partition("## Parameters")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| `")]

    assert rows == [
        f"| `{name}` | {f'`{each["Default"]}`' if each['Default'] != '' else 'empty'}"
        f" | {each['Description']} |"
        for name, each in template()["Parameters"].items()
    ]


def test_page_of_the_providers_is_made_from_their_profiles() -> None:
    written = providers_page.PAGE.read_text(encoding="utf-8")

    assert written == providers_page.page(), "run: python -m scripts.providers_page"


def test_readme_says_how_many_providers_can_be_described_as_they_were_counted() -> None:
    table = text_of("README.md").partition("## Which providers")[2].partition("\n\n[How")[0]

    assert table.splitlines()[-7:] == providers_page.counted_rows()


def _keys(model: str, prefix: str = "") -> Iterator[str]:
    for name, field in json_schema()["$defs"][model]["properties"].items():
        yield f"| `{prefix}{name}` | {field['description']} |"


@pytest.mark.parametrize(
    ("section", "rows"),
    [
        (
            "Providers",
            [
                *_keys("ProviderModel"),
                *_keys("ApiKeyModel", "api_key."),
                *_keys("BasicModel", "api_key.basic."),
                *_keys("SignedJwtModel", "signed_jwt."),
                *_keys("ApiRequestModel", "api_request."),
                *_keys("BasicModel", "api_request.basic."),
                *_keys("TokenRequestModel", "token_request."),
                *_keys("OneRequestModel", "token_request.refresh."),
                *_keys("GrantAssertionModel", "token_request.assertion."),
                *_keys("TokenAnswerModel", "token_answer."),
                *_keys("ConsentFlowModel", "consent_flow."),
            ],
        ),
        (
            "Credentials",
            [
                *_keys("CredentialModel"),
                *_keys("SecretModel", "secret."),
                *_keys("SigningModel", "signing."),
            ],
        ),
        ("Issuers", list(_keys("IssuerModel"))),
        (
            "Callers",
            [
                *_keys("CallerModel"),
                *_keys("IdentityModel", "identities[]."),
                *_keys("WorkloadModel", "identities[].workload."),
                *_keys("DirectModel", "direct."),
            ],
        ),
        (
            "Grants",
            [
                *_keys("GrantModel"),
                *_keys("UserIssuerModel", "users[]."),
                *_keys("ObserveModel", "observe."),
            ],
        ),
    ],
)
def test_every_key_of_the_file_is_documented_and_no_other(section: str, rows: list[str]) -> None:
    text = text_of("docs/configuration.md").partition(f"## {section}\n")[2]
    table = text.partition("| key | meaning |\n|---|---|\n")[2].partition("\n\n")[0]

    assert table.splitlines() == rows


def test_every_variable_of_the_functions_is_documented_and_set_by_the_template() -> None:
    name = re.compile(r"\bTOKENVEND_[A-Z_]+\b")
    read = {found for path in LAYER.rglob("*.py") for found in name.findall(text_of(str(path)))}
    told = text_of("docs/deploying.md").partition("## What the functions are told")[2]

    assert set(name.findall(told)) == read
    assert set(name.findall(text_of("template.yaml"))) == read


def test_every_route_is_documented_and_no_other() -> None:
    body = template()["Resources"]["VendingApi"]["Properties"]["DefinitionBody"]
    routes = {
        (method.upper(), path)
        for path, methods in body["paths"].items()
        for method in methods
        if method in {"get", "post", "put", "delete"}
    }
    shown = re.compile(r"`(GET|POST|PUT|DELETE) (/[^`]*)`")

    assert set(shown.findall(text_of("docs/requests.md"))) == routes
    for page in PAGES:
        found = shown.findall(text_of(str(page)))
        assert {each for each in found if "{" in each[1]} <= routes, page


def test_every_target_of_the_makefile_is_told_to_contributors_and_no_other() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", text_of("Makefile"), re.MULTILINE))
    told = set(re.findall(r"`make ([a-z-]+)`", text_of("CONTRIBUTING.md")))

    assert told | {"help"} == targets


def test_every_target_of_the_fuzzer_is_documented_with_its_promise() -> None:
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| (.+) \|$", text_of("docs/fuzzing.md"), re.MULTILINE)

    assert rows == [(target.name, target.promise) for target in TARGETS.values()]
