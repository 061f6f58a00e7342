"""Settings: whatever the environment says, a function starts right or says what is wrong."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenvend.composition.settings import Settings, SettingsError
from tokenvend.domain import bounds

ENVIRONMENT = {
    "TOKENVEND_DEPLOYMENT": "tokenvend",
    "TOKENVEND_REGISTRY_TABLE": "tokenvend-registry",
    "TOKENVEND_TOKENS_TABLE": "tokenvend-tokens",
    "TOKENVEND_CONNECTIONS_TABLE": "tokenvend-connections",
    "TOKENVEND_KEY_ARN": "arn:aws:kms:eu-central-1:111122223333:key/mrk-1",
    "TOKENVEND_SECRET_PREFIX": "tokenvend/tokenvend/",
    "TOKENVEND_MEMORY_SECONDS": "20",
    "TOKENVEND_OUTAGE_GRACE_SECONDS": "600",
    "TOKENVEND_LOCAL_STACK": "true",
}
OPTIONAL = ["TOKENVEND_MEMORY_SECONDS", "TOKENVEND_OUTAGE_GRACE_SECONDS", "TOKENVEND_LOCAL_STACK"]
REQUIRED = [name for name in ENVIRONMENT if name not in OPTIONAL]


def refusal_of(environment: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment(environment)
    return str(caught.value)


def test_every_variable_is_read() -> None:
    assert Settings.from_environment(ENVIRONMENT) == Settings(
        deployment="tokenvend",
        registry_table="tokenvend-registry",
        tokens_table="tokenvend-tokens",
        connections_table="tokenvend-connections",
        key_arn="arn:aws:kms:eu-central-1:111122223333:key/mrk-1",
        secret_prefix="tokenvend/tokenvend/",
        memory=timedelta(seconds=20),
        outage_grace=timedelta(seconds=600),
        local_stack=True,
    )


def test_what_may_be_left_out_has_the_defaults_of_the_bounds() -> None:
    settings = Settings.from_environment({name: ENVIRONMENT[name] for name in REQUIRED})

    assert settings.memory == timedelta(seconds=bounds.MEMORY_SECONDS_DEFAULT)
    assert settings.outage_grace == timedelta(seconds=bounds.OUTAGE_GRACE_SECONDS_DEFAULT)
    assert not settings.local_stack


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("is_there", [False, True], ids=["missing", "empty"])
def test_a_variable_that_is_needed_is_named(name: str, *, is_there: bool) -> None:
    environment = {key: value for key, value in ENVIRONMENT.items() if key != name}
    if is_there:
        environment[name] = ""

    assert refusal_of(environment).startswith(f"{name} (")


@pytest.mark.parametrize(
    ("name", "maximum"),
    [
        ("TOKENVEND_MEMORY_SECONDS", bounds.MEMORY_SECONDS_MAXIMUM),
        ("TOKENVEND_OUTAGE_GRACE_SECONDS", bounds.OUTAGE_GRACE_SECONDS_MAXIMUM),
    ],
)
def test_a_length_is_taken_to_its_maximum_and_refused_beyond(name: str, maximum: int) -> None:
    for value in ("0", str(maximum)):
        Settings.from_environment(ENVIRONMENT | {name: value})

    for value in (str(maximum + 1), "9" * 5_000, "-1", "1.5", "", " 1", "1e1", "٣", "soon"):
        text = refusal_of(ENVIRONMENT | {name: value})
        assert text.startswith(f"{name} (how long memory is trusted")
        assert text.endswith(f"must be a whole number of seconds from 0 to {maximum}")


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("TOKENVEND_KEY_ARN", "alias/tokenvend", "an ARN"),
        ("TOKENVEND_SECRET_PREFIX", "tokenvend/tokenvend", "a text that ends in a slash"),
        ("TOKENVEND_SECRET_PREFIX", "tokenvend */", "a text that ends in a slash"),
        ("TOKENVEND_LOCAL_STACK", "True", "true or false"),
        ("TOKENVEND_LOCAL_STACK", "yes", "true or false"),
        ("TOKENVEND_LOCAL_STACK", "", "true or false"),
    ],
)
def test_a_value_of_another_form_is_refused(name: str, value: str, allowed: str) -> None:
    text = refusal_of(ENVIRONMENT | {name: value})

    assert text.startswith(f"{name} (")
    assert text.endswith(f"must be {allowed}")


@given(value=st.text())
def test_only_the_word_true_makes_a_local_stack(value: str) -> None:
    environment = ENVIRONMENT | {"TOKENVEND_LOCAL_STACK": value}
    try:
        settings = Settings.from_environment(environment)
    except SettingsError:
        assert value not in {"true", "false"}
    else:
        assert settings.local_stack == (value == "true")
