"""Write many secrets: every line is checked first, then the good ones are written in parallel."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache

from botocore.exceptions import BotoCoreError, ClientError

from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend_cli.deployment.secret_lines import LineProblem, SecretLine
from tokenvend_cli.deployment.secret_status import SecretName, parse_secret_name
from tokenvend_cli.deployment.secrets import Secrets
from tokenvend_cli.problems import CommandError, UsageError

#: As many as keep the pace of `Secrets` where AWS answers within 250 ms.
WORKERS = 8
#: How often one call is tried before its line is given up. AWS's client waits longer each time.
ATTEMPTS = 10

type FindDefinition = Callable[[str], CredentialDefinition]
type Value = dict[str, str]
#: The fields to write, and the definition with a tenant's own values in it.
type CheckFields = Callable[
    [CredentialDefinition, Mapping[str, str]], tuple[Value, CredentialDefinition]
]

_AGAIN = "import the same file again: what is written stays as it is"
_ADVICE = {
    "AccessDeniedException": "your role lacks a right: SecretWriterPolicyArn has them all",
    "InvalidRequestException": "a secret of this name is being deleted: restore it, or wait",
    "LimitExceededException": "the account's quota of secrets is used up: have it raised",
}
#: Errors that every other line would meet too, so the import ends.
_SIGNED_OUT = frozenset(
    {
        *("ExpiredToken", "ExpiredTokenException", "UnrecognizedClientException"),
        *("InvalidClientTokenId", "InvalidSignatureException"),
    }
)


class ImportOutcome(StrEnum):
    """What happened to a valid line."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
    CHECKED = "checked"
    FAILED = "failed"
    NOT_TRIED = "not_tried"


@dataclass(frozen=True, slots=True)
class Checked:
    """A line that can be written: which secret, and its fields."""

    number: int
    name: SecretName
    definition: CredentialDefinition
    value: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Result:
    """What happened to one line; `problem` says why it failed."""

    name: SecretName
    outcome: ImportOutcome
    problem: LineProblem | None = None


def check_lines(
    definition_of: FindDefinition,
    lines: Iterable[SecretLine | LineProblem],
    check_fields: CheckFields,
) -> tuple[list[Checked], list[LineProblem]]:
    """Return the lines that can be written, and the problems of the others.

    Where two lines name one secret, neither is written: nobody can say which is right.
    """
    definition_of = cache(definition_of)
    problems: list[LineProblem] = []
    by_name: dict[SecretName, list[Checked]] = defaultdict(list)
    for line in lines:
        found = _check(line, definition_of, check_fields)
        if isinstance(found, LineProblem):
            problems.append(found)
        else:
            by_name[found.name].append(found)
    for name, same in by_name.items():
        if len(same) > 1:
            numbers = " and ".join(str(each.number) for each in same)
            what = f"lines {numbers} are the same secret: keep one of them"
            problems += [LineProblem(each.number, what, str(name)) for each in same]
    good = [same[0] for same in by_name.values() if len(same) == 1]
    return good, sorted(problems, key=lambda problem: problem.number)


def _check(
    line: SecretLine | LineProblem,
    definition_of: FindDefinition,
    check_fields: CheckFields,
) -> Checked | LineProblem:
    if isinstance(line, LineProblem):
        return line
    try:
        name = parse_secret_name(line.name if line.tenant is None else f"{line.name}/{line.tenant}")
    except UsageError:
        # The value is not quoted: it may be a secret that was put there by mistake.
        return LineProblem(line.number, "name or tenant cannot be one: see how the file writes it")
    try:
        definition = definition_of(name.credential)
    except CommandError:
        what = "no credential of this name is deployed: add it to the file, and apply"
        return LineProblem(line.number, what)
    if why := _why_not(name, definition):
        return LineProblem(line.number, why, definition.name)
    try:
        value, bound = check_fields(definition, line.fields)
        return Checked(line.number, name, bound, value)
    except UsageError as error:
        return LineProblem(line.number, str(error), str(name))


def _why_not(name: SecretName, definition: CredentialDefinition) -> str | None:
    if definition.family and name.tenant is None:
        return "a family has a secret for each tenant: give the tenant"
    if not definition.family and name.tenant is not None:
        return "the credential is no family: leave the tenant out"
    if definition.secret is not None:
        return f"it uses your own secret {definition.secret.arn}: change its value there"
    return None


class SecretImport:
    """Writes checked lines. What an interrupted run left out, the next one writes."""

    def __init__(self, secrets: Secrets, *, new_host: str | None, dry_run: bool) -> None:
        self._secrets = secrets
        self._new_host = new_host
        self._dry_run = dry_run
        self._stopped = threading.Event()

    def run(self, lines: Iterable[Checked], advance: Callable[[], object]) -> list[Result]:
        """Write *lines*, and call *advance* after each.

        An interrupt, or an AWS that cannot be reached, ends the import: calls in progress are
        awaited, and the remaining lines are not tried.
        """
        with ThreadPoolExecutor(WORKERS) as pool:
            running = [pool.submit(self._attempt, line) for line in lines]
            try:
                for _ in as_completed(running):
                    advance()
            except KeyboardInterrupt:
                self._stopped.set()
        return [each.result() for each in running]

    def _attempt(self, line: Checked) -> Result:
        if self._stopped.is_set():
            return Result(line.name, ImportOutcome.NOT_TRIED)
        try:
            return Result(line.name, self._write(line))
        except CommandError as error:
            what = str(error)
        except ClientError as error:
            what = self._refused(error)
        except BotoCoreError as error:
            self._stopped.set()
            what = f"AWS did not answer ({type(error).__name__}): {_AGAIN}"
        return Result(
            line.name, ImportOutcome.FAILED, LineProblem(line.number, what, str(line.name))
        )

    def _refused(self, error: ClientError) -> str:
        """Return why AWS refused, without AWS's own message, which may quote the request."""
        code = error.response["Error"]["Code"]
        if code in _SIGNED_OUT:
            self._stopped.set()
        return f"AWS refused {error.operation_name} ({code}): {_ADVICE.get(code, _AGAIN)}"

    def _write(self, line: Checked) -> ImportOutcome:
        seen = self._secrets.look(line.name, line.definition)
        if seen.host not in {None, seen.wanted_host} and self._new_host != seen.wanted_host:
            raise CommandError(
                f"is stored for {seen.host}, but the deployed file says"
                f" {seen.wanted_host}: if you want that, add --new-host {seen.wanted_host}"
            )
        if self._dry_run:
            return ImportOutcome.CHECKED
        written = self._secrets.put_if_changed(seen, line.value)
        return ImportOutcome.WRITTEN if written else ImportOutcome.UNCHANGED
