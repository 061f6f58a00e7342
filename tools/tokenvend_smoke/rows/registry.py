"""What `tokenvend apply` says of a principal that is gone."""

import itertools
import json

from tokenvend_smoke.configuration import DOOMED
from tokenvend_smoke.run import Smoke
from tokenvend_smoke.waiting import wait_until


def a_deleted_principal_is_named(smoke: Smoke) -> None:
    """Its caller is named, the command ends with 1, and others' changes are applied."""
    account, iam = smoke.account, smoke.account.client("iam")
    name = f"{account.deployment_id}-doomed"
    anybody_here = {"Effect": "Allow", "Principal": {"AWS": account.number}}
    statement = {**anybody_here, "Action": "sts:AssumeRole"}
    role = iam.create_role(
        RoleName=name,
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )["Role"]["Arn"]
    apply = ("apply", "--yes", "--file", str(smoke.file))
    try:
        smoke.write_file((role, "s1"))
        wait_until(
            lambda: account.run_tokenvend(*apply).returncode == 0,
            minutes=3,
            otherwise="a caller with a role that is there was not applied",
        )
    finally:
        iam.delete_role(RoleName=name)
    scopes = itertools.cycle(("s2", "s3"))

    def named() -> bool:
        # Until all of IAM knows that the role is gone, it is taken; so each try changes something.
        smoke.write_file((role, next(scopes)))
        ended = account.run_tokenvend(*apply)
        return ended.returncode == 1 and DOOMED in ended.stdout + ended.stderr

    try:
        wait_until(
            named, minutes=5, otherwise=f"`tokenvend apply` does not end with 1 and {DOOMED}"
        )
    finally:
        smoke.write_file()
        account.tokenvend(*apply)
