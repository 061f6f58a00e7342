"""Run ministack with seven behaviours corrected to match AWS. Run by ministack's own interpreter.

1. On AWS a function that API Gateway or EventBridge invokes through an alias sees that alias in
   `context.invoked_function_arn`, and the functions answer only through `live` because of that.
   ministack 1.5.33 shows them the version behind the alias.
2. On AWS a rule invokes a function only if the policy of the alias lets this rule do so. ministack
   does not ask the policy.
3. On AWS a PutSecretValue whose ClientRequestToken is the id of a version that is there does
   nothing if the value is the same, and is refused if it is another. ministack overwrites it.
4. On AWS what a function raises has its class as `errorType`, which state machines go by.
   ministack calls all of them the same.
5. On AWS EventBridge invokes a function asynchronously: Lambda retries it, and then gives the event
   to its destination. ministack runs it once.
6. On AWS a schedule of EventBridge Scheduler invokes its target by the role that it names.
   ministack does not ask the role.
7. On AWS a function writes to a log group that is gone only if its role may make log groups.
   ministack makes the group, so that an invocation under way brought back a deleted stack's group.

The project's code must not adapt to these differences, so ministack is patched instead.

Templates are read by libyaml: ministack answers nothing while it reads one, and in plain Python
the template takes longer than the functions wait for DynamoDB on a busy machine.
"""

import copy
import json
import logging
import re
import sys
from contextvars import ContextVar
from typing import Any

import yaml
from ministack.app import main
from ministack.core.iam_evaluator import (
    EvalContext,
    _gather_role_policies,
    evaluate,
    evaluate_resource_policy,
)
from ministack.core.responses import error_response_json, json_response
from ministack.services import cloudwatch_logs, eventbridge, lambda_svc, secretsmanager
from ministack.services.cloudformation import engine

_EVENTS = "events.amazonaws.com"
_find_record = lambda_svc._get_func_record_for_ref_in_scope  # noqa: SLF001
_invoke_target = eventbridge._invoke_target  # noqa: SLF001
_put_secret_value = secretsmanager._put_secret_value  # noqa: SLF001
_execute_warm = lambda_svc._execute_function_warm  # noqa: SLF001
_emit_logs = lambda_svc._emit_lambda_logs  # noqa: SLF001
_logger = logging.getLogger("events")
#: The ARN of the rule whose target is being invoked.
_rule_arn: ContextVar[str] = ContextVar("rule_arn", default="")
#: The ARN of the role by which a schedule invokes its target.
_role_arn: ContextVar[str] = ContextVar("role_arn", default="")
#: The line of a traceback that names the exception, with or without its module.
_RAISED = re.compile(r"^(?:[\w.]+\.)?(\w+)(?::.*)?$", re.MULTILINE)


def _find_record_by_alias(reference: str, **scope: Any) -> Any:
    """Return ministack's record for *reference*; its configuration names the requested alias."""
    data, config, name = _find_record(reference, **scope)
    if config is not None and reference.count(":") == 7:
        config = copy.copy(config)
        config["FunctionArn"] = reference
    return data, config, name


def _invoke_target_of_rule(target: Any, event: Any, rule: Any, view: Any = None) -> None:
    """Invoke a rule's target, remembering which rule it was."""
    rule_token = _rule_arn.set(rule.get("Arn", ""))
    role_token = _role_arn.set(target.get("RoleArn", ""))
    try:
        _invoke_target(target, event, rule, view)
    finally:
        _rule_arn.reset(rule_token)
        _role_arn.reset(role_token)


def _dispatch_through_alias(arn: str, payload: str) -> None:
    """Invoke the alias *arn* as EventBridge does: under the alias's name, if that is allowed."""
    function, _, _ = lambda_svc._get_base_func_record_for_ref(arn)  # noqa: SLF001
    scheduled = ":scheduler:" in _rule_arn.get()
    if function is None or not (
        _role_may(_role_arn.get(), "lambda:InvokeFunction", arn)
        if scheduled
        else _may_invoke(function.get("policy"), arn)
    ):
        _logger.error("EventBridge → Lambda: nothing lets %s invoke %s", _rule_arn.get(), arn)
        return
    version, config, _ = _find_record_by_alias(arn)
    record = lambda_svc._execution_record_for_config(version, config)  # noqa: SLF001
    lambda_svc.invoke_async_with_retry(record, json.loads(payload))


def _role_may(role_arn: str, action: str, arn: str) -> bool:
    """Whether the policies of the role allow *action* on *arn*, a resource of its own account."""
    _, _, _, region, account, _ = arn.split(":", 5)
    policies = _gather_role_policies(role_arn.rpartition("/")[2], account)
    context = EvalContext(
        principal_arn=role_arn,
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=arn,
        region=region,
        service_context={},
    )
    return bool(evaluate(context, policies).decision == "Allow")


def _emit_logs_as_the_role(func: dict[str, Any], *logged: Any, **source: Any) -> None:
    """Write what a function logged, unless its log group is gone and its role may not make one."""
    config = func.get("config") or func
    _, _, _, region, account, _, name = config["FunctionArn"].split(":")[:7]
    group = config.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{name}"
    arn = f"arn:aws:logs:{region}:{account}:log-group:{group}"
    if group in cloudwatch_logs._log_groups or _role_may(  # noqa: SLF001
        config["Role"], "logs:CreateLogGroup", arn
    ):
        _emit_logs(func, *logged, **source)


class _QuickTemplateLoader(yaml.CSafeLoader):
    """ministack's loader of templates on libyaml's parser."""

    yaml_constructors = engine.CfnLoader.yaml_constructors
    yaml_implicit_resolvers = engine.CfnLoader.yaml_implicit_resolvers


def _execute_and_name_what_was_raised(func: Any, event: Any, request_id: str) -> dict[str, Any]:
    """Run a function; an exception's `errorType` is its class name, as in Lambda's runtime."""
    result: dict[str, Any] = _execute_warm(func, event, request_id)
    body = result.get("body")
    if result.get("error") and isinstance(body, dict):
        _, traceback, frames = result.get("log", "").rpartition(
            "Traceback (most recent call last):"
        )
        raised = _RAISED.search(frames) if traceback else None
        if raised and body.get("errorType") == "Runtime.HandlerError":
            body["errorType"] = raised[1]
    return result


def _may_invoke(policy: Any, arn: str) -> bool:
    context = EvalContext(
        principal_arn=_EVENTS,
        principal_type="Service",
        principal_account="",
        action="lambda:InvokeFunction",
        resource_arn=arn,
        region=arn.split(":")[3],
        service_context={"aws:sourcearn": _rule_arn.get()},
    )
    return bool(evaluate_resource_policy(policy, context, service=_EVENTS).decision == "Allow")


def _put_secret_value_once(data: dict[str, Any]) -> Any:
    """Put a value; if the version with that id exists, only compare with it."""
    name, secret = secretsmanager._resolve(data.get("SecretId"))  # noqa: SLF001
    version_id = data.get("ClientRequestToken")
    version = (secret or {}).get("Versions", {}).get(version_id)
    if version is None:
        return _put_secret_value(data)
    if any(version.get(kind) != data.get(kind) for kind in ("SecretString", "SecretBinary")):
        message = f"You can't use ClientRequestToken {version_id}: a version has it already."
        return error_response_json("ResourceExistsException", message, 400)
    found = {"ARN": secret["ARN"], "Name": name, "VersionId": version_id}
    return json_response(found | {"VersionStages": list(version["Stages"])})


lambda_svc._get_func_record_for_ref_in_scope = _find_record_by_alias  # noqa: SLF001
lambda_svc._execute_function_warm = _execute_and_name_what_was_raised  # noqa: SLF001
eventbridge._invoke_target = _invoke_target_of_rule  # noqa: SLF001
secretsmanager._put_secret_value = _put_secret_value_once  # noqa: SLF001
eventbridge._dispatch_to_lambda = _dispatch_through_alias  # noqa: SLF001
lambda_svc._emit_lambda_logs = _emit_logs_as_the_role  # noqa: SLF001
engine.CfnLoader = _QuickTemplateLoader

if __name__ == "__main__":
    sys.exit(main())
