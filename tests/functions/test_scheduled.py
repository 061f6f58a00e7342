"""The functions that nobody calls: a schedule does."""

import json
from dataclasses import replace
from datetime import timedelta
from io import StringIO

import pytest
from tests.adapters.connection_samples import active
from tests.fakes.provider import json_response
from tests.functions.conftest import load_handler, through
from tests.unit.vending.harness import DEFINITION, Harness

import tokenvend.entries.schedules
from tokenvend.domain import bounds
from tokenvend.domain.connection import ConnectionKey
from tokenvend.domain.credential_definition import CredentialKind
from tokenvend.domain.errors import InvalidClientError
from tokenvend.observability.consents import audit_consent_event
from tokenvend.ports import SecretVersion
from tokenvend.refresh_tokens.connection_events import ConnectionEvent, ConnectionEventType

#: What a schedule writes is all that is ever seen of it: no log level may keep a line out.
pytestmark = pytest.mark.usefixtures("log_level_critical")


@pytest.mark.parametrize("function", ["renew", "sweep", "keep_alive"])
@pytest.mark.parametrize("alias", [None, "billing", "7"])
@pytest.mark.usefixtures("harness")
def test_it_runs_through_the_alias_that_the_schedule_invokes(
    function: str, alias: str | None
) -> None:
    with pytest.raises(InvalidClientError):
        load_handler(function)({}, through(alias))


@pytest.mark.usefixtures("harness")
def test_each_minute_every_shard_is_sent_on_its_way() -> None:
    sent = tokenvend.entries.schedules.composition_root().sent  # type: ignore[attr-defined]

    answer = load_handler("renew")({"source": "aws.events"}, through("live"))

    assert answer == {"dispatched": bounds.RENEWAL_SHARDS}
    assert [json.loads(payload) for payload in sent] == [
        {"shard": shard} for shard in range(bounds.RENEWAL_SHARDS)
    ]


def test_shard_renews_what_is_due_and_logs_no_token(harness: Harness, log: StringIO) -> None:
    direct = load_handler("vend_direct")
    for _ in range(2):
        direct({"credential": "jobs"}, through("billing"))
        harness.clock.advance(timedelta(seconds=200))
    harness.clock.advance(timedelta(seconds=1800 * 0.8 - 400))

    renewed = [
        load_handler("renew")({"shard": shard}, through("live"))["renewed"]
        for shard in range(bounds.RENEWAL_SHARDS)
    ]

    assert sum(renewed) == 1
    assert harness.provider.exchanges == 2
    assert '"Renewals"' in log.getvalue()
    assert "provider-token" not in log.getvalue()


def test_sweep_counts_what_it_found(harness: Harness) -> None:
    harness.catalog.found = [SecretVersion("jobs", None, "v1")]

    sweep = load_handler("sweep")

    assert sweep({}, through("live")) == {"changed": 1}
    assert sweep({}, through("live")) == {"changed": 0}
    assert harness.states.state("jobs").secret_generation == "v1"


@pytest.mark.parametrize(
    "detail",
    [
        pytest.param(
            {"requestParameters": {"secretId": "tokenvend/tokenvend/partner/acme"}}, id="a call"
        ),
        pytest.param(
            {"additionalEventData": {"SecretId": "tokenvend/tokenvend/partner/acme"}},
            id="a rotation",
        ),
    ],
)
def test_an_event_of_one_changed_secret_has_that_one_compared(
    harness: Harness, log: StringIO, detail: dict[str, object]
) -> None:
    harness.catalog.found = [
        SecretVersion("partner", "acme", "v1"),
        SecretVersion("partner", "globex", "v1"),
    ]

    assert load_handler("sweep")({"detail": detail}, through("live")) == {"changed": 1}
    assert "RefusedCredentials" not in log.getvalue()


@pytest.mark.parametrize(
    "detail",
    [None, "text", {}, {"requestParameters": {"secretId": 'x" y'}}, {"requestParameters": 1}],
)
def test_an_event_without_a_secret_has_every_one_compared(harness: Harness, detail: object) -> None:
    harness.catalog.found = [SecretVersion("jobs", None, "v1"), SecretVersion("crm", None, "v1")]

    assert load_handler("sweep")({"detail": detail}, through("live")) == {"changed": 2}


@pytest.mark.parametrize("detail", [None, {}, {"requestParameters": None}])
def test_event_of_a_secret_that_is_not_named_starts_no_whole_sweep(
    harness: Harness, log: StringIO, detail: object
) -> None:
    harness.catalog.found = [SecretVersion("jobs", None, "v1")]
    event = {"source": "aws.secretsmanager", "detail": detail}

    assert load_handler("sweep")(event, through("live")) == {"changed": 0}
    assert "RefusedCredentials" not in log.getvalue()


def test_sweep_tells_which_credentials_are_refused_and_which_aliases_are_behind(
    harness: Harness, log: StringIO
) -> None:
    harness.aliases.versions |= {"billing": "1", "live": "2"}
    harness.catalog.found = [SecretVersion("jobs", None, "v1")]
    sweep = load_handler("sweep")
    sweep({}, through("live"))
    harness.provider.script(json_response({"error": "invalid_client"}, status=401))
    load_handler("vend_direct")({"credential": "jobs"}, through("billing"))

    sweep({}, through("live"))

    refused, away, behind = [json.loads(line) for line in log.getvalue().splitlines()[-3:]]
    assert (refused["RefusedCredentials"], refused["refused"]) == ([1.0], ["jobs"])
    assert (away["AwayCredentials"], away["away"]) == ([0.0], [])
    assert (behind["AliasesBehind"], behind["aliases"]) == ([1.0], ["billing"])


def test_sweep_tells_whose_providers_do_not_answer(harness: Harness, log: StringIO) -> None:
    harness.aliases.versions |= {"billing": "1", "live": "2"}
    harness.catalog.found = [SecretVersion("jobs", None, "v1")]
    sweep, vend = load_handler("sweep"), load_handler("vend_direct")
    sweep({}, through("live"))
    for _ in range(2):
        harness.provider.script(json_response({}, status=503))
        with pytest.raises(Exception, match="provider answered 503"):
            vend({"credential": "jobs"}, through("billing"))
        harness.clock.advance(timedelta(hours=1))

    sweep({}, through("live"))

    refused, away, _ = [json.loads(line) for line in log.getvalue().splitlines()[-3:]]
    assert (away["AwayCredentials"], away["away"]) == ([1.0], ["jobs"])
    assert refused["RefusedCredentials"] == [0.0]


def test_keep_alive_refreshes_an_idle_connection_and_logs_no_token(
    harness: Harness, log: StringIO
) -> None:
    definition = replace(DEFINITION, name="jobs-user", kind=CredentialKind.AUTHORIZATION_CODE)
    harness.reader.definitions[definition.name] = definition
    secret = harness.secrets.secrets["jobs", None]
    harness.secrets.secrets[definition.name, None] = secret
    key = ConnectionKey(credential="jobs-user", owner="billing", name="acme")
    harness.connections.seed(active(key))
    harness.clock.advance(timedelta(days=14))
    harness.provider.script(
        json_response({"access_token": "a-1", "token_type": "Bearer", "refresh_token": "r-2"})
    )

    counts = load_handler("keep_alive")({}, through("live"))

    assert counts == {"refreshed": 1, "dropped": 0, "failed": 0, "no_time": 0}
    kept = harness.connections.read(key)
    assert kept is not None
    assert kept.number == 2
    assert '"KeptAlive"' in log.getvalue()
    assert not any(value in log.getvalue() for value in ("refresh-1", "a-1", "r-2"))


def test_a_renewal_that_comes_late_is_counted(harness: Harness, log: StringIO) -> None:
    direct = load_handler("vend_direct")
    for _ in range(2):
        direct({"credential": "jobs"}, through("billing"))
        harness.clock.advance(timedelta(seconds=200))
    harness.clock.advance(timedelta(seconds=1800 * 0.91 - 400))

    for shard in range(bounds.RENEWAL_SHARDS):
        load_handler("renew")({"shard": shard}, through("live"))

    (line,) = [each for each in map(json.loads, log.getvalue().splitlines()) if "Renewals" in each]
    assert (line["outcome"], line["is_late"]) == ("renewed", True)
    assert (line["Renewals"], line["LateRenewals"]) == ([1.0], [1.0])


def test_keep_alive_counts_the_consents_that_it_leaves_at_risk(
    harness: Harness, log: StringIO
) -> None:
    definition = replace(DEFINITION, name="jobs-user", kind=CredentialKind.AUTHORIZATION_CODE)
    harness.reader.definitions[definition.name] = definition
    key = ConnectionKey(credential="jobs-user", owner="billing", name="acme")
    connection, now = active(key), harness.clock.now()
    assert connection.consent is not None
    ends = now + timedelta(days=28)
    consent = replace(connection.consent, refreshed_at=now, refresh_expires_at=ends)
    harness.connections.seed(replace(connection, consent=consent))
    harness.clock.advance(timedelta(days=26))

    # Without a secret nothing can be refreshed.
    load_handler("keep_alive")({}, through("live"))

    line = json.loads(log.getvalue().splitlines()[-1])
    assert (line["ConsentsAtRisk"], line["ConsentsLost"]) == ([1.0], [0.0])
    assert line["health"]["expiring"] == 1


def test_a_lost_consent_is_one_line_with_its_metric(log: StringIO) -> None:
    key = ConnectionKey(credential="jobs-user", owner="billing", name="acme")

    audit_consent_event(ConnectionEvent(ConnectionEventType.LOST, key, "refused"))

    line = json.loads(log.getvalue())
    assert line["level"] == "ERROR"
    assert (line["event"], line["why"], line["ConsentEvents"]) == ("lost", "refused", [1.0])
    assert (line["credential"], line["owner"], line["connection"]) == (
        *("jobs-user", "billing"),
        "acme",
    )
