"""`make smoke PROFILE=… REGION=…`: deploy, show every row, remove everything."""

import argparse
import re
import secrets
import signal
import sys
from collections.abc import Sequence

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table

from tokenvend_deploy.refusals import explain_failure
from tokenvend_local import places
from tokenvend_local.errors import LocalStackError
from tokenvend_local.progress import step_shown
from tokenvend_smoke.account import Account
from tokenvend_smoke.outcome import DidNotHoldError, Result, SmokeVerdict
from tokenvend_smoke.removal import remove_everything
from tokenvend_smoke.run import Options, make, run_rows
from tokenvend_smoke.stacks import StackFailedError
from tokenvend_smoke.stages import STAGES

_STACK_CHARACTERS = 60
_COLOURS = {
    SmokeVerdict.HELD: "green",
    SmokeVerdict.DID_NOT_HOLD: "bold red",
    SmokeVerdict.NOT_RUN: "yellow",
}
_WIDTH = 110
_DESCRIPTION = "tokenvend, bearer tokens"


def main(arguments: Sequence[str]) -> int:
    """Prove on a real AWS account what the local stack cannot show.

    It makes some ten stacks of its own one after another, takes about two hours, costs a few
    dollars at most, and removes everything at the end. Until now nobody has run it on AWS.
    """
    parser = _parser()
    parsed = parser.parse_args(arguments)
    if parsed.remove and not re.fullmatch(r"smoke-[0-9a-f]{8}", parsed.remove):
        parser.error("--remove takes the name that a smoke run gave itself: smoke-…")
    account = _account(parsed)
    if parsed.remove:
        return _remove(account)
    try:
        _look(account, alongside=parsed.alongside)
    except (BotoCoreError, ClientError) as error:
        return _end(explain_failure(error))
    except DidNotHoldError as error:
        return _end(str(error))
    sys.stdout.write(
        f"Account {account.number}, {account.region}, deployment {account.deployment_id}.\n"
        "About two hours, a few dollars at most. Everything is removed at the end; should this\n"
        f"program be killed, `make smoke … REMOVE={account.deployment_id}` removes it.\n"
    )
    if not parsed.yes and input("Go on? [y/N] ").strip().lower() != "y":
        return _end("Nothing was made.")
    return _run(account, parsed)


def _run(account: Account, parsed: argparse.Namespace) -> int:
    # A signal counts as an interruption, after which everything that was made is removed.
    for end in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(end, signal.default_int_handler)
    options = Options(
        parsed.other_profile, parsed.domain, parsed.certificate, parsed.network == "yes"
    )
    results: list[Result] = []
    failure = ""
    try:
        with step_shown("Making the stand-in provider"):
            smoke = make(account, places.BUILD / "smoke", options)
        smoke.begin()
        results.extend(run_rows(smoke, STAGES))
    except (BotoCoreError, ClientError) as error:
        failure = explain_failure(error)
    except (LocalStackError, StackFailedError, DidNotHoldError) as error:
        failure = str(error)
    except KeyboardInterrupt:
        failure = "it was interrupted."
    except Exception as error:  # noqa: BLE001  whatever happened: what is left costs money
        failure = f"this run has a fault of its own: {type(error).__name__} {error}"
    left = _removed(account)
    seen = {each.what for each in results}
    results += [
        Result(row.what, SmokeVerdict.NOT_RUN, "the run ended early")
        for stage in STAGES
        for row in stage.rows
        if row.what not in seen
    ]
    _show(results)
    if failure:
        return _end(f"The run ended early: {failure}")
    return int(bool(left) or any(each.verdict is SmokeVerdict.DID_NOT_HOLD for each in results))


def _remove(account: Account) -> int:
    """Remove what a former run left."""
    return int(bool(_removed(account)))


def _removed(account: Account) -> list[str]:
    for end in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(end, signal.SIG_IGN)
    with step_shown("Removing everything, which cannot be interrupted"):
        left = remove_everything(account)
    for each in left:
        sys.stdout.write(f"Still there, remove it by hand: {each}\n")
    return left


def _account(parsed: argparse.Namespace) -> Account:
    deployment = parsed.remove or f"smoke-{secrets.token_hex(4)}"
    account = Account(
        parsed.region,
        parsed.profile,
        parsed.endpoint_url,
        f"{deployment}-".ljust(_STACK_CHARACTERS, "x"),
        deployment,
    )
    account.parameters = {
        "DeploymentId": deployment,
        "ConsentPages": "true",
        "DeletionProtection": "false",
    }
    if account.is_local:
        account.parameters |= {"LocalStack": "true", "Architecture": places.architecture()}
    return account


def _look(account: Account, *, alongside: bool) -> None:
    """Check that a run can begin here; return whether it must make API Gateway's role for logs.

    Raises:
        DidNotHoldError: there is a tokenvend in this account and Region already, or the
            credentials would end before the run.
    """
    if not account.is_local and account.has_keys_that_end:
        raise DidNotHoldError(
            "These credentials are a session's, and nothing renews them: they would end before the"
            " run, and nothing could be removed then. Use a profile (SSO, or a role to assume)."
        )
    pages = account.client("cloudformation").get_paginator("describe_stacks").paginate()
    others = [
        stack["StackName"]
        for page in pages
        for stack in page["Stacks"]
        if stack.get("Description", "").startswith(_DESCRIPTION)
    ]
    if others and not alongside:
        raise DidNotHoldError(
            f"There is a tokenvend in this account and Region already: {', '.join(others)}. This"
            " run alters items, disables a key and makes functions fail on purpose, and the alarms"
            " of that deployment count the same metrics. Use another account or Region, or say"
            " ALONGSIDE=yes."
        )
    has_role = account.client("apigateway").get_account().get("cloudwatchRoleArn")
    if not account.is_local and not has_role:
        account.parameters["ApiGatewayLogsRole"] = "true"


def _show(results: Sequence[Result]) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_WIDTH)
    table = Table(title="What held", title_justify="left")
    table.add_column("what", overflow="fold")
    table.add_column("verdict", no_wrap=True)
    table.add_column("more", overflow="fold")
    for each in results:
        colour = _COLOURS[each.verdict]
        table.add_row(each.what, f"[{colour}]{each.verdict}[/]", each.detail)
    console.print(table)
    counts = [f"{sum(r.verdict is verdict for r in results)} {verdict}" for verdict in SmokeVerdict]
    console.print(", ".join(counts) + ".")


def _end(text: str) -> int:
    sys.stderr.write(f"\n{text}\n")
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make smoke", description=main.__doc__)
    parser.add_argument("--region", required=True, help="the AWS Region")
    parser.add_argument("--profile", help="a profile of your AWS settings, of an administrator")
    parser.add_argument("--other-profile", help="a profile of another account")
    parser.add_argument("--domain", help="a name that --certificate is for")
    parser.add_argument("--certificate", help="the ARN of a certificate in ACM")
    parser.add_argument("--network", choices=("yes", "no"), default="yes", help="make a VPC")
    parser.add_argument("--alongside", action="store_true", help="beside another tokenvend")
    parser.add_argument("--remove", metavar="DEPLOYMENT", help="remove what a killed run left")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--endpoint-url", help="a local AWS: only what it can show")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
