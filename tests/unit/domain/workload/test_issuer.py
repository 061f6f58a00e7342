"""Which caller a token's subject and claims are, and that it is one alone."""

from datetime import timedelta
from typing import Any

import pytest
from tests.fakes.issuer import AUDIENCE, SUBJECT, URL

from tokenvend.domain.errors import SubjectTokenError
from tokenvend.domain.workload.issuer import SubjectRule, TrustedIssuer

NESTED = {"kubernetes.io": {"namespace": "billing", "serviceaccount": {"name": "job-*"}}}


def issuer_with(*rules: SubjectRule) -> TrustedIssuer:
    return TrustedIssuer(
        name="ci",
        issuer=URL,
        audience=AUDIENCE,
        algorithms=frozenset({"ES256"}),
        max_age=timedelta(hours=1),
        rules=rules,
    )


@pytest.mark.parametrize(
    ("rule", "claims", "admitted"),
    [
        pytest.param({"subject": SUBJECT}, {}, True, id="exact"),
        pytest.param({"subject": "repo:acme/app:ref:refs/heads/*"}, {}, True, id="glob"),
        pytest.param({"subject": "repo:acme/*"}, {}, False, id="a glob that would cross a segment"),
        pytest.param({"subject": SUBJECT + "/x"}, {}, False, id="another subject"),
        pytest.param({"claims": {"owner_id": "42"}}, {"owner_id": "42"}, True, id="claim alone"),
        pytest.param({"claims": {"owner_id": "42"}}, {}, False, id="claim is missing"),
        pytest.param({"claims": {"owner_id": "42"}}, {"owner_id": 42}, False, id="another kind"),
        pytest.param({"claims": {"owner_id": "42"}}, {"owner_id": ["42"]}, False, id="in a list"),
        pytest.param({"claims": {"run": 1}}, {"run": 1}, True, id="number"),
        pytest.param({"claims": {"run": 1}}, {"run": True}, False, id="true is not one"),
        pytest.param({"claims": {"ok": True}}, {"ok": "true"}, False, id="true is not a text"),
        pytest.param({"claims": {"ok": True}}, {"ok": True}, True, id="true"),
        pytest.param(
            {"subject": SUBJECT, "claims": {"env": "prod"}},
            {"env": "test"},
            False,
            id="subject alone is not enough",
        ),
        pytest.param(
            {"claims": NESTED},
            {"kubernetes.io": {"namespace": "billing", "serviceaccount": {"name": "job-1"}}},
            True,
            id="nested",
        ),
        pytest.param(
            {"claims": NESTED}, {"kubernetes.io": {"namespace": "billing"}}, False, id="half nested"
        ),
        pytest.param({"claims": NESTED}, {"kubernetes.io": "billing"}, False, id="not nested"),
    ],
)
def test_rule_admits_what_it_names(
    rule: dict[str, Any], claims: dict[str, Any], *, admitted: bool
) -> None:
    rules = SubjectRule(caller="billing", **rule)

    assert rules.admits({"sub": SUBJECT, **claims}) is admitted


def test_token_that_no_rule_admits_is_nobodys() -> None:
    with pytest.raises(SubjectTokenError) as caught:
        issuer_with(SubjectRule(caller="billing", subject="x")).caller_of({"sub": SUBJECT})

    assert caught.value.rule == "subject_token.subject_known"


def test_token_of_two_rules_of_one_caller_is_that_callers() -> None:
    rules = [SubjectRule(caller="billing", subject=each) for each in (SUBJECT, SUBJECT[:-1] + "*")]

    assert issuer_with(*rules).caller_of({"sub": SUBJECT}) == "billing"


def test_token_of_two_callers_is_nobodys() -> None:
    """The file cannot say so; a registry that was written by hand could."""
    rules = [SubjectRule(caller=each, subject=SUBJECT) for each in ("billing", "shop")]

    with pytest.raises(SubjectTokenError) as caught:
        issuer_with(*rules).caller_of({"sub": SUBJECT})

    assert caught.value.rule == "subject_token.subject_ambiguous"


@pytest.mark.parametrize(
    ("first", "second", "overlap"),
    [
        pytest.param({"subject": "a/*"}, {"subject": "a/b"}, True, id="glob and one of it"),
        pytest.param({"subject": "a"}, {"subject": "b"}, False, id="two subjects"),
        pytest.param({"subject": "a"}, {"claims": {"e": "x"}}, True, id="nothing in common"),
        pytest.param(
            {"subject": "a", "claims": {"e": "x"}},
            {"subject": "a", "claims": {"e": "y"}},
            False,
            id="told apart by a claim",
        ),
        pytest.param(
            {"claims": {"k": {"n": "x", "m": "1"}}},
            {"claims": {"k": {"n": "y"}}},
            False,
            id="told apart within a claim",
        ),
        pytest.param({"claims": {"e": 1}}, {"claims": {"e": True}}, False, id="kinds differ"),
        pytest.param({"claims": {"e": 1}}, {"claims": {"e": 1}}, True, id="same number"),
    ],
)
def test_rules_overlap_or_not(
    first: dict[str, Any], second: dict[str, Any], *, overlap: bool
) -> None:
    ours, theirs = SubjectRule(caller="a", **first), SubjectRule(caller="b", **second)

    assert ours.overlaps(theirs) is overlap
    assert theirs.overlaps(ours) is overlap


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": {"b": "c"}}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": True}),
        ({"a": "1"}, {"a": 1}),
        ({"a": 1}, {"a": True}),
    ],
    ids=str,
)
def test_rules_for_different_kinds_of_a_claim_never_overlap(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    first, second = (SubjectRule(caller="billing", claims=each) for each in (one, other))

    assert not first.overlaps(second)
    assert not second.overlaps(first)


def test_a_subject_that_no_rule_names_is_refused_in_words() -> None:
    with pytest.raises(SubjectTokenError) as caught:
        issuer_with().caller_of({"sub": SUBJECT})

    assert str(caught.value) == "No caller has this token's subject and claims."
