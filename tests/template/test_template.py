"""What no stand-in checks, read off the template itself."""

import json
import re
from typing import Any

import pytest
from tests.template.deployed import deployed

from tokenvend.adapters.dynamodb.connection_store import SET_PENDING
from tokenvend.adapters.dynamodb.token_store import RENEWALS
from tokenvend.domain import bounds
from tokenvend.domain.untrusted import Distrust
from tokenvend.refresh_tokens.connection_events import ConnectionEventType

HTTP_FUNCTIONS = ["VendIam", "VendOauth2", "Metadata", "Jwks"]
FUNCTIONS = [*HTTP_FUNCTIONS, "VendDirect"]
SCHEDULED_FUNCTIONS = ["Renew", "Sweep", "KeepAlive"]
PAGES = "ConnectPages"
ALL_FUNCTIONS = [*FUNCTIONS, *SCHEDULED_FUNCTIONS, PAGES]

type Resources = dict[str, Any]


def _statements(resources: Resources, policy: str) -> list[dict[str, Any]]:
    written = resources[policy]["Properties"]["PolicyDocument"]["Statement"]
    # A statement that stands only with a parameter is looked at too.
    return [each["Fn::If"][1] if "Fn::If" in each else each for each in written]


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_tokens_table_drops_what_is_dead_and_connections_table_never(resources: Resources) -> None:
    tokens = resources["TokensTable"]["Properties"]["TimeToLiveSpecification"]

    assert tokens == {"AttributeName": "ttl", "Enabled": True}
    assert "TimeToLiveSpecification" not in resources["ConnectionsTable"]["Properties"]


@pytest.mark.parametrize("name", ["ConnectionsTable", "RegistryTable"])
def test_what_no_file_holds_survives_a_mistake(resources: Resources, name: str) -> None:
    table = resources[name]
    recovery = table["Properties"]["PointInTimeRecoverySpecification"]

    assert recovery["PointInTimeRecoveryEnabled"] is True
    assert table["Properties"]["DeletionProtectionEnabled"] == {
        "Fn::If": ["IsProtected", True, False]
    }
    assert table["DeletionPolicy"] == "RetainExceptOnCreate"
    assert table["UpdateReplacePolicy"] == "Retain"


def test_key_is_kept_rotated_and_multi_region_from_the_start(resources: Resources) -> None:
    key = resources["DataKey"]

    assert key["DeletionPolicy"] == "RetainExceptOnCreate"
    assert key["UpdateReplacePolicy"] == "Retain"
    assert key["Properties"]["EnableKeyRotation"] is True
    assert key["Properties"]["MultiRegion"] is True


@pytest.mark.parametrize("table", ["RegistryTable", "TokensTable", "ConnectionsTable"])
def test_table_is_encrypted_with_the_customer_key(resources: Resources, table: str) -> None:
    encryption = resources[table]["Properties"]["SSESpecification"]

    assert encryption["SSEType"] == "KMS"
    assert encryption["KMSMasterKeyId"] == {"Fn::GetAtt": "DataKey.Arn"}


@pytest.mark.parametrize("function", HTTP_FUNCTIONS)
def test_live_alias_is_for_this_api_alone(resources: Resources, function: str) -> None:
    policy = resources[f"{function}Policy"]
    allow, deny = _statements(resources, f"{function}Policy")

    assert policy["Condition"] == "IsAws"
    assert policy["Properties"]["ResourceArn"] == {"Ref": f"{function}FunctionAliaslive"}
    assert allow["Principal"] == {"Service": "apigateway.amazonaws.com"}
    assert "VendingApi" in json.dumps(allow["Condition"]["ArnLike"]["AWS:SourceArn"])
    assert deny["Effect"] == "Deny"
    assert deny["Principal"] == "*"
    assert deny["Condition"] == {"Bool": {"aws:PrincipalIsAWSService": "false"}}


def test_nobody_invokes_the_direct_function_through_live(resources: Resources) -> None:
    (statement,) = _statements(resources, "VendDirectPolicy")

    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert "Condition" not in statement


def test_no_permission_overwrites_those_policies_on_aws(resources: Resources) -> None:
    permissions = [
        each
        for each in resources.values()
        if each["Type"] == "AWS::Lambda::Permission"
        and each["Properties"]["Principal"] == "apigateway.amazonaws.com"
    ]

    assert permissions
    assert {each["Condition"] for each in permissions} == {"IsLocalStack", "HasPagesLocally"}
    assert not [
        name for name in FUNCTIONS if "Events" in resources[f"{name}Function"]["Properties"]
    ]


def test_schedule_is_the_only_one_beside_the_function_itself_that_may_start_a_renewal(
    resources: Resources,
) -> None:
    permissions = {
        each["Properties"]["SourceArn"]["Fn::GetAtt"]: each["Properties"]["FunctionName"]["Ref"]
        for each in resources.values()
        if each["Type"] == "AWS::Lambda::Permission"
        and each["Properties"]["Principal"] == "events.amazonaws.com"
    }

    assert permissions == {
        "RenewSchedule.Arn": "RenewFunctionAliaslive",
        "SweepSchedule.Arn": "SweepFunctionAliaslive",
        "ChangedSecretRule.Arn": "SweepFunctionAliaslive",
        "KeepAliveSchedule.Arn": "KeepAliveFunctionAliaslive",
    }
    rates = {
        name: resources[name]["Properties"]["ScheduleExpression"]
        for name in ("RenewSchedule", "SweepSchedule", "KeepAliveSchedule")
    }
    assert rates == {
        "RenewSchedule": "rate(1 minute)",
        "SweepSchedule": "rate(15 minutes)",
        "KeepAliveSchedule": "rate(1 hour)",
    }


def test_renewals_index_is_sparse_and_shows_keys_only(resources: Resources) -> None:
    (index,) = resources["TokensTable"]["Properties"]["GlobalSecondaryIndexes"]

    assert index == {
        "IndexName": RENEWALS,
        "KeySchema": [{"AttributeName": "due", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }


@pytest.mark.parametrize("function", ALL_FUNCTIONS)
def test_function_has_a_role_and_a_log_group_of_its_own(
    resources: Resources, function: str
) -> None:
    properties = resources[f"{function}Function"]["Properties"]
    role = resources[f"{function}Role"]["Properties"]

    assert properties["Role"] == {"Fn::GetAtt": f"{function}Role.Arn"}
    assert properties["LoggingConfig"] == {"LogGroup": {"Ref": f"{function}Logs"}}
    assert role["Policies"][0]["PolicyDocument"]["Statement"][0]["Resource"] == {
        "Fn::GetAtt": f"{function}Logs.Arn"
    }


def test_metadata_function_may_do_nothing_but_log(resources: Resources) -> None:
    role = resources["MetadataRole"]["Properties"]

    only_traces = ["Traces", [{"Ref": "TracingPolicy"}], {"Ref": "AWS::NoValue"}]
    assert role["ManagedPolicyArns"] == {"Fn::If": only_traces}
    assert role["Policies"][0]["PolicyDocument"]["Statement"][0]["Action"] == [
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    ]


def test_jwks_function_reads_public_halves_of_tagged_keys_and_which_they_are(
    resources: Resources,
) -> None:
    _, keys = resources["JwksRole"]["Properties"]["Policies"]
    statements = {each["Sid"]: each for each in keys["PolicyDocument"]["Statement"]}

    assert {a for each in statements.values() for a in each["Action"]} == {
        *("dynamodb:GetItem", "kms:Decrypt", "kms:GetPublicKey")
    }
    leading = statements["WhichKeys"]["Condition"]["Fn::If"][1]["ForAllValues:StringEquals"]
    assert leading == {"dynamodb:LeadingKeys": ["jwks"]}
    tagged = statements["TheirPublicHalves"]["Condition"]["Fn::If"][1]["StringEquals"]
    assert tagged == {"aws:ResourceTag/tokenvend:deployment": {"Ref": "DeploymentId"}}


def test_vending_signs_with_tagged_keys_only(resources: Resources) -> None:
    (sign,) = [
        each for each in _statements(resources, "VendingPolicy") if "kms:Sign" in each["Action"]
    ]

    assert sign["Action"] == ["kms:Sign"]
    tagged = sign["Condition"]["Fn::If"][1]["StringEquals"]
    assert tagged == {"aws:ResourceTag/tokenvend:deployment": {"Ref": "DeploymentId"}}


@pytest.mark.parametrize(
    "policy",
    [
        "ConnectionOperatorPolicy",
        "RefreshingPolicy",
        "RegistryWriterPolicy",
        "SecretWriterPolicy",
        "VendingPolicy",
    ],
)
def test_policy_names_its_actions_and_its_resources(resources: Resources, policy: str) -> None:
    for statement in _statements(resources, policy):
        assert not [action for action in _as_list(statement["Action"]) if "*" in action]
        # Listing secrets' names takes no resource.
        if _as_list(statement["Action"]) != ["secretsmanager:ListSecrets"]:
            assert "*" not in _as_list(statement["Resource"])


def test_vending_writes_neither_registry_nor_secrets_and_only_updates_secret_generations(
    resources: Resources,
) -> None:
    statements = _statements(resources, "VendingPolicy")
    actions = {action for each in statements for action in _as_list(each["Action"])}
    writes = [each for each in statements if "dynamodb:PutItem" in _as_list(each["Action"])]
    registry = {"Fn::GetAtt": "RegistryTable.Arn"}

    assert not [action for action in actions if action.startswith("secretsmanager:Put")]
    assert {a for each in statements if each["Resource"] == registry for a in each["Action"]} == {
        "dynamodb:BatchGetItem"
    }
    (write,) = writes
    leading = write["Condition"]["Fn::If"][1]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    assert leading == ["token#*", "datakey#*"]
    (told,) = [each for each in statements if each["Sid"] == "TellOfARefusedCredential"]
    assert told["Action"] == ["dynamodb:UpdateItem"]
    leading = told["Condition"]["Fn::If"][1]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    assert leading == ["epoch#*"]


def test_key_is_used_only_for_this_deployments_items(resources: Resources) -> None:
    statements = {each["Sid"]: each for each in _statements(resources, "VendingPolicy")}

    context = statements["SealAndOpenItems"]["Condition"]["Fn::If"][1]["StringEquals"]
    assert context == {
        "kms:EncryptionContext:tokenvend:deployment": {"Ref": "DeploymentId"},
        "kms:EncryptionContext:tokenvend:table": "tokens",
    }
    assert (
        "kms:ViaService" in statements["TablesAreEncryptedWithTheKey"]["Condition"]["StringEquals"]
    )


def test_secret_writer_writes_secret_generations_and_no_tokens(resources: Resources) -> None:
    statements = {each["Sid"]: each for each in _statements(resources, "SecretWriterPolicy")}
    actions = {action for each in statements.values() for action in _as_list(each["Action"])}

    leading = statements["TellTheOthers"]["Condition"]["Fn::If"][1]["ForAllValues:StringLike"]
    assert leading == {"dynamodb:LeadingKeys": ["epoch#*"]}
    assert "secretsmanager:GetSecretValue" not in actions


def _api(resources: Resources) -> dict[str, Any]:
    found: dict[str, Any] = resources["VendingApi"]["Properties"]
    return found


def test_only_the_iam_route_is_open_to_signed_requests_and_every_route_is_known(
    resources: Resources,
) -> None:
    paths = _api(resources)["DefinitionBody"]["paths"]

    assert {(path, method) for path, methods in paths.items() for method in methods} == {
        ("/iam/{credential}/token", "post"),
        ("/oauth2/{credential}/token", "post"),
        ("/iam/{credential}/token/reject", "post"),
        ("/oauth2/{credential}/token/reject", "post"),
        ("/iam/{credential}/connections/{action}", "post"),
        ("/oauth2/{credential}/connections/{action}", "post"),
        ("/oauth2/{credential}/.well-known/openid-configuration", "get"),
        ("/oauth2/{credential}/.well-known/oauth-authorization-server", "get"),
        ("/.well-known/oauth-authorization-server/oauth2/{credential}", "get"),
        ("/.well-known/jwks.json", "get"),
    }
    signed = {path for path, methods in paths.items() if methods.get("post", {}).get("security")}
    assert signed == {
        "/iam/{credential}/token",
        "/iam/{credential}/token/reject",
        "/iam/{credential}/connections/{action}",
    }
    assert paths["/iam/{credential}/token"]["post"]["security"] == [{"sigv4": []}]


def test_what_never_reaches_code_is_answered_like_what_does(resources: Resources) -> None:
    responses = _api(resources)["DefinitionBody"]["x-amazon-apigateway-gateway-responses"]

    errors = {
        name: json.loads(each["responseTemplates"]["application/json"])["error"]
        for name, each in responses.items()
    }

    assert errors["THROTTLED"] == "temporarily_unavailable"
    assert responses["THROTTLED"]["statusCode"] == "429"
    assert "gatewayresponse.header.Retry-After" in responses["THROTTLED"]["responseParameters"]
    assert errors["MISSING_AUTHENTICATION_TOKEN"] == errors["INVALID_SIGNATURE"] == "invalid_client"
    assert errors["INTEGRATION_TIMEOUT"] == "temporarily_unavailable"
    assert {"DEFAULT_4XX", "DEFAULT_5XX", "REQUEST_TOO_LARGE"} <= errors.keys()


def test_access_log_holds_no_header_body_or_query(resources: Resources) -> None:
    fields = json.loads(_api(resources)["AccessLogSetting"]["Format"])

    assert not [
        value
        for value in fields.values()
        if any(word in value for word in ("header", "body", "query", "authorizer", "path."))
    ]


def test_methods_are_throttled_and_bodies_never_traced(resources: Resources) -> None:
    settings = _api(resources)["MethodSettings"]

    assert all(each["ThrottlingRateLimit"] and not each["DataTraceEnabled"] for each in settings)


def test_logs_are_kept_for_a_stated_time_under_the_key(resources: Resources) -> None:
    groups = [each for each in resources.values() if each["Type"] == "AWS::Logs::LogGroup"]

    assert len(groups) == len(ALL_FUNCTIONS) + 1
    assert all(each["Properties"]["RetentionInDays"] for each in groups)
    assert all(each["Properties"]["KmsKeyId"] for each in groups)


def test_parameters_keep_within_the_bounds_of_the_code(template: dict[str, Any]) -> None:
    parameters = template["Parameters"]
    memory, grace = parameters["MemorySeconds"], parameters["OutageGraceSeconds"]

    assert memory["Default"] == bounds.MEMORY_SECONDS_DEFAULT
    assert memory["MaxValue"] == bounds.MEMORY_SECONDS_MAXIMUM
    assert grace["Default"] == bounds.OUTAGE_GRACE_SECONDS_DEFAULT
    assert grace["MaxValue"] == bounds.OUTAGE_GRACE_SECONDS_MAXIMUM
    timeout = template["Globals"]["Function"]["Timeout"]
    assert timeout == bounds.FUNCTION_TIMEOUT.total_seconds()
    assert all(each.get("Description") for each in parameters.values())
    assert parameters["LocalStack"]["Default"] == "false"


def test_alarms_watch_metrics_that_the_code_counts(resources: Resources) -> None:
    alarms = [each for each in resources.values() if each["Type"] == "AWS::CloudWatch::Alarm"]
    reasons = {
        each["Value"]
        for alarm in alarms
        for query in alarm["Properties"].get("Metrics", [])
        for each in query.get("MetricStat", {}).get("Metric", {}).get("Dimensions", [])
        if each["Name"] == "reason"
    }

    assert reasons == {reason.value for reason in Distrust}
    failures = resources["CredentialFailureAlarm"]["Properties"]
    assert (failures["Namespace"], failures["MetricName"]) == ("tokenvend", "Failures")
    assert failures["Dimensions"] == [{"Name": "service", "Value": "tokenvend"}]
    lost = resources["LostConsentAlarm"]["Properties"]
    assert lost["MetricName"] == "ConsentEvents"
    assert {each["Name"]: each["Value"] for each in lost["Dimensions"]} == {
        "event": ConnectionEventType.LOST.value,
        "service": "tokenvend",
    }


@pytest.mark.parametrize(
    ("function", "due_every_seconds"), [("Renew", 60), ("Sweep", 900), ("KeepAlive", 3600)]
)
def test_a_scheduled_function_that_does_not_run_at_all_raises_an_alarm(
    resources: Resources, function: str, due_every_seconds: int
) -> None:
    alarm = resources[f"{function}SilentAlarm"]["Properties"]

    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/Lambda", "Invocations")
    assert alarm["Dimensions"] == [
        {"Name": "FunctionName", "Value": {"Ref": f"{function}Function"}}
    ]
    assert alarm["ComparisonOperator"] == "LessThanThreshold"
    # A function that is never invoked has no datapoint at all.
    assert alarm["TreatMissingData"] == "breaching"
    assert alarm["Period"] >= 2 * due_every_seconds


def test_every_rule_that_fails_and_every_event_that_is_dropped_raises_an_alarm(
    resources: Resources,
) -> None:
    watched = {
        (alarm["MetricName"], alarm["Dimensions"][0]["Value"]["Ref"])
        for each in resources.values()
        if each["Type"] == "AWS::CloudWatch::Alarm"
        for alarm in [each["Properties"]]
        if alarm.get("MetricName") in {"FailedInvocations", "AsyncEventsDropped"}
    }
    rules = {name for name, each in resources.items() if each["Type"] == "AWS::Events::Rule"}

    assert {name for metric, name in watched if metric == "FailedInvocations"} == rules
    assert {name for metric, name in watched if metric == "AsyncEventsDropped"} == {
        f"{function}Function" for function in SCHEDULED_FUNCTIONS
    }


def test_audit_logs_outlive_the_stack_and_do_not_stand_in_the_way_of_the_next(
    resources: Resources,
) -> None:
    groups = [each for each in resources.values() if each["Type"] == "AWS::Logs::LogGroup"]

    for group in groups:
        assert group["DeletionPolicy"] == "RetainExceptOnCreate"
        assert group["UpdateReplacePolicy"] == "Retain"
        assert group["Properties"]["DeletionProtectionEnabled"]["Fn::If"][:2] == [
            "IsProtected",
            True,
        ]
        # A name without the stack's own id would be taken when the deployment is made again.
        name, values = group["Properties"]["LogGroupName"]["Fn::Sub"]
        assert name.startswith("/tokenvend/${DeploymentId}/")
        assert "AWS::StackId" in json.dumps(values)


def test_there_are_no_pages_unless_they_are_wanted(template: dict[str, Any]) -> None:
    without, wanted = deployed(template), deployed(template, ConsentPages="true")

    assert wanted.keys() - without.keys() == {
        "PagesApi",
        "ConnectPagesFunction",
        "ConnectPagesRole",
        "ConnectPagesPolicy",
        "ConnectPagesLogs",
    }


def test_pages_are_for_browsers_through_their_own_api_alone(resources: Resources) -> None:
    allow, deny = _statements(resources, "ConnectPagesPolicy")
    paths = resources["PagesApi"]["Properties"]["DefinitionBody"]["paths"]

    sources = json.dumps(allow["Condition"]["ArnLike"]["AWS:SourceArn"])
    assert allow["Principal"] == {"Service": "apigateway.amazonaws.com"}
    assert "PagesApi" in sources
    assert "VendingApi" not in sources
    assert (deny["Effect"], deny["Principal"]) == ("Deny", "*")
    assert deny["Condition"] == {"Bool": {"aws:PrincipalIsAWSService": "false"}}
    assert {(path, method) for path, methods in paths.items() for method in methods} == {
        ("/connect/{link}", "get"),
        ("/connect/{link}", "post"),
        ("/callback/{credential}", "get"),
        ("/.well-known/jwks.json", "get"),
    }


def test_pages_can_neither_read_a_consent_nor_touch_a_token(resources: Resources) -> None:
    (policy,) = resources["ConnectPagesRole"]["Properties"]["Policies"]
    statements = policy["PolicyDocument"]["Statement"]

    on_connections = [
        each["Action"]
        for each in statements
        if each["Resource"] == {"Fn::GetAtt": "ConnectionsTable.Arn"}
    ]
    keys = {
        each["Sid"]: each["Condition"]["Fn::If"][1]["ForAllValues:StringLike"][
            "dynamodb:LeadingKeys"
        ]
        for each in statements
        if each["Resource"] == {"Fn::GetAtt": "TokensTable.Arn"}
    }
    assert on_connections == [["dynamodb:UpdateItem"]]
    assert keys == {
        "ReadEpochs": ["epoch#*"],
        "LeadUsersOn": ["consent#*", "datakey#tokens#*", "datakey#pending#*"],
    }


def test_pages_touch_of_a_connection_only_what_is_pending_and_get_nothing_back(
    resources: Resources,
) -> None:
    (policy,) = resources["ConnectPagesRole"]["Properties"]["Policies"]
    (keep,) = [
        each
        for each in policy["PolicyDocument"]["Statement"]
        if each.get("Sid") == "KeepPendingConsents"
    ]
    touched = set(re.findall(r"(\w+) = :", SET_PENDING))

    condition = keep["Condition"]["Fn::If"][1]
    attributes = condition["ForAllValues:StringEquals"]["dynamodb:Attributes"]
    assert set(attributes) == {"pk"} | touched
    assert condition["StringEqualsIfExists"] == {"dynamodb:ReturnValues": ["NONE"]}


def test_no_link_state_or_code_is_in_an_access_log(resources: Resources) -> None:
    for api in ("VendingApi", "PagesApi"):
        shown = resources[api]["Properties"]["AccessLogSetting"]["Format"]
        assert not {"$context.path", "$context.protocol"} & set(shown.split('"'))
        assert "querystring" not in shown
