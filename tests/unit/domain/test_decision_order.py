"""Which rule speaks when several fail, and what a refusal lets its reader learn."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import scope_sets

from tokenvend.domain.credential_definition import CredentialDefinition, ScopeMode
from tokenvend.domain.decision import Decision, decide
from tokenvend.domain.errors import TokenVendError
from tokenvend.domain.identity import Entry, Proof
from tokenvend.domain.registry import Caller, Grant, Isolation, Observation, RegistryView
from tokenvend.domain.request import VendRequest
from tokenvend.domain.rule import Rule
from tokenvend.domain.scopes import Scopes
from tokenvend.domain.secret import Secret

NOW = datetime(2026, 3, 1, tzinfo=UTC)
READ, WRITE = frozenset({"read"}), frozenset({"write"})
NONE: Scopes = frozenset()
GOOD = Secret("tv_good")
PROOF = Proof(Entry.OAUTH2, "client:billing", unique_id="ONE", client_secret=GOOD)
DEFINITION = CredentialDefinition(
    name="jobs",
    provider="acme",
    token_endpoint="https://a.example/t",
    scopes=READ | WRITE,
    scope_mode=ScopeMode.NARROWS,
)
GRANT = Grant(caller="billing", credential="jobs", scopes=READ)
VIEW = RegistryView(
    caller=Caller(name="billing", unique_id="ONE"),
    client_secret_hashes=(GOOD.sha256,),
    grant=GRANT,
    definition=DEFINITION,
)
ASK = VendRequest("jobs")


class _OnlyByDigest(str):
    """A hash that `hmac.compare_digest` can compare, and `==` and `in` cannot."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        raise AssertionError("a hash of a secret was compared in a time that tells")


class _Watched(tuple[str, ...]):  # noqa: SLOT001 - it needs a field to count in
    """Counts how many of its members were looked at."""

    seen = 0

    def __iter__(self) -> Iterator[str]:
        for each in super().__iter__():
            self.seen += 1
            yield each


def _refusal(
    view: RegistryView, request: VendRequest = ASK, proof: Proof = PROOF
) -> TokenVendError:
    with pytest.raises(TokenVendError) as caught:
        decide(proof, request, view, now=NOW)
    return caught.value


def _decide(grant: Grant, definition: CredentialDefinition, request: VendRequest) -> Decision:
    return decide(PROOF, request, replace(VIEW, grant=grant, definition=definition), now=NOW)


def test_first_failing_rule_speaks_and_mending_it_lets_the_next_one() -> None:
    view = RegistryView(caller_blocked=True, credential_blocked=True)
    proof = Proof(Entry.OAUTH2, "client:billing", client_secret=Secret("wrong"))
    request = VendRequest(
        "jobs", scopes=WRITE, audience="a", resources=("r",), tenant="t", connection="c"
    )
    mends: list[Callable[[], RegistryView]] = [
        lambda: replace(view, caller=VIEW.caller),
        lambda: replace(view, caller=Caller(name="billing")),
        lambda: replace(view, client_secret_hashes=(Secret("wrong").sha256,)),
        lambda: replace(view, caller_blocked=False),
        lambda: replace(view, grant=GRANT),
        lambda: replace(view, definition=DEFINITION),
        lambda: replace(view, credential_blocked=False),
    ]

    rules = [_refusal(view, request, proof).rule]
    for mend in mends:
        view = mend()
        rules.append(_refusal(view, request, proof).rule)
    for mended in ({"connection": None}, {"tenant": None}, {"scopes": READ}, {"audience": None}):
        request = replace(request, **mended)
        rules.append(_refusal(view, request, proof).rule)

    assert rules == [
        Rule.CALLER_KNOWN, Rule.CALLER_UNIQUE_ID, Rule.CALLER_SECRET, Rule.CALLER_BLOCKED,
        Rule.GRANT_EXISTS, Rule.CREDENTIAL_EXISTS, Rule.CREDENTIAL_BLOCKED,
        Rule.CONNECTION, Rule.TENANT, Rule.SCOPES, Rule.AUDIENCE, Rule.RESOURCE,
    ]  # fmt: skip


def test_unknown_ungranted_and_blocked_credential_look_the_same() -> None:
    views = [
        replace(VIEW, grant=None),
        replace(VIEW, definition=None),
        replace(VIEW, grant=None, definition=None),
        replace(VIEW, credential_blocked=True),
    ]

    refusals = [_refusal(view) for view in views]

    assert len({(str(each), each.code, each.status, each.retryable) for each in refusals}) == 1
    assert len({each.rule for each in refusals}) == 3


def test_whoever_is_not_proven_cannot_tell_why() -> None:
    wrong = replace(PROOF, client_secret=Secret("wrong"))
    refusals = [
        _refusal(replace(VIEW, caller=None)),
        _refusal(replace(VIEW, caller_blocked=True)),
        _refusal(replace(VIEW, caller=Caller(name="billing", unique_id="TWO"))),
        _refusal(VIEW, proof=wrong),
        _refusal(replace(VIEW, client_secret_hashes=())),
        _refusal(VIEW, proof=replace(PROOF, client_secret=None)),
    ]

    assert len({(str(each), each.code, each.status) for each in refusals}) == 1


def test_pinned_identity_needs_the_unique_id_to_be_there() -> None:
    assert _refusal(VIEW, proof=replace(PROOF, unique_id=None)).rule == Rule.CALLER_UNIQUE_ID


def test_refusal_after_the_proof_says_whose_it_is() -> None:
    assert _refusal(replace(VIEW, grant=None)).caller == "billing"
    assert _refusal(replace(VIEW, caller=None)).caller is None


@pytest.mark.parametrize("entry", [Entry.IAM, Entry.DIRECT])
def test_secret_is_asked_for_on_the_oauth_entry_only(entry: Entry) -> None:
    proof = Proof(entry, "x", unique_id="ONE")

    granted = decide(proof, ASK, replace(VIEW, client_secret_hashes=()), now=NOW)

    assert granted.caller.name == "billing"


def test_every_known_hash_is_compared_in_constant_time() -> None:
    hashes = _Watched(map(_OnlyByDigest, (GOOD.sha256, Secret("other").sha256)))

    decide(PROOF, ASK, replace(VIEW, client_secret_hashes=hashes), now=NOW)

    assert hashes.seen == 2


def test_narrowing_provider_is_never_asked_for_no_scope_at_all() -> None:
    # It would choose, and an answer that says nothing would count as what was asked: nothing.
    view = replace(VIEW, grant=replace(GRANT, scopes=NONE))

    assert _refusal(view).rule == Rule.FULL_ACCESS


def test_full_access_may_leave_the_scopes_to_a_narrowing_provider() -> None:
    granted = _decide(replace(GRANT, scopes=NONE, full_access=True), DEFINITION, ASK)

    assert granted.spec.scopes == NONE


@pytest.mark.parametrize("mode", list(ScopeMode))
def test_full_access_covers_no_scope_that_was_not_granted(mode: ScopeMode) -> None:
    view = replace(
        VIEW,
        grant=replace(GRANT, full_access=True),
        definition=replace(DEFINITION, scope_mode=mode),
    )

    assert _refusal(view, replace(ASK, scopes=WRITE)).rule == Rule.SCOPES


def test_default_scopes_are_what_a_request_without_scope_gets() -> None:
    grant = replace(GRANT, scopes=READ | WRITE, default_scopes=READ)

    assert _decide(grant, DEFINITION, ASK).spec.scopes == READ
    assert _decide(grant, DEFINITION, replace(ASK, scopes=WRITE)).spec.scopes == WRITE


def test_default_beyond_the_ceiling_is_refused_too() -> None:
    view = replace(VIEW, grant=replace(GRANT, default_scopes=WRITE))

    assert _refusal(view).rule == Rule.SCOPES


def test_fixed_token_is_one_token_whatever_part_of_it_was_asked_for() -> None:
    fixed = replace(DEFINITION, scope_mode=ScopeMode.FIXED)
    grant = replace(GRANT, scopes=READ | WRITE)

    part, whole = (_decide(grant, fixed, each) for each in (replace(ASK, scopes=READ), ASK))

    assert part.key == whole.key
    assert (part.requested_scopes, part.spec.scopes) == (READ, READ | WRITE)


def test_observing_lets_a_fixed_token_carry_more_than_the_grant_until_its_date() -> None:
    observed = Observation(scopes=WRITE, until=NOW + timedelta(seconds=1))
    grant = replace(GRANT, observation=observed)
    view = replace(VIEW, grant=grant, definition=replace(DEFINITION, scope_mode=ScopeMode.FIXED))

    before = decide(PROOF, ASK, view, now=NOW)

    assert before.observed_scopes == WRITE
    with pytest.raises(TokenVendError) as caught:
        decide(PROOF, ASK, view, now=observed.until)
    assert caught.value.rule == Rule.WHOLE_SCOPE


@pytest.mark.parametrize(
    ("request_", "rule"),
    [
        (replace(ASK, audience="a"), Rule.AUDIENCE),
        (replace(ASK, resources=("r",)), Rule.RESOURCE),
        (replace(ASK, tenant="t"), Rule.TENANT),
        (replace(ASK, connection="c"), Rule.CONNECTION),
    ],
)
def test_observing_excuses_scopes_and_nothing_else(request_: VendRequest, rule: Rule) -> None:
    observation = Observation(
        scopes=frozenset({"write", "a", "r", "t", "c"}), until=NOW + timedelta(days=1)
    )

    assert (
        _refusal(replace(VIEW, grant=replace(GRANT, observation=observation)), request_).rule
        == rule
    )


def test_only_target_of_a_grant_is_named_unasked() -> None:
    grant = replace(GRANT, audiences=frozenset({"a"}), resources=frozenset({"r"}))

    spec = _decide(grant, DEFINITION, ASK).spec

    assert (spec.audience, spec.resources) == ("a", ("r",))


def test_star_is_every_tenant_only_when_it_stands_alone() -> None:
    family = replace(DEFINITION, family=True)
    view = replace(VIEW, definition=family, grant=replace(GRANT, tenants=frozenset({"*", "acme"})))

    assert _refusal(view, replace(ASK, tenant="other")).rule == Rule.TENANT


def test_isolated_token_names_its_caller_and_a_shared_one_does_not() -> None:
    assert _decide(GRANT, DEFINITION, ASK).spec.caller is None
    isolated = replace(GRANT, isolation=Isolation.CALLER)
    assert _decide(isolated, DEFINITION, ASK).spec.caller == "billing"


@given(
    mode=st.sampled_from(ScopeMode),
    ceiling=scope_sets,
    whole=scope_sets,
    requested_scopes=st.none() | scope_sets.filter(bool),
)
def test_token_never_carries_more_than_the_grant(
    mode: ScopeMode, ceiling: Scopes, whole: Scopes, requested_scopes: Scopes | None
) -> None:
    definition = replace(DEFINITION, scopes=whole, scope_mode=mode)
    try:
        granted = _decide(
            replace(GRANT, scopes=ceiling), definition, replace(ASK, scopes=requested_scopes)
        )
    except TokenVendError:
        return

    assert granted.spec.scopes
    assert granted.spec.scopes <= ceiling
    assert requested_scopes is None or requested_scopes <= granted.spec.scopes
    assert not granted.observed_scopes
