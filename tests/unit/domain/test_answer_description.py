"""A provider's own form of answer: what its description says, and forms instead of JSON."""

from collections.abc import Mapping

import pytest

from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.errors import CredentialNotReadyError
from tokenvend.domain.oauth.response_description import (
    LifetimeUnit,
    ReadAnswer,
    TokenAnswer,
    parse_token_answer,
    read_answer,
)

FORM = "application/x-www-form-urlencoded"


def read(
    body: bytes, *, content_type: str = FORM, described: Mapping[str, object] | None = None
) -> ReadAnswer:
    definition = CredentialDefinition(
        name="jobs",
        provider="acme",
        token_endpoint="https://a.example/t",
        token_answer=described or {},
    )
    return read_answer(body, content_type, definition)


def test_a_description_says_where_each_value_stands_and_what_it_means() -> None:
    document = {
        "token": "data.token",
        "token_type": "data.kind",
        "token_types": ["App", "USER"],
        "lifetime": "data.ends",
        "lifetime_unit": "epoch_seconds",
        "scope": "data.0.scopes",
        "error": "fault",
        "success": "status.code",
        "success_values": ["OK", "1"],
    }

    assert parse_token_answer(document) == TokenAnswer(
        token=("data", "token"),
        token_type=("data", "kind"),
        token_types=frozenset({"app", "user"}),
        lifetime=("data", "ends"),
        lifetime_unit=LifetimeUnit.EPOCH_SECONDS,
        scope=("data", "0", "scopes"),
        error=("fault",),
        success=("status", "code"),
        success_values=frozenset({"ok", "1"}),
    )


@pytest.mark.parametrize("name", [*TokenAnswer.__dataclass_fields__])
def test_what_a_description_leaves_out_is_as_the_rfc_has_it(name: str) -> None:
    assert parse_token_answer({name: None}) == TokenAnswer()


@pytest.mark.parametrize("name", ["token_types", "success_values"])
@pytest.mark.parametrize("value", ["app", 7, [7], ["app", None]])
def test_values_that_are_no_list_of_texts_are_told_by_name(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^{name} is not a list of texts$"):
        parse_token_answer({name: value})


@pytest.mark.parametrize(
    "described", [{"token": 7}, {"lifetime_unit": "hours"}, {"token_types": "app"}]
)
def test_a_description_of_a_later_version_is_for_whoever_applies_the_file(
    described: dict[str, object],
) -> None:
    with pytest.raises(CredentialNotReadyError) as caught:
        read(b"{}", described=described)

    assert caught.value.rule == "definition.token_answer"
    assert caught.value.description == (
        "The definition's token_answer cannot be read; apply the file again."
    )


@pytest.mark.parametrize(
    "content_type", [FORM, FORM.upper(), f" {FORM} ; charset=utf-8", f"{FORM};charset=utf-8"]
)
def test_a_form_is_read_where_the_answer_says_that_it_is_one(content_type: str) -> None:
    answer = read(b"access_token=a%20b&scope=&expires=7", content_type=content_type)

    assert answer.document == {"access_token": "a b", "scope": "", "expires": "7"}


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/json", f"x/{FORM}"])
def test_no_form_is_read_where_it_does_not(content_type: str) -> None:
    assert not read(b"access_token=a", content_type=content_type).is_readable


def test_json_is_read_as_json_although_it_is_called_a_form() -> None:
    assert read(b'{"access_token":"a"}').token == "a"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"access_token=a&access_token=b", id="a name twice"),
        pytest.param(b"access_token", id="no value"),
        pytest.param(b"access_token=\xc3\xa4", id="not ASCII"),
        pytest.param(b"access_token=%ff", id="no UTF-8 behind the escapes"),
        pytest.param(b"&".join(b"f%d=" % n for n in range(51)), id="too many fields"),
    ],
)
def test_a_form_that_can_be_read_in_two_ways_is_none(body: bytes) -> None:
    assert not read(body).is_readable


def test_a_form_may_have_fifty_fields() -> None:
    fields = read(b"&".join(b"f%d=x" % n for n in range(50))).document

    assert isinstance(fields, dict)
    assert len(fields) == 50


@pytest.mark.parametrize(
    ("said", "succeeded"),
    [
        (b"true", True),
        (b'"TRUE"', True),
        (b"1", True),
        (b'"1"', True),
        (b"false", False),
        (b"null", False),
        (b"0", False),
        (b"1.0", False),
        (b'["true"]', False),
        (b'""', False),
    ],
)
def test_success_is_what_the_description_says_and_nothing_else(
    said: bytes, *, succeeded: bool
) -> None:
    described = {"success": "ok", "success_values": ["true", "1"]}

    assert read(b'{"ok":%s}' % said, described=described).lacks_success is not succeeded


def test_a_value_of_another_kind_is_no_success_by_being_empty() -> None:
    described = {"success": "ok", "success_values": ["", "none"]}

    assert not read(b'{"ok":""}', described=described).lacks_success
    assert not read(b'{"ok":"None"}', described=described).lacks_success
    assert not read(b'{"ok":{}}', described=described).lacks_success


@pytest.mark.parametrize("constant", [b"NaN", b"Infinity", b"-Infinity"])
def test_a_constant_that_json_does_not_have_makes_it_no_answer(constant: bytes) -> None:
    answer = read(b'{"access_token":"a","expires_in":%s}' % constant, content_type="")

    assert not answer.is_readable
