"""`/.well-known/jwks.json` as a provider sees it."""

import json
from io import StringIO
from typing import Any

import pytest
from tests.functions.conftest import ROOT, load_handler, through
from tests.unit.vending.harness import Harness

from tokenvend.domain.signing import PublishedKey, SigningAlgorithm
from tokenvend.observability.incidents import report_unusable_key

ARN = "arn:aws:kms:eu-central-1:111122223333:key/one"


def _ask() -> dict[str, Any]:
    sample = json.loads((ROOT / "events" / "jwks" / "keys.json").read_text(encoding="utf-8"))
    return load_handler("jwks")(sample["event"], through("live"))


def test_key_set_may_be_kept_for_as_long_as_it_is_remembered_here(harness: Harness) -> None:
    key = PublishedKey(ARN, SigningAlgorithm.ES256)
    harness.published.keys.append(key)
    harness.public.add(key)

    answer = _ask()

    (jwk,) = json.loads(answer["body"])["keys"]
    assert (answer["statusCode"], jwk["alg"], jwk["kty"]) == (200, "ES256", "EC")
    assert answer["headers"]["Content-Type"] == "application/jwk-set+json"
    assert answer["headers"]["Cache-Control"] == "public, max-age=300"
    assert not {"d", "p", "q"} & jwk.keys()


@pytest.mark.parametrize("who", ["published", "public"])
def test_outage_is_told_and_not_kept(harness: Harness, who: str) -> None:
    harness.published.keys.append(PublishedKey(ARN, SigningAlgorithm.ES256))
    getattr(harness, who).is_away = True

    answer = _ask()

    assert (answer["statusCode"], answer["headers"]["Cache-Control"]) == (503, "no-store")
    assert json.loads(answer["body"])["error"] == "temporarily_unavailable"


@pytest.mark.usefixtures("log_level_critical")
def test_a_key_that_cannot_be_read_is_told_at_every_log_level(log: StringIO) -> None:
    report_unusable_key("The key does not exist.")

    line = json.loads(log.getvalue())
    assert (line["message"], line["why"]) == ("unusable key", "The key does not exist.")
    assert "_aws" in line
