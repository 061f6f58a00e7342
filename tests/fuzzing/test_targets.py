"""Every target of `make fuzz` for a moment, with the same inputs each time, without atheris."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scripts.envs import ROOT

from fuzzing import hostile
from fuzzing.run import finding_in
from fuzzing.target import FuzzTarget, documented_errors, keeps_secret
from fuzzing.targets import TARGETS

_BRIEFLY = settings(
    max_examples=40,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.parametrize("target", TARGETS.values(), ids=lambda target: target.name)
def test_hostile_input_gets_what_is_promised(target: FuzzTarget) -> None:
    outcomes: Counter[str] = Counter()

    _BRIEFLY(target.as_test(lambda outcome: outcomes.update([outcome])))()

    # Inputs that all fare alike would show little.
    assert len(outcomes) > 1


def test_a_target_that_breaks_its_promise_is_found() -> None:
    def check(text: str) -> str:
        keeps_secret(text)
        return "fine"

    planted = FuzzTarget(name="planted", promise="", inputs=hostile.secrets, check=check)

    with pytest.raises(AssertionError, match="a planted secret came out"):
        _BRIEFLY(planted.as_test(lambda _: None))()


@_BRIEFLY
@given(st.data())
def test_altered_document_leaves_the_sample_as_it_was(data: st.DataObject) -> None:
    sample = {"a": [1, {"b": "c"}], "d": {}}

    data.draw(hostile.altered(sample))

    assert sample == {"a": [1, {"b": "c"}], "d": {}}


def test_documented_errors_are_those_of_every_level_of_the_tree() -> None:
    assert {
        (400, "invalid_request"),
        (400, "account_changed"),
        (429, "temporarily_unavailable"),
    } < (documented_errors())


@pytest.mark.parametrize(
    ("said", "finding"),
    [
        pytest.param(
            "INFO: …\n\n === Uncaught Python exception: ===\nAssertionError: a secret came out\n"
            "Traceback (most recent call last):\n"
            f'  File "{ROOT}/evidence/fuzzing/target.py", line 4, in f\n'
            '    assert x\n  File "/usr/lib/python3.13/base64.py", line 88, in g\n\n==7== ERROR',
            'AssertionError: a secret came out File "evidence/fuzzing/target.py", line 4, in f',
            id="an exception, and where in this project",
        ),
        pytest.param("==7== ERROR: libFuzzer: timeout after 10 s", "libFuzzer: timeout", id="slow"),
        pytest.param(
            "==7== ERROR: libFuzzer: out-of-memory (used: 2Gb)",
            "libFuzzer: out-of-memory",
            id="fat",
        ),
        pytest.param("ImportError: no atheris", "ImportError: no atheris", id="it never started"),
        pytest.param("", "it ended without a word", id="silent"),
    ],
)
def test_finding_is_told_in_libfuzzers_words(said: str, finding: str) -> None:
    assert finding_in(said) == finding
