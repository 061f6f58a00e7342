"""What proves a workload, and every attack on it that one would think of."""

import hmac
import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from joserfc.jwk import RSAKey
from tests.fakes.clock import FakeClock
from tests.fakes.issuer import (
    AUDIENCE,
    SUBJECT,
    TRUSTED,
    URL,
    FakeIssuer,
    FakeKeySets,
    InMemoryTrustedIssuers,
    InMemoryUsedTokens,
    encoded,
    new_key,
    public_jwk,
    shared_key,
    signed,
    signed_by_hand,
    workloads_of,
)

from tokenvend.domain import bounds
from tokenvend.domain.errors import SubjectTokenError, TemporarilyUnavailableError
from tokenvend.domain.identity import Entry, Proof, Workload
from tokenvend.domain.secret import Secret
from tokenvend.domain.workload.exchange_request import SubjectToken
from tokenvend.domain.workload.issuer import SubjectRule
from tokenvend.domain.workload.keys import ASYMMETRIC
from tokenvend.ports import StoreAwayError


@dataclass
class Scenario:
    """A deployment that trusts `issuer`, whose tokens of `SUBJECT` are billing's."""

    clock: FakeClock = field(default_factory=FakeClock)
    registry: InMemoryTrustedIssuers = field(default_factory=InMemoryTrustedIssuers)
    key_sets: FakeKeySets = field(default_factory=FakeKeySets)
    used: InMemoryUsedTokens = field(default_factory=InMemoryUsedTokens)

    def __post_init__(self) -> None:
        self.issuer = FakeIssuer(self.clock.now())
        self.trusted = TRUSTED
        self.registry.trust(self.trusted)
        self.workloads = workloads_of(self.registry, self.clock, self.key_sets, self.used)

    def trust(self, **changes: Any) -> None:
        self.trusted = replace(self.trusted, **changes)
        self.registry.trust(self.trusted)

    def prove(self, token: Secret) -> Proof:
        return self.workloads.prove(SubjectToken(token), Entry.OAUTH2)

    def refusal(self, token: Secret) -> SubjectTokenError:
        with pytest.raises(SubjectTokenError) as caught:
            self.prove(token)
        assert not token.reveal() or token.reveal()[:40] not in str(caught.value)
        return caught.value

    def later(self, **length: float) -> None:
        self.clock.advance(timedelta(**length))


@pytest.fixture
def scenario() -> Scenario:
    return Scenario()


def test_token_of_a_trusted_issuer_proves_its_caller(scenario: Scenario) -> None:
    proof = scenario.prove(scenario.issuer.token())

    assert proof == Proof(
        Entry.OAUTH2, "oidc:ci/billing", workload=Workload(URL, SUBJECT, "token-1")
    )


@pytest.mark.parametrize("algorithm", sorted(ASYMMETRIC))
def test_every_algorithm_of_the_list_can_be_verified(scenario: Scenario, algorithm: str) -> None:
    key = shared_key(algorithm)
    scenario.trust(algorithms=frozenset({algorithm}), keys=(public_jwk(key),))
    issuer = replace(scenario.issuer, algorithm=algorithm)

    assert scenario.prove(issuer.token()).identity == "oidc:ci/billing"
    forged = replace(issuer, key=new_key(algorithm))
    assert scenario.refusal(forged.token()).rule == "subject_token.signature"


def test_token_without_a_kid_is_verified_where_one_key_alone_fits(scenario: Scenario) -> None:
    key = shared_key("ES256", None)
    scenario.trust(keys=(public_jwk(key), public_jwk(shared_key("RS256", "rsa"))))
    assert scenario.prove(replace(scenario.issuer, key=key).token()).identity == "oidc:ci/billing"

    scenario.trust(keys=(public_jwk(key), public_jwk(shared_key("ES256"))))
    scenario.later(seconds=31)
    refusal = scenario.refusal(replace(scenario.issuer, key=key).token())
    assert refusal.rule == "subject_token.key_known"


def test_audience_may_stand_in_a_list_of_one(scenario: Scenario) -> None:
    assert scenario.prove(scenario.issuer.token(aud=[AUDIENCE])).identity == "oidc:ci/billing"


# Forged ---------------------------------------------------------------------------------------


def _unsigned(scenario: Scenario, algorithm: str) -> Secret:
    header = encoded(json.dumps({"alg": algorithm, "kid": "one"}).encode())
    claims = encoded(json.dumps(scenario.issuer.claims()).encode())
    return Secret(f"{header}.{claims}.")


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", ""])
def test_unsigned_token_is_refused(scenario: Scenario, algorithm: str) -> None:
    assert scenario.refusal(_unsigned(scenario, algorithm)).rule == "subject_token.malformed"
    with_something = Secret(_unsigned(scenario, algorithm).reveal() + "AA")
    assert scenario.refusal(with_something).rule == "subject_token.algorithm"


@pytest.mark.parametrize("form", ["pem", "der", "n"])
def test_public_key_taken_for_a_shared_secret_is_refused(scenario: Scenario, form: str) -> None:
    key: Any = shared_key("RS256", "rsa")
    secret = {
        "pem": key.as_bytes("PEM", private=False),
        "der": key.as_bytes("DER", private=False),
        "n": str(key.as_dict(private=False)["n"]).encode(),
    }[form]
    header = encoded(json.dumps({"alg": "HS256", "kid": "rsa"}).encode())
    message = f"{header}.{encoded(json.dumps(scenario.issuer.claims()).encode())}"
    forged = Secret(f"{message}.{encoded(hmac.digest(secret, message.encode(), 'sha256'))}")

    assert scenario.refusal(forged).rule == "subject_token.algorithm"
    # Even a registry that was written by hand cannot make it one.
    scenario.trust(algorithms=frozenset({"HS256"}))
    scenario.later(seconds=31)
    assert scenario.refusal(forged).rule == "subject_token.algorithm"


def test_key_of_another_kind_than_the_algorithm_verifies_nothing(scenario: Scenario) -> None:
    """The token names the elliptic key, and is signed by the RSA one."""
    payload = json.dumps(scenario.issuer.claims()).encode()
    confused = signed({"alg": "RS256", "kid": "one"}, payload, shared_key("RS256", "rsa"))

    assert scenario.refusal(confused).rule == "subject_token.key_known"


@pytest.mark.parametrize(
    ("header", "rule"),
    [
        pytest.param({"kid": "../../one"}, "key_known", id="kid is a path"),
        pytest.param({"kid": "one' OR 1=1"}, "key_known", id="kid is a query"),
        pytest.param({"kid": ""}, "key_known", id="kid is empty"),
        pytest.param({"jku": "https://evil.example/keys"}, "signature", id="jku"),
        pytest.param({"x5u": "https://evil.example/cert"}, "signature", id="x5u"),
        pytest.param({"jwk": public_jwk(shared_key("ES256", "evil"))}, "signature", id="jwk"),
        pytest.param({"x5c": ["MIIB"]}, "signature", id="x5c"),
    ],
)
def test_header_leads_to_no_key_of_the_attackers(
    scenario: Scenario, header: dict[str, Any], rule: str
) -> None:
    attacker = replace(scenario.issuer, key=shared_key("ES256", "evil"))

    refusal = scenario.refusal(attacker.token({"kid": "one"} | header))

    assert refusal.rule == f"subject_token.{rule}"
    assert refusal.workload is None
    assert scenario.key_sets.asked == []


@pytest.mark.parametrize(
    "header",
    [{"crit": ["exp"], "exp": 1}, {"crit": ["b64"], "b64": False}, {"crit": []}, {"crit": None}],
)
def test_extension_that_must_be_understood_is_refused(
    scenario: Scenario, header: dict[str, Any]
) -> None:
    """Even where the issuer itself signed it."""
    whole = json.dumps({"alg": "ES256", "kid": "one", **header}).encode()
    token = signed_by_hand(whole, json.dumps(scenario.issuer.claims()).encode())

    assert scenario.refusal(token).rule == "subject_token.crit"


@pytest.mark.parametrize("header", [{"kid": 1}, {"kid": ["one"]}, {"kid": {"a": 1}}, {"alg": 7}])
def test_header_of_another_kind_is_refused(scenario: Scenario, header: dict[str, Any]) -> None:
    head = encoded(json.dumps({"alg": "ES256", **header}).encode())
    _, claims, signature = scenario.issuer.token().reveal().split(".")

    refused = scenario.refusal(Secret(f"{head}.{claims}.{signature}")).rule
    assert refused in {"subject_token.key_id", "subject_token.algorithm"}


def test_algorithm_that_the_issuer_is_not_trusted_with_is_refused(scenario: Scenario) -> None:
    scenario.trust(algorithms=frozenset({"RS256"}))

    assert scenario.refusal(scenario.issuer.token()).rule == "subject_token.algorithm"


def test_every_changed_byte_is_noticed(scenario: Scenario) -> None:
    text = scenario.issuer.token().reveal()
    head, claims, signature = text.split(".")
    other = encoded(json.dumps(scenario.issuer.claims(sub="repo:acme/app:ref:x")).encode())

    assert scenario.refusal(Secret(f"{head}.{other}.{signature}")).rule == "subject_token.signature"
    turned = signature[:-4] + ("AAAA" if signature[-4:] != "AAAA" else "BBBB")
    assert scenario.refusal(Secret(f"{head}.{claims}.{turned}")).rule == "subject_token.signature"


def test_weak_key_verifies_nothing(scenario: Scenario) -> None:
    with pytest.warns(match="2048"):
        weak = RSAKey.generate_key(1024, {"kid": "one", "use": "sig"})
    scenario.trust(keys=(public_jwk(weak),))
    payload = json.dumps(scenario.issuer.claims()).encode()
    token = signed({"alg": "RS256", "kid": "one"}, payload, weak)

    assert scenario.refusal(token).rule == "subject_token.key_known"


@pytest.mark.parametrize(
    "change",
    [{"use": "enc"}, {"key_ops": ["encrypt"]}, {"alg": "ES384"}, {"kty": "oct"}, {"crv": "P-384"}],
)
def test_key_that_is_for_something_else_verifies_nothing(
    scenario: Scenario, change: dict[str, Any]
) -> None:
    scenario.trust(keys=(dict(public_jwk(shared_key("ES256"))) | change,))

    assert scenario.refusal(scenario.issuer.token()).rule == "subject_token.key_known"


def test_two_keys_of_one_kid_verify_nothing(scenario: Scenario) -> None:
    scenario.trust(keys=(public_jwk(shared_key("ES256")), public_jwk(new_key("ES256"))))

    assert scenario.refusal(scenario.issuer.token()).rule == "subject_token.key_known"


# For somebody else, or of somebody else -------------------------------------------------------


@pytest.mark.parametrize(
    "audience",
    [
        pytest.param("https://other.example", id="another"),
        pytest.param(AUDIENCE + "/", id="trailing slash"),
        pytest.param(AUDIENCE.upper(), id="other case"),
        pytest.param([AUDIENCE, "https://other.example"], id="several"),
        pytest.param([AUDIENCE, AUDIENCE], id="twice"),
        pytest.param([], id="none in a list"),
        pytest.param([[AUDIENCE]], id="a list in a list"),
        pytest.param({"aud": AUDIENCE}, id="an object"),
        pytest.param("", id="empty"),
        pytest.param(None, id="missing"),
    ],
)
def test_audience_that_is_not_this_deployment_alone_is_refused(
    scenario: Scenario, audience: Any
) -> None:
    assert scenario.refusal(scenario.issuer.token(aud=audience)).rule == "subject_token.audience"


def test_no_token_is_accepted_while_the_audience_is_not_known(scenario: Scenario) -> None:
    scenario.trust(audience=None)

    assert scenario.refusal(scenario.issuer.token(aud=None)).rule == "subject_token.audience"


@pytest.mark.parametrize(
    "issuer",
    [
        URL + "/",
        URL + ".evil.example",
        URL + "@evil.example",
        URL.replace("https", "http"),
        URL.upper(),
        URL + "%2F",
        "https://\u0441i.example",
        "ci.example",
        URL + "#",
        "",
        None,
        7,
        [URL],
        "https://" + "a" * 3000,
    ],
)
def test_issuer_that_looks_like_a_trusted_one_is_refused(scenario: Scenario, issuer: Any) -> None:
    refusal = scenario.refusal(scenario.issuer.token(iss=issuer))

    assert refusal.rule in {"subject_token.issuer_known", "subject_token.issuer"}


def test_token_of_one_trusted_issuer_cannot_speak_for_another(scenario: Scenario) -> None:
    other = FakeIssuer(scenario.clock.now(), url="https://other.example", key=new_key("ES256"))
    scenario.registry.trust(
        replace(
            scenario.trusted,
            name="other",
            issuer=other.url,
            keys=(public_jwk(other.signing_key),),
            rules=(SubjectRule(caller="shop", subject=SUBJECT),),
        )
    )

    assert scenario.prove(other.token()).identity == "oidc:other/shop"
    assert scenario.refusal(other.token(iss=URL)).rule == "subject_token.signature"


@pytest.mark.parametrize(
    "subject",
    [
        SUBJECT + "\n",
        SUBJECT + "\x00",
        "\x1b[2J" + SUBJECT,
        SUBJECT + "\u202e",
        SUBJECT + "\u2028",
        "",
        None,
        7,
        ["repo"],
        "a" * 1025,
    ],
)
def test_subject_with_more_than_can_be_read_is_refused(scenario: Scenario, subject: Any) -> None:
    scenario.trust(rules=(SubjectRule(caller="billing", claims={"iss": URL}),))

    assert scenario.refusal(scenario.issuer.token(sub=subject)).rule == "subject_token.sub"


@pytest.mark.parametrize("token_id", ["", "a\nb", 7, "a" * 257])
def test_token_id_with_more_than_can_be_read_is_refused(scenario: Scenario, token_id: Any) -> None:
    assert scenario.refusal(scenario.issuer.token(jti=token_id)).rule == "subject_token.jti"


def test_subject_that_no_caller_has_is_named_in_the_refusal_for_the_audit_line(
    scenario: Scenario,
) -> None:
    refusal = scenario.refusal(scenario.issuer.token(sub=SUBJECT + "2"))

    assert refusal.rule == "subject_token.subject_known"
    assert refusal.workload == Workload(URL, SUBJECT + "2", "token-1")


def test_glob_does_not_cross_a_segment(scenario: Scenario) -> None:
    scenario.trust(rules=(SubjectRule(caller="billing", subject="repo:acme/app:ref:refs/heads/*"),))

    scenario.prove(scenario.issuer.token())
    for crossing in (SUBJECT + "/x", SUBJECT + ":environment:prod"):
        assert (
            scenario.refusal(scenario.issuer.token(sub=crossing)).rule
            == "subject_token.subject_known"
        )


# Not now ---------------------------------------------------------------------------------------

SKEW = bounds.CLOCK_SKEW.total_seconds()


@pytest.mark.parametrize(
    ("age_seconds", "exp_after", "nbf_after", "rule"),
    [
        pytest.param(0, 300, 0, None, id="just issued"),
        pytest.param(299, 300, 0, None, id="nearly expired"),
        pytest.param(300, 300, 0, "expired", id="expires now"),
        pytest.param(301, 300, 0, "expired", id="expired"),
        pytest.param(600, 9999, 0, None, id="as old as it may be"),
        pytest.param(601, 9999, 0, "too_old", id="too old"),
        pytest.param(-SKEW, 300, 0, None, id="the issuer's clock is ahead a little"),
        pytest.param(-SKEW - 1, 300, 0, "not_yet_valid", id="issued in the future"),
        pytest.param(0, 300, SKEW, None, id="begins within the leeway"),
        pytest.param(0, 300, SKEW + 1, "not_yet_valid", id="begins later"),
    ],
)
def test_token_holds_between_its_instants(
    scenario: Scenario, age_seconds: float, exp_after: float, nbf_after: float, rule: str | None
) -> None:
    now = scenario.clock.now().timestamp()
    issued_at = now - age_seconds
    token = scenario.issuer.token(
        iat=issued_at, exp=issued_at + exp_after, nbf=issued_at + nbf_after
    )

    if rule is None:
        assert scenario.prove(token).identity == "oidc:ci/billing"
    else:
        assert scenario.refusal(token).rule == f"subject_token.{rule}"


@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
@pytest.mark.parametrize("value", ["1893456000", True, [1], {}, 10**400])
def test_instant_that_is_none_is_refused(scenario: Scenario, name: str, value: Any) -> None:
    assert scenario.refusal(scenario.issuer.token(**{name: value})).rule == f"subject_token.{name}"


@pytest.mark.parametrize("name", ["exp", "iat"])
def test_instant_that_is_missing_is_refused(scenario: Scenario, name: str) -> None:
    assert scenario.refusal(scenario.issuer.token(**{name: None})).rule == f"subject_token.{name}"


# Used before -----------------------------------------------------------------------------------


def test_token_counts_as_often_as_it_comes_unless_its_issuer_makes_one_per_use(
    scenario: Scenario,
) -> None:
    token = scenario.issuer.token()

    assert scenario.prove(token) == scenario.prove(token)
    assert scenario.used.used == {}


def test_replayed_token_is_refused(scenario: Scenario) -> None:
    scenario.trust(one_time=True)
    token = scenario.issuer.token()
    scenario.prove(token)

    refusal = scenario.refusal(token)
    assert refusal.rule == "subject_token.replayed"
    assert refusal.workload == Workload(URL, SUBJECT, "token-1")
    # Signed anew, but the same token by its `jti`.
    assert scenario.refusal(scenario.issuer.token(nbf=None)).rule == "subject_token.replayed"
    scenario.prove(scenario.issuer.token(jti="token-2"))


def test_token_that_is_refused_is_not_used_up(scenario: Scenario) -> None:
    scenario.trust(one_time=True)
    scenario.refusal(scenario.issuer.token(sub="somebody else"))
    scenario.refusal(scenario.issuer.token(aud="https://other.example"))

    assert scenario.prove(scenario.issuer.token()).identity == "oidc:ci/billing"


def test_token_without_an_id_counts_never_where_each_counts_once(scenario: Scenario) -> None:
    scenario.trust(one_time=True)

    assert scenario.refusal(scenario.issuer.token(jti=None)).rule == "subject_token.token_id"


@pytest.mark.parametrize(("lifetime_seconds", "kept_seconds"), [(300, 300), (10**9, 600)])
def test_used_token_is_remembered_until_it_is_refused_for_its_age(
    scenario: Scenario, lifetime_seconds: int, kept_seconds: int
) -> None:
    scenario.trust(one_time=True)
    issued_at = int(scenario.clock.now().timestamp())
    scenario.prove(scenario.issuer.token(exp=issued_at + lifetime_seconds))

    (until,) = scenario.used.used.values()
    assert until.timestamp() == pytest.approx(issued_at + kept_seconds, abs=1)


def test_token_is_not_taken_while_nobody_can_say_whether_it_was_used(scenario: Scenario) -> None:
    scenario.trust(one_time=True)
    scenario.used.fails_with = StoreAwayError("away")

    with pytest.raises(TemporarilyUnavailableError) as caught:
        scenario.prove(scenario.issuer.token())
    assert caught.value.rule == "store.away"


# Not well-formed -------------------------------------------------------------------------------


HEADER = b'{"alg":"ES256","kid":"one"}'


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="empty"),
        pytest.param("a.b", id="two parts"),
        pytest.param("a.b.c.d.e", id="encrypted"),
        pytest.param("e30.e30.e30\n", id="line's end"),
        pytest.param(" e30.e30.e30", id="space"),
        pytest.param("e30=.e30.e30", id="padding"),
        pytest.param("e30.bnVsbA.AA", id="null"),
        pytest.param("W10.e30.AA", id="header is a list"),
        pytest.param('{"payload":"x"}', id="JSON serialization"),
    ],
)
def test_text_that_is_no_compact_jwt_is_refused(scenario: Scenario, token: str) -> None:
    assert scenario.refusal(Secret(token)).rule in {
        "subject_token.malformed",
        "subject_token.algorithm",
    }


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b'{"iss":"https://ci.example","sub":"a","sub":"b"}', id="a claim twice"),
        pytest.param(b'{"iss":"https://ci.example","exp":NaN}', id="NaN"),
        pytest.param(b'{"iss":"https://ci.example","a":"\xff"}', id="not UTF-8"),
        pytest.param(b"[]", id="a list"),
    ],
)
def test_claims_that_could_be_read_in_two_ways_are_refused(
    scenario: Scenario, payload: bytes
) -> None:
    assert scenario.refusal(signed_by_hand(HEADER, payload)).rule == "subject_token.malformed"


def test_parts_signed_by_hand_are_accepted_where_they_are_well_formed(scenario: Scenario) -> None:
    """So what the test above refuses is refused for the reason that it gives."""
    payload = json.dumps(scenario.issuer.claims()).encode()

    assert scenario.prove(signed_by_hand(HEADER, payload)).identity == "oidc:ci/billing"


def test_token_of_more_than_the_bound_is_refused_unread(scenario: Scenario) -> None:
    large = scenario.issuer.token(more="a" * bounds.SUBJECT_TOKEN_BYTES)

    assert scenario.refusal(large).rule == "subject_token.too_large"
    assert scenario.registry.reads == []


# The registry ----------------------------------------------------------------------------------


def test_issuer_is_read_again_after_the_time_that_memory_is_trusted(scenario: Scenario) -> None:
    for _ in range(3):
        scenario.prove(scenario.issuer.token())
    assert scenario.registry.reads == [URL]
    del scenario.registry.issuers[URL]

    scenario.later(seconds=29)
    scenario.prove(scenario.issuer.token())
    scenario.later(seconds=1)
    assert scenario.refusal(scenario.issuer.token()).rule == "subject_token.issuer_known"


def test_rule_that_was_removed_admits_nobody_after_that_time(scenario: Scenario) -> None:
    scenario.prove(scenario.issuer.token())
    scenario.trust(rules=())

    scenario.later(seconds=30)
    assert scenario.refusal(scenario.issuer.token()).rule == "subject_token.subject_known"


def test_flood_of_unknown_issuers_drops_no_known_one(scenario: Scenario) -> None:
    scenario.prove(scenario.issuer.token())
    for number in range(bounds.MEMORY_ENTRIES + 5):
        url = f"https://evil-{number}.example"
        header, payload = encoded(HEADER), encoded(json.dumps({"iss": url}).encode())
        scenario.refusal(Secret(f"{header}.{payload}.AAAA"))
    reads = len(scenario.registry.reads)

    scenario.prove(scenario.issuer.token())
    scenario.refusal(Secret(f"{header}.{payload}.AAAA"))
    assert len(scenario.registry.reads) == reads


def test_known_issuer_outlasts_an_outage_of_the_registry_for_a_while(scenario: Scenario) -> None:
    scenario.prove(scenario.issuer.token())
    scenario.registry.fails_with = StoreAwayError("away")

    scenario.later(seconds=200)
    scenario.prove(scenario.issuer.token(iat=scenario.clock.now().timestamp()))
    scenario.later(seconds=700)
    with pytest.raises(TemporarilyUnavailableError) as caught:
        scenario.prove(scenario.issuer.token())
    assert caught.value.rule == "store.away"


def test_unknown_issuer_in_an_outage_is_told_to_come_again(scenario: Scenario) -> None:
    scenario.registry.fails_with = StoreAwayError("away")

    with pytest.raises(TemporarilyUnavailableError):
        scenario.prove(scenario.issuer.token())
