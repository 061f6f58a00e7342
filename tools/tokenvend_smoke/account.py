"""The AWS account under test: its clients, the deployment in it, and the commands."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
from botocore.credentials import RefreshableCredentials

from tokenvend_deploy.deploying import DeploymentRequest, deploy
from tokenvend_deploy.stack import read_stack
from tokenvend_local import places
from tokenvend_smoke.outcome import DidNotHoldError

_COMMAND_SECONDS = 300


@dataclass
class Account:
    """One account and Region. `endpoint_url` is that of a local AWS, else `None`."""

    region: str
    profile: str | None
    endpoint_url: str | None
    stack: str
    deployment_id: str
    #: The template's parameters as they were last deployed.
    parameters: dict[str, str] = field(default_factory=dict)
    _outputs: dict[str, Mapping[str, str]] = field(default_factory=dict, repr=False)

    @property
    def is_local(self) -> bool:
        """Whether it is a local AWS."""
        return self.endpoint_url is not None

    @cached_property
    def _session(self) -> Any:
        return boto3.Session(region_name=self.region, profile_name=self.profile)

    def client(self, service: str) -> Any:
        """Return a boto3 client with the credentials of the person who runs this."""
        return self._session.client(service, endpoint_url=self.endpoint_url)

    def client_as(self, keys: Mapping[str, str], service: str) -> Any:
        """Return a boto3 client with other *keys* (those that `boto3.Session` takes)."""
        session: Any = boto3.Session
        session = session(region_name=self.region, **keys)
        return session.client(service, endpoint_url=self.endpoint_url)

    @property
    def has_keys_that_end(self) -> bool:
        """Whether the credentials are those of a session that is not renewed."""
        found = self._session.get_credentials()
        return bool(found and found.token and not isinstance(found, RefreshableCredentials))

    @cached_property
    def number(self) -> str:
        """The account's number."""
        return str(self.client("sts").get_caller_identity()["Account"])

    def outputs(self, stack: str | None = None) -> Mapping[str, str]:
        """The outputs of the deployment's stack, or of another.

        Raises:
            DidNotHoldError: there is no such stack.
        """
        name = stack or self.stack
        if name not in self._outputs:
            found = read_stack(self.client("cloudformation"), name)
            if found is None:
                raise DidNotHoldError(f"there is no stack {name}")
            self._outputs[name] = found.outputs
        return self._outputs[name]

    def forget_outputs(self) -> None:
        """Forget the cached outputs, because a stack is changed or deleted."""
        self._outputs.clear()

    def deploy(self, file: Path, *, stack: str | None = None, **parameters: str) -> None:
        """`make deploy` of this folder, with *parameters* beside those deployed before.

        Raises:
            LocalStackError: it failed; the text says why.
        """
        name = stack or self.stack
        own = self.parameters | parameters
        order = DeploymentRequest(name, self.region, self.profile, own, file, self.endpoint_url)
        try:
            deploy(self.client, order, self.region)
        finally:
            self.forget_outputs()
        if name == self.stack:
            self.parameters = own

    def tokenvend(self, *arguments: str, stdin: str = "", may_fail: bool = False) -> str:
        """Run the `tokenvend` command for the deployment, and return what it prints.

        Raises:
            DidNotHoldError: it ended with a code that is neither 0 nor expected.
        """
        ended = self.run_tokenvend(*arguments, stdin=stdin)
        if ended.returncode and not may_fail:
            said = (ended.stderr or ended.stdout).strip()
            raise DidNotHoldError(f"`tokenvend {arguments[0]}` ended with an error: {said}")
        return ended.stdout

    def run_tokenvend(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run the `tokenvend` command against the deployment, and say how it ended."""
        given = {"--stack": self.stack, "--region": self.region, "--profile": self.profile}
        options = [part for pair in given.items() if pair[1] for part in pair]
        if self.endpoint_url:
            options += ["--endpoint-url", self.endpoint_url]
        return subprocess.run(
            [str(places.VENV / "bin" / "tokenvend"), *map(str, options), *arguments],
            env=dict(os.environ),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=_COMMAND_SECONDS,
        )
