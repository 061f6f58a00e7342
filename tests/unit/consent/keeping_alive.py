"""Runs of the keep-alive, and what they leave."""

from dataclasses import replace
from datetime import timedelta

from tests.fakes.clock import START
from tests.fakes.vend_reader import InMemoryCredentialReader
from tests.unit.consent.refreshing import CONSENT, DEFINITION, Refreshing

from tokenvend.domain.connection import PendingConsent
from tokenvend.schedules.keep_alive import KeepAlive

DAY = timedelta(days=1)
UNKNOWN_LIFE = replace(DEFINITION, authorization=None)


def keep_alive(harness: Refreshing) -> KeepAlive:
    return KeepAlive(
        connections=harness.connections,
        credentials=InMemoryCredentialReader(harness.reader),
        states=harness.reader.states,
        refresher=harness.refresher(),
        clock=harness.clock,
    )


def waiting() -> PendingConsent:
    return PendingConsent(
        consent=replace(CONSENT, consent_id="consent-2"),
        code_sha256="0" * 64,
        expires_at=START + timedelta(minutes=10),
    )
