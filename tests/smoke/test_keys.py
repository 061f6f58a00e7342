"""The rows on keys and secrets."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from tests.smoke.aws_answers import alarm, in_turn, metric
from tests.smoke.conftest import STAND_IN, TOKEN, FakeRun
from tests.smoke.fake_aws import Answer

from tokenvend.domain.signing import KmsKey
from tokenvend.observability.metric import metric_of
from tokenvend_smoke.outcome import DidNotHoldError
from tokenvend_smoke.rows import keys

TAGS: dict[str, Answer] = {"kms.UntagResource": {}, "kms.TagResource": {}}
NOT_READY = {"status": 502, "error": "credential_not_ready"}


def test_a_key_that_loses_its_tag_signs_no_longer_and_gets_it_back(
    fake_run: Callable[..., FakeRun],
) -> None:
    given = fake_run(TAGS)
    given.callers.answers = [TOKEN, TOKEN, NOT_READY]
    keys.only_tagged_keys_sign(given.smoke)

    assert given.aws.names() == ["kms.UntagResource", "kms.TagResource"]
    given.callers.answers = [TOKEN]
    with pytest.raises(DidNotHoldError, match="without the tag still signs"):
        keys.only_tagged_keys_sign(given.smoke)
    assert given.aws.names()[-1] == "kms.TagResource"
    given.callers.answers = [NOT_READY]
    with pytest.raises(DidNotHoldError, match="the tagged key"):
        keys.only_tagged_keys_sign(given.smoke)


def test_unusable_keys_are_looked_for_as_the_code_counts_them() -> None:
    written = metric_of({"reason": "key"}, datetime.now(UTC), name="UnusableKeys")
    (dimensions,) = written["_aws"]["CloudWatchMetrics"][0]["Dimensions"]

    assert keys.UNUSABLE_KEYS.keys() == set(dimensions)
    assert keys.UNUSABLE_KEYS["reason"] == written["reason"]


def _publishes(monkeypatch: pytest.MonkeyPatch, *published: int) -> None:
    """How many keys are published, one time after another."""
    key_id = KmsKey(STAND_IN["SigningKeyArn"]).key_id
    left: Iterator[int] = iter(published)
    last = [published[-1]]

    def answer(*_: Any, **__: Any) -> requests.Response:
        response = requests.Response()
        last[0] = next(left, last[0])
        shown = [{"kid": key_id}] * last[0]
        response._content = json.dumps({"keys": shown}).encode()
        return response

    monkeypatch.setattr(requests, "get", answer)


def test_a_key_that_loses_its_tag_is_published_no_longer_and_counted(
    fake_run: Callable[..., FakeRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    _publishes(monkeypatch, 0, 1, 1, 0)
    keys.only_tagged_keys_are_published(fake_run(TAGS | metric(1)).smoke)

    _publishes(monkeypatch, 1)
    with pytest.raises(DidNotHoldError, match="without the tag is published"):
        keys.only_tagged_keys_are_published(fake_run(TAGS | metric(1)).smoke)
    _publishes(monkeypatch, 1, 0)
    with pytest.raises(DidNotHoldError, match="UnusableKeys does not count"):
        keys.only_tagged_keys_are_published(fake_run(TAGS | metric(0)).smoke)
    _publishes(monkeypatch, 0)
    with pytest.raises(DidNotHoldError, match="the tagged key is not published"):
        keys.only_tagged_keys_are_published(fake_run(TAGS | metric(1)).smoke)


@pytest.mark.parametrize("named", [STAND_IN["CompanyKeyArn"], "company"])
def test_a_new_secret_is_under_the_companys_key(
    fake_run: Callable[..., FakeRun], named: str
) -> None:
    given = fake_run({"secretsmanager.DescribeSecret": {"KmsKeyId": named}})
    keys.the_companys_key_opens_secrets(given.smoke)

    assert given.account.asked == [("secret", "put", "keyed")]
    with pytest.raises(DidNotHoldError, match="the secret is under none"):
        keys.the_companys_key_opens_secrets(fake_run({"secretsmanager.DescribeSecret": {}}).smoke)
    given.callers.answers = [NOT_READY]
    with pytest.raises(DidNotHoldError, match="credential_not_ready"):
        keys.the_companys_key_opens_secrets(given.smoke)


def test_an_adopted_secrets_key_gets_the_statement_that_is_asked_for(
    fake_run: Callable[..., FakeRun],
) -> None:
    own, added = {"Sid": "Own"}, {"Sid": "Tokenvend"}
    policy = {"Version": "2012-10-17", "Statement": [own]}
    given = fake_run({"kms.GetKeyPolicy": {"Policy": json.dumps(policy)}, "kms.PutKeyPolicy": {}})
    # Adopting ends with 1 as long as it is not deployed, and shows the statement all the same.
    said = json.dumps({"key_policy_statement": added})
    given.account.commands = [(1, said), (0, ""), (1, ""), (0, "")]
    given.callers.answers = [NOT_READY, TOKEN]

    keys.an_adopted_secret_is_read(given.smoke)

    (put,) = [params for name, params in given.aws.calls if name == "kms.PutKeyPolicy"]
    assert json.loads(put["Policy"])["Statement"] == [own, added]
    given.account.commands = [(1, said), (0, ""), (1, "refused")]
    with pytest.raises(DidNotHoldError, match="does not end with 0"):
        keys.an_adopted_secret_is_read(given.smoke)


def test_a_second_import_that_makes_a_version_is_told(fake_run: Callable[..., FakeRun]) -> None:
    one, two = ({"Versions": [{"VersionId": each * 32} for each in ids]} for ids in ("a", "ab"))
    name = "secretsmanager.ListSecretVersionIds"
    keys.importing_again_writes_nothing(fake_run({name: one}).smoke)

    with pytest.raises(DidNotHoldError, match="made 1 versions"):
        keys.importing_again_writes_nothing(fake_run({name: in_turn([one, two])}).smoke)


def test_a_disabled_key_is_enabled_again_whatever_the_alarm_does(
    fake_run: Callable[..., FakeRun],
) -> None:
    switches: dict[str, Answer] = {"kms.DisableKey": {}, "kms.EnableKey": {}}
    given = fake_run(switches | alarm("OK", "ALARM", "ALARM", "OK"))
    keys.a_disabled_key_raises_the_alarm(given.smoke)

    assert given.aws.names()[0] == "kms.DisableKey"
    silent = fake_run(switches | alarm("OK"))
    with pytest.raises(DidNotHoldError, match="AwsRefusesAlarm is not in ALARM"):
        keys.a_disabled_key_raises_the_alarm(silent.smoke)
    assert silent.aws.names()[-1] == "kms.EnableKey"
    stuck = fake_run(switches | alarm("ALARM"))
    with pytest.raises(DidNotHoldError, match="AwsRefusesAlarm is not in OK"):
        keys.a_disabled_key_raises_the_alarm(stuck.smoke)


def test_in_turn_goes_on_with_the_last() -> None:
    answer = in_turn([{"n": 1}, {"n": 2}])
    assert callable(answer)

    assert [answer({})["n"] for _ in range(3)] == [1, 2, 2]
