"""First deployments that fail leave nothing behind, protected or not."""

from collections.abc import Mapping

from tokenvend_deploy.failed_stack import remove_failed_stack
from tokenvend_deploy.retained import retained_kinds
from tokenvend_deploy.stack import read_stack
from tokenvend_local import artifact, places
from tokenvend_local.errors import LocalStackError
from tokenvend_local.sam import run_sam_for_aws
from tokenvend_smoke.account import Account
from tokenvend_smoke.outcome import DidNotHoldError, require
from tokenvend_smoke.run import Smoke
from tokenvend_smoke.stacks import resources_made

BROKEN, PROTECTED = "broken", "broken-protected"


def broken_stacks(account: Account) -> tuple[str, str]:
    """Return the names of the two stacks that are meant to fail."""
    return f"{BROKEN}-{account.deployment_id}", f"{PROTECTED}-{account.deployment_id}"


def a_failed_first_deployment_leaves_nothing(smoke: Smoke) -> None:
    """Deploy a stack that cannot be made: no table, log group or key of it is left."""
    stack, _ = broken_stacks(smoke.account)
    try:
        smoke.account.deploy(smoke.folder / "none.yaml", stack=stack, **_cannot_work(smoke))
    except LocalStackError:
        _nothing_is_left(smoke.account, stack)
        return
    raise DidNotHoldError("a web ACL that does not exist was deployed")


def a_protected_one_is_removed_by_one_command(smoke: Smoke) -> None:
    """Deployed with protection, the roll back stops; `--remove-failed` removes what is left."""
    account, (_, stack) = smoke.account, broken_stacks(smoke.account)
    parameters = account.parameters | _cannot_work(smoke) | {"DeletionProtection": "true"}
    try:
        _create(smoke, stack, parameters)
    except LocalStackError:
        found = read_stack(account.client("cloudformation"), stack)
        status = found.status if found else "not there"
        require(status == "ROLLBACK_FAILED", f"it is {status}")
        remove_failed_stack(account.client, stack)
        _nothing_is_left(account, stack)
        return
    raise DidNotHoldError("a web ACL that does not exist was deployed")


def _create(smoke: Smoke, stack: str, parameters: Mapping[str, str]) -> None:
    account = smoke.account
    run_sam_for_aws(
        *("deploy", "--template-file", str(artifact.AWS_BUILD / "template.yaml")),
        *("--stack-name", stack, "--resolve-s3", "--capabilities", "CAPABILITY_IAM"),
        *("--no-confirm-changeset", "--no-progressbar", "--region", account.region),
        *(("--profile", account.profile) if account.profile else ()),
        *("--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items())),
        log=places.BUILD / "smoke" / "broken.log",
        endpoint=account.endpoint_url,
    )


def _cannot_work(smoke: Smoke) -> dict[str, str]:
    """Return a deployment of its own with a missing web ACL, on which AWS fails late."""
    account = smoke.account
    # The logs role is the account's: if these stacks made it, removing them would remove it.
    own = {"DeploymentId": f"{account.deployment_id[:29]}-b", "ApiGatewayLogsRole": "false"}
    if account.is_local:
        # The local AWS knows no web ACLs. The one of the tests fails stacks of these names.
        return own
    where = f"arn:aws:wafv2:{account.region}:{account.number}:regional"
    return own | {"WebAclArn": f"{where}/webacl/none/00000000-0000-0000-0000-000000000000"}


def _nothing_is_left(account: Account, stack: str) -> None:
    cloudformation = account.client("cloudformation")
    require(read_stack(cloudformation, stack) is None, f"the stack {stack} is left")
    made = resources_made(cloudformation, stack)
    require(made, f"CloudFormation never began to make {stack}")
    left = [
        f"{kind.label} {each.name}"
        for kind in retained_kinds(account.client)
        for each in made
        if each.type == kind.type and kind.exists(each.name)
    ]
    require(not left, f"left: {', '.join(left)}")
