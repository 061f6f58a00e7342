"""Every row of docs/not-proven-locally.md, in the order in which a run shows them."""

from tokenvend_smoke.outcome import Row
from tokenvend_smoke.rows import (
    accounts,
    events,
    failing,
    gateway,
    invoking,
    keys,
    network,
    policies,
    registry,
    released,
    stored,
    updating,
    watching,
    workloads,
)
from tokenvend_smoke.run import Stage
from tokenvend_smoke.stage_entries import (
    beside_a_pipe_and_a_stream,
    in_a_vpc,
    provisioned,
    snapshots_and_few_requests,
    with_a_domain,
)

STAGES = (
    Stage(
        "As it was deployed first",
        (
            Row(
                "nobody but API Gateway invokes an HTTP function", invoking.only_api_gateway_invokes
            ),
            Row(
                "nobody but its schedule invokes a scheduled function", invoking.only_schedules_wake
            ),
            Row("API Gateway's test button is refused", invoking.test_button_is_refused),
            Row(
                "a direct caller's alias denies everybody else",
                invoking.only_the_caller_invokes_its_alias,
            ),
            Row("gateway responses have our JSON", invoking.unsigned_requests_get_our_json),
            Row("there is no stage but `v1`", gateway.only_v1_is_there, is_local=True),
            Row(
                "functions can read tables that are encrypted with the key",
                gateway.every_entry_vends,
                is_local=True,
            ),
            Row(
                "the key's encryption context is required",
                policies.keys_need_their_context,
                is_local=True,
            ),
            Row(
                "functions write only `token#…` and `datakey#…` items",
                policies.functions_write_tokens_only,
            ),
            Row(
                "the pages' function writes only `consent#…` and `datakey#…` items",
                policies.pages_write_consents_only,
            ),
            Row(
                "the pages' function writes only the pending part of a connection",
                policies.pages_touch_what_is_pending_only,
            ),
            Row(
                "the pages' function cannot decrypt a completed consent",
                policies.pages_open_what_is_pending_only,
            ),
            Row(
                "only `quota#…` items hold callers' quotas",
                policies.only_callers_functions_draw_permits,
            ),
            Row(
                "only `replay#…` items hold used subject tokens",
                policies.only_oauth2_uses_subject_tokens,
            ),
            Row("access logs arrive", gateway.access_logs_arrive),
            Row(
                "an access log's line names the function's invocation",
                gateway.access_log_names_the_invocation,
            ),
            Row("DynamoDB deletes expired items", stored.expired_items_go),
            Row("a long stack name deploys, and renewal runs", invoking.a_long_stack_name_deploys),
            Row("only tagged keys sign", keys.only_tagged_keys_sign),
            Row("only tagged keys are published", keys.only_tagged_keys_are_published),
            Row(
                "an altered item raises `UntrustedItemAlarm`",
                stored.an_altered_item_raises_the_alarm,
            ),
            Row("a deleted principal is refused by name", registry.a_deleted_principal_is_named),
            Row(
                "the comparison finds a function that runs other code",
                updating.foreign_code_is_named,
                is_local=True,
            ),
            Row(
                "a first deployment that fails leaves nothing",
                failing.a_failed_first_deployment_leaves_nothing,
                is_local=True,
            ),
            Row(
                "a first deployment whose tables are protected is removed by one command",
                failing.a_protected_one_is_removed_by_one_command,
                is_local=True,
            ),
            Row("a release deploys by the AWS command line alone", released.a_release_deploys),
        ),
        is_local=True,
    ),
    Stage(
        "Beside a pipe and a stream",
        (
            Row(
                "a pipe sends on the answer of its enrichment",
                events.a_pipe_sends_on_what_is_enriched,
            ),
            Row(
                "a stream goes on from the record that failed",
                events.a_stream_goes_on_from_the_record_that_failed,
            ),
        ),
        beside_a_pipe_and_a_stream,
    ),
    Stage(
        "Deployed again, under load",
        (
            Row(
                "an upgrade answers every request",
                updating.an_upgrade_answers_everybody,
                is_local=True,
            ),
            Row(
                "Lambda keeps a replaced version", updating.a_replaced_version_stays, is_local=True
            ),
            Row(
                "the resource policies stay in force after an update",
                invoking.policies_stay_after_an_update,
            ),
            Row(
                "the alias that workloads share denies everybody else",
                workloads.shared_alias_denies_everybody_else,
            ),
            Row(
                "a platform's own token proves a caller",
                workloads.a_platforms_token_proves_a_caller,
            ),
            Row("AWS's identity token proves a client", workloads.aws_proves_a_client),
            Row("`Tracing=Active` deploys", updating.traces_arrive),
            Row(
                "no link, state or code is in a log or trace of API Gateway",
                gateway.consents_leave_no_trace,
            ),
            Row("a web ACL counts both APIs' requests", gateway.a_web_acl_counts),
            Row(
                "a key of yours encrypts secrets",
                keys.the_companys_key_opens_secrets,
                is_local=True,
            ),
            Row(
                "every function reads an adopted secret under a key of yours",
                keys.an_adopted_secret_is_read,
                is_local=True,
            ),
            Row(
                "importing the same secrets again writes no version",
                keys.importing_again_writes_nothing,
                is_local=True,
            ),
            Row(
                "point-in-time recovery restores the connections table",
                stored.point_in_time_recovery_works,
            ),
            Row("a disabled key raises `AwsRefusesAlarm`", keys.a_disabled_key_raises_the_alarm),
            Row(
                "the dashboard has data in each widget",
                watching.the_dashboard_shows_something,
            ),
        ),
        is_local=True,
    ),
    Stage(
        "With snapshots, and few requests let in",
        (
            Row(
                "`SnapStart=true` deploys, and restored environments answer",
                updating.restored_environments_answer,
            ),
            Row("API Gateway throttles by method", gateway.throttling_works),
        ),
        snapshots_and_few_requests,
    ),
    Stage(
        "With environments kept ready",
        (
            Row(
                "`ProvisionedConcurrency` keeps environments ready",
                updating.environments_are_kept_ready,
            ),
        ),
        provisioned,
    ),
    Stage(
        "In a VPC",
        (
            Row(
                "functions in a VPC reach AWS and providers",
                network.functions_in_a_vpc_reach_everything,
            ),
            Row(
                "a function's code cannot make network interfaces",
                policies.code_makes_no_network_interfaces,
            ),
        ),
        in_a_vpc,
    ),
    Stage(
        "With a domain",
        (Row("a domain of your own serves the API", gateway.a_domain_serves),),
        with_a_domain,
    ),
    Stage(
        "With a caller of another account",
        (
            Row(
                "a changed resource policy is in force after a deployment",
                accounts.a_changed_policy_is_in_force,
            ),
        ),
    ),
    Stage(
        "Deleted and restored",
        (
            Row("what is retained outlives the stack", stored.what_is_retained_outlives_the_stack),
            Row(
                "a deleted stack is deployed again and restored", stored.a_deleted_stack_is_restored
            ),
        ),
    ),
)
