"""One smoke run: make what it needs, run every row, print the table, remove everything."""

import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import requests
from botocore.exceptions import BotoCoreError, ClientError

from tokenvend_local.errors import LocalStackError
from tokenvend_smoke.account import Account
from tokenvend_smoke.callers import Callers, api_url
from tokenvend_smoke.configuration import (
    BY_AWS,
    MACHINE,
    SCOPES,
    SIGNED,
    USER,
    as_yaml,
    configuration,
)
from tokenvend_smoke.outcome import DidNotHoldError, NotRunError, Result, Row, SmokeVerdict
from tokenvend_smoke.stacks import StackFailedError, StandIn, make_stand_in

#: The exceptions that a row may raise. Any other is a defect of the row itself.
_FAILURES = (
    DidNotHoldError,
    StackFailedError,
    LocalStackError,
    ClientError,
    BotoCoreError,
    requests.RequestException,
    OSError,
)


@dataclass(frozen=True, slots=True)
class Options:
    """Optional resources of the account's owner, without which some rows are not run.

    `other_profile` is a profile of another account; `domain` and `certificate` a name and its
    certificate in ACM; `with_network` has a VPC with a NAT gateway made.
    """

    other_profile: str | None = None
    domain: str | None = None
    certificate: str | None = None
    with_network: bool = True


@dataclass
class Smoke:
    """The state of a run, which each row gets."""

    account: Account
    folder: Path
    options: Options
    stand_in: StandIn
    callers: Callers | None = None
    #: The outputs of the stack that a row deleted.
    former: Mapping[str, str] = field(default_factory=dict)
    #: When the run began, in milliseconds since 1970, as in AWS's logs.
    began_ms: int = field(default_factory=lambda: int(time.time() * 1000))
    _scopes: Iterator[int] = field(default_factory=count)

    @property
    def caller(self) -> Callers:
        """Return the caller, which exists once the deployment is complete.

        Raises:
            NotRunError: the deployment never got so far.
        """
        if self.callers is None:
            raise NotRunError("the deployment never got so far")
        return self.callers

    @property
    def file(self) -> Path:
        """The run's `tokenvend.yaml`."""
        return self.folder / "tokenvend.yaml"

    def new_scope(self) -> str:
        """Return a scope that was not requested before, so that its token must be exchanged.

        Raises:
            NotRunError: every scope was requested already.
        """
        number = next(self._scopes)
        if number >= len(SCOPES):
            raise NotRunError("every scope of the run has been asked for")
        return SCOPES[number]

    def write_file(
        self, doomed: tuple[str, str] | None = None, *, other_role: str | None = None
    ) -> None:
        """Write the run's `tokenvend.yaml`; *doomed* and *other_role* as in `configuration`."""
        self.write(self.configuration(doomed, other_role=other_role))

    def configuration(
        self, doomed: tuple[str, str] | None = None, *, other_role: str | None = None
    ) -> dict[str, Any]:
        """Return the run's file as a mapping that may be changed."""
        pages = api_url(self.account, self.account.outputs()["PagesApiId"])
        return configuration(self.stand_in, f"{pages}/callback/{USER}", doomed, other_role)

    def write(self, document: Mapping[str, Any]) -> None:
        """Write the run's `tokenvend.yaml`."""
        self.file.write_text(as_yaml(document), encoding="utf-8")

    def begin(self) -> None:
        """Deploy for the first time, apply the file, write the secrets, issue the client's.

        Raises:
            LocalStackError: the deployment failed.
            DidNotHoldError: a command failed.
        """
        self.account.deploy(self.file)
        self.write_file()
        self.account.tokenvend("apply", "--yes", "--file", str(self.file))
        for credential in (MACHINE, SIGNED, BY_AWS, USER):
            self.put_secret(credential)
        issued = json.loads(self.account.tokenvend("caller", "new-secret", "smoke", "--json"))
        pair = (issued["client_id"], issued["client_secret"])
        self.callers = Callers(self.account, self.stand_in.outputs["CallerRoleArn"], pair)

    def put_secret(self, credential: str) -> None:
        """Write the stand-in's client id and secret as the secret of *credential*.

        Raises:
            DidNotHoldError: `tokenvend secret put` failed.
        """
        secret = {"client_id": self.stand_in.client_id}
        if credential not in {SIGNED, BY_AWS}:
            secret["client_secret"] = self.stand_in.client_secret
        self.account.tokenvend("secret", "put", credential, stdin=json.dumps(secret))


@dataclass(frozen=True, slots=True)
class Stage:
    """Rows that need the deployment in one state, and the parameters for that state.

    *enter* may first make other resources that they need. No parameters: nothing to deploy.
    """

    title: str
    rows: Sequence[Row]
    enter: Callable[[Smoke], Mapping[str, str]] = lambda _: {}
    is_local: bool = False


def run_rows(smoke: Smoke, stages: Sequence[Stage]) -> Iterator[Result]:
    """Yield the result of every row when it is known. A row's expected exceptions are caught."""
    for stage in stages:
        reason = _enter(smoke, stage)
        for row in stage.rows:
            if reason:
                yield Result(row.what, SmokeVerdict.NOT_RUN, reason)
            elif smoke.account.is_local and not row.is_local:
                yield Result(row.what, SmokeVerdict.NOT_RUN, "only AWS can show it")
            else:
                yield _show(smoke, row)


def _enter(smoke: Smoke, stage: Stage) -> str:
    """Bring the deployment into the stage's state; return why that failed, if it did."""
    if smoke.account.is_local and not stage.is_local:
        return "only AWS can show it"
    sys.stdout.write(f"\n{stage.title}\n")
    try:
        if parameters := stage.enter(smoke):
            smoke.account.deploy(smoke.file, **parameters)
    except NotRunError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001  the rows of the other stages are run all the same
        return f"the deployment could not be brought there: {type(error).__name__} {error}"
    return ""


def _show(smoke: Smoke, row: Row) -> Result:
    sys.stdout.write(f"  {row.what} … ")
    sys.stdout.flush()
    began = time.monotonic()
    try:
        row.show(smoke)
    except NotRunError as error:
        verdict, detail = SmokeVerdict.NOT_RUN, str(error)
    except _FAILURES as error:
        verdict, detail = SmokeVerdict.DID_NOT_HOLD, str(error)
    except Exception as error:  # noqa: BLE001  a fault of this row must not cost all others
        verdict = SmokeVerdict.DID_NOT_HOLD
        detail = f"this row has a fault of its own: {type(error).__name__} {error}"
    else:
        verdict, detail = SmokeVerdict.HELD, ""
    seconds = time.monotonic() - began
    sys.stdout.write(f"{verdict} ({seconds:.0f} s)\n")
    return Result(row.what, verdict, detail, seconds)


def make(account: Account, folder: Path, options: Options) -> Smoke:
    """Make the stand-in and an empty folder for the run's files.

    Raises:
        StackFailedError: the stand-in was not made.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return Smoke(account, folder, options, make_stand_in(account))
