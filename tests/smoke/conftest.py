"""A smoke run on an account that answers as a test says, without waiting.

Fixtures
    clock    time goes on only when somebody sleeps
    fake_run    makes a `FakeRun` of AWS's answers: its `smoke` is what a row is given
"""

import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.smoke.fake_aws import Answer, FakeAws

from tokenvend_smoke.account import Account
from tokenvend_smoke.callers import Callers
from tokenvend_smoke.run import Options, Smoke
from tokenvend_smoke.stacks import StandIn

OUTPUTS = {
    **{
        f"{name}FunctionName": f"smoke-{name}"
        for name in (
            *("VendIam", "VendOauth2", "VendDirect", "Metadata", "ConnectPages"),
            *("Renew", "Sweep", "KeepAlive"),
        )
    },
    "VendingApiUrl": "https://vending.execute-api.eu-west-1.amazonaws.com/v1",
    "VendingApiId": "vending",
    "PagesApiId": "pages",
    "TokensTableName": "tokens",
    "ConnectionsTableName": "connections",
    "RegistryTableName": "registry",
    "KeyArn": "arn:aws:kms:eu-west-1:111122223333:key/own",
    "SecretPrefix": "tokenvend/smoke-0a1b2c3d/",
    "VendingDomainTarget": "d-1.execute-api.eu-west-1.amazonaws.com",
    "NatAddress": "192.0.2.7",
    "EventQueueUrl": "https://sqs.eu-west-1.amazonaws.com/111122223333/queue",
    "EventResultsUrl": "https://sqs.eu-west-1.amazonaws.com/111122223333/results",
    "EventTableName": "customers",
}
STAND_IN = {
    "ProviderLogGroup": "/smoke/provider",
    "CallerRoleArn": "arn:aws:iam::111122223333:role/caller",
    "CompanyKeyArn": "arn:aws:kms:eu-west-1:111122223333:key/company",
    "AdoptedSecretArn": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:own-abcdef",
    "SigningKeyArn": "arn:aws:kms:eu-west-1:111122223333:key/signing",
    "WebAclArn": "arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/smoke/1",
}
TOKEN = {"access_token": "t", "source": "exchange", "status": 200}


class FakeAccount(Account):
    """An account whose AWS, outputs and commands are the test's."""

    def __init__(self, aws: FakeAws) -> None:
        super().__init__("eu-west-1", None, None, "smoke-0a1b2c3d".ljust(60, "x"), "smoke-0a1b2c3d")
        self.aws = aws
        self.deployments: list[Mapping[str, str]] = []
        #: How the `tokenvend` command ends, one after another; the last of them ever after.
        self.commands: list[tuple[int, str]] = [(0, "")]
        self.asked: list[Sequence[str]] = []

    def client(self, service: str) -> Any:
        return self.aws.client(service)

    def outputs(self, stack: str | None = None) -> Mapping[str, str]:
        del stack
        return OUTPUTS

    def deploy(self, file: Path, *, stack: str | None = None, **parameters: str) -> None:
        del file, stack
        self.deployments.append(self.parameters | parameters)

    def run_tokenvend(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        del stdin
        self.asked.append(arguments)
        code, said = self.commands.pop(0) if len(self.commands) > 1 else self.commands[0]
        return subprocess.CompletedProcess([], code, said, "")


class FakeCallers(Callers):
    """A caller to whom every entry answers with `answers` in turn, the last of them ever after."""

    def __init__(self, account: Account) -> None:
        super().__init__(account, STAND_IN["CallerRoleArn"], ("id", "secret"))
        self.answers: list[dict[str, Any]] = [TOKEN]

    @property
    def keys(self) -> Mapping[str, str]:
        return {}

    def _next(self) -> dict[str, Any]:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def directly(self, credential: str, **event: str) -> dict[str, Any]:
        del credential, event
        return self._next()

    def post(self, path: str, auth: Any, form: Mapping[str, str]) -> dict[str, Any]:
        del path, auth, form
        return self._next()

    def consent(self, credential: str) -> list[str]:
        del credential
        return ["the-link", "the-code"]


@dataclass
class FakeRun:
    """A run, and what it runs on."""

    smoke: Smoke
    account: FakeAccount
    callers: FakeCallers
    aws: FakeAws


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr("time.sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    return now


@pytest.fixture
def fake_run(tmp_path: Path) -> Callable[..., FakeRun]:
    def make(answers: Mapping[str, Answer], **options: Any) -> FakeRun:
        aws = FakeAws(answers)
        account = FakeAccount(aws)
        account.number = "111122223333"
        stand_in = StandIn("https://stand-in.example", "id", "secret", STAND_IN)
        smoke = Smoke(account, tmp_path, Options(**options), stand_in)
        callers = smoke.callers = FakeCallers(account)
        return FakeRun(smoke, account, callers, aws)

    return make
