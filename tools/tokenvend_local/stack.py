"""The whole local stack as one value: a local AWS with the deployment in it, and a provider."""

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tokenvend_local import artifact, deployment, function_logs, local_aws, places, processes
from tokenvend_local.demo_provider.__main__ import KEY_VARIABLE
from tokenvend_local.demo_provider.client import ProviderControl
from tokenvend_local.deployment import Deployed, client
from tokenvend_local.errors import LocalStackError
from tokenvend_local.principals import Principal, Principals
from tokenvend_local.processes import Process
from tokenvend_local.progress import Step, silent

_PROVIDER_SECONDS = 10.0
_COMMAND_SECONDS = 60.0


class CommandFailedError(LocalStackError):
    """A `tokenvend` command that ended with another code than 0."""

    def __init__(self, words: str, code: int, said: str) -> None:
        super().__init__(f"`tokenvend {words}` ended with {code}:\n{said.strip()}")
        self.code = code


@dataclass(frozen=True, slots=True)
class LocalStack:
    """A running local stack. Everything it writes is in `folder`."""

    folder: Path
    deployed: Deployed
    provider: ProviderControl
    processes: tuple[Process, ...] = field(default=())
    #: Patterns of errors that the functions may log, because a test provokes them.
    expected_errors: set[str] = field(default_factory=set)

    @property
    def endpoint(self) -> str:
        """Return the endpoint of the local AWS."""
        return self.deployed.endpoint

    @property
    def api_url(self) -> str:
        """The address before `/iam/…` and `/oauth2/…`."""
        return self.deployed.api_url

    @property
    def principals(self) -> Principals:
        """Return the maker of roles and users for tests."""
        return Principals(self.deployed)

    def client(self, service: str, **credentials: str) -> Any:
        """A boto3 client: as the account's root, or with *credentials*."""
        return client(self.endpoint, service, **credentials)

    def physical_ids(self) -> dict[str, str]:
        """The name or ARN of each resource of the stack, by its logical id in the template."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources")
        return {
            resource["LogicalResourceId"]: resource["PhysicalResourceId"]
            for page in pages.paginate(StackName=places.STACK_NAME)
            for resource in page["StackResourceSummaries"]
        }

    def environment(self) -> dict[str, str]:
        """The environment in which a command talks to this stack."""
        path = f"{places.VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
        return places.environment(
            {"PATH": path, "TOKENVEND_STACK": places.STACK_NAME},
            endpoint=self.endpoint,
            inherited=os.environ,
        )

    def tokenvend(
        self,
        *arguments: str,
        stdin: str = "",
        principal: Principal | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> str:
        """Run the `tokenvend` command against this stack, as root or as *principal*.

        *variables* go into its environment. What it printed is returned.

        Raises:
            CommandFailedError: it ended with another code than 0.
        """
        ended = subprocess.run(
            [str(places.VENV / "bin" / "tokenvend"), *arguments],
            env=self.environment()
            | (principal.as_environment() if principal else {})
            | dict(variables or {}),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=_COMMAND_SECONDS,
        )
        if ended.returncode:
            said = ended.stderr + ended.stdout
            raise CommandFailedError(" ".join(arguments), ended.returncode, said)
        return ended.stdout

    def logs(self) -> str:
        """Return all logs of the stack: the functions, the local AWS, the provider, sam."""
        files = sorted(set(self.folder.glob("*.log")) - {self.folder / function_logs.FILE})
        written = [path.read_text("utf-8", errors="replace") for path in files]
        return "\n".join([*written, *self.function_logs()])

    def function_logs(self) -> list[str]:
        """Every line that the functions logged, oldest first in each of their log groups."""
        lines = function_logs.read(self.client("logs"))
        return [line for group in lines.values() for line in group]

    def check_functions(self) -> None:
        """Check that no function logged an error, except those in `expected_errors`.

        Raises:
            FunctionsFailedError: one did.
        """
        function_logs.check(function_logs.read(self.client("logs")), self.expected_errors)


@contextmanager
def local_stack(
    folder: Path,
    *,
    step: Step = silent,
    parameters: Mapping[str, str] | None = None,
    variables: Mapping[str, str] | None = None,
) -> Iterator[LocalStack]:
    """Run a local stack during the block, and stop all of it at the end, also after an error.

    *folder* takes its logs and temporary files; *parameters* are the template's; *variables* are
    the functions' beyond the template's, as AWS's own runtime adds some.

    Raises:
        LocalStackError: a part of it did not start.
        FunctionsFailedError: a function logged an error that `expected_errors` does not name.
    """
    stack = start(folder, step=step, parameters=parameters, variables=variables)
    try:
        yield stack
        stack.check_functions()
    finally:
        _leave_function_logs(stack)
        stop(stack.processes)
        shutil.rmtree(folder / local_aws.TEMPORARY, ignore_errors=True)


def start(
    folder: Path,
    *,
    step: Step = silent,
    parameters: Mapping[str, str] | None = None,
    variables: Mapping[str, str] | None = None,
) -> LocalStack:
    """Start a local stack that runs until `stop`. If that fails, nothing is left running.

    Raises:
        LocalStackError: a part of it did not come up.
    """
    started: list[Process] = []
    try:
        if not artifact.is_built():
            with step("Building the functions"):
                artifact.build(folder / "build.log")
        with step("Starting the local AWS"):
            aws, endpoint = local_aws.start(folder, variables=variables)
            started.append(aws)
        with step("Deploying the template"):
            deployed = deployment.deploy(endpoint, folder / "deploy.log", parameters)
        with step("Starting the demo provider"):
            process, provider = _start_provider(folder)
            started.append(process)
    except BaseException:
        stop(tuple(started))
        raise
    return LocalStack(folder, deployed, provider, tuple(started))


def _leave_function_logs(stack: LocalStack) -> None:
    try:
        lines = function_logs.read(stack.client("logs"))
    except (BotoCoreError, ClientError):
        # The local AWS has ended, and its logs are lost; the original error matters more.
        return
    (stack.folder / function_logs.FILE).write_text(function_logs.as_text(lines))


def stop(started: tuple[Process, ...]) -> None:
    """Stop the processes, in reverse order of their start."""
    for process in reversed(started):
        processes.stop(process)


def _start_provider(folder: Path) -> tuple[Process, ProviderControl]:
    key = secrets.token_urlsafe(24)
    log = folder / "provider.log"
    process = processes.start(
        "The demo provider",
        [str(places.VENV / "bin" / "python"), "-m", "tokenvend_local.demo_provider"],
        environ=places.environment({KEY_VARIABLE: key}, inherited=os.environ),
        log=log,
    )
    try:
        processes.wait_until(
            process,
            lambda: log.read_text().startswith("{") and "\n" in log.read_text(),
            within_seconds=_PROVIDER_SECONDS,
            log=log,
        )
    except BaseException:
        processes.stop(process)
        raise
    where = json.loads(log.read_text().splitlines()[0])
    return process, ProviderControl(where["control_url"], key, where["url"])
