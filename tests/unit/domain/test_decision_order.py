"""The first failing rule speaks, and a refusal tells its reader no more than it may."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from tests.unit.domain.registry_views import (
    CLIENT_SECRET,
    DEFINITION,
    GRANT,
    NOW,
    PROOF,
    READ,
    REQUEST,
    VIEW,
    WRITE,
    refusal,
)

from tokenvend.domain.decision import decide
from tokenvend.domain.identity import EntryPoint, Proof
from tokenvend.domain.registry import Caller, RegistryView
from tokenvend.domain.request import VendRequest
from tokenvend.domain.rule import Rule
from tokenvend.domain.secret import Secret


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


def test_first_failing_rule_speaks_and_mending_it_lets_the_next_one() -> None:
    view = RegistryView(caller_blocked=True, credential_blocked=True)
    proof = Proof(EntryPoint.OAUTH2, "client:billing", client_secret=Secret("wrong"))
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

    rules = [refusal(view, request, proof).rule]
    for mend in mends:
        view = mend()
        rules.append(refusal(view, request, proof).rule)
    for mended in ({"connection": None}, {"tenant": None}, {"scopes": READ}, {"audience": None}):
        request = replace(request, **mended)
        rules.append(refusal(view, request, proof).rule)

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

    refusals = [refusal(view) for view in views]

    assert len({(str(each), each.code, each.status, each.retryable) for each in refusals}) == 1
    assert len({each.rule for each in refusals}) == 3


def test_whoever_is_not_proven_cannot_tell_why() -> None:
    wrong = replace(PROOF, client_secret=Secret("wrong"))
    refusals = [
        refusal(replace(VIEW, caller=None)),
        refusal(replace(VIEW, caller_blocked=True)),
        refusal(replace(VIEW, caller=Caller(name="billing", unique_id="TWO"))),
        refusal(VIEW, proof=wrong),
        refusal(replace(VIEW, client_secret_hashes=())),
        refusal(VIEW, proof=replace(PROOF, client_secret=None)),
    ]

    assert len({(str(each), each.code, each.status) for each in refusals}) == 1


def test_pinned_identity_needs_the_unique_id_to_be_there() -> None:
    assert refusal(VIEW, proof=replace(PROOF, unique_id=None)).rule == Rule.CALLER_UNIQUE_ID


def test_refusal_after_the_proof_says_whose_it_is() -> None:
    assert refusal(replace(VIEW, grant=None)).caller == "billing"
    assert refusal(replace(VIEW, caller=None)).caller is None


@pytest.mark.parametrize("entry", [EntryPoint.IAM, EntryPoint.DIRECT])
def test_secret_is_asked_for_on_the_oauth_entry_only(entry: EntryPoint) -> None:
    proof = Proof(entry, "x", unique_id="ONE")

    granted = decide(proof, REQUEST, replace(VIEW, client_secret_hashes=()), now=NOW)

    assert granted.caller.name == "billing"


def test_every_known_hash_is_compared_in_constant_time() -> None:
    hashes = _Watched(map(_OnlyByDigest, (CLIENT_SECRET.sha256, Secret("other").sha256)))

    decide(PROOF, REQUEST, replace(VIEW, client_secret_hashes=hashes), now=NOW)

    assert hashes.seen == 2
