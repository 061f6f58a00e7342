"""Keys and secrets: which keys sign, which are published, whose keys open secrets."""

import json
import time

import requests

from tokenvend.domain.signing import KmsKey
from tokenvend_smoke.callers import error_of
from tokenvend_smoke.configuration import ADOPTED, KEYED, MACHINE, SIGNED, USER
from tokenvend_smoke.metrics import alarm_state, metric_sum, wait_for_alarm
from tokenvend_smoke.outcome import require
from tokenvend_smoke.run import Smoke
from tokenvend_smoke.waiting import wait_until

_TAG = "tokenvend:deployment"
#: The dimensions that the code counts them by.
UNUSABLE_KEYS = {"reason": "key", "service": "tokenvend"}


def only_tagged_keys_sign(smoke: Smoke) -> None:
    """A key signs while it has the tag, and not without it."""
    first = smoke.caller.by_role(SIGNED, scope=smoke.new_scope())
    require("access_token" in first, f"the tagged key: {error_of(first)}")
    _untag(smoke)
    try:

        def refused() -> bool:
            answer = smoke.caller.by_role(SIGNED, scope=smoke.new_scope())
            return answer.get("error") == "credential_not_ready"

        # KMS takes up to five minutes for a tag.
        wait_until(
            refused,
            minutes=10,
            otherwise="a key without the tag still signs",
            pause_seconds=30,
        )
    finally:
        _tag(smoke)


def only_tagged_keys_are_published(smoke: Smoke) -> None:
    """A key is published while it has the tag, and 300 s after it lost it no longer."""
    url = f"{smoke.caller.url()}/.well-known/jwks.json"
    key_id = KmsKey(smoke.stand_in.outputs["SigningKeyArn"]).key_id

    def published() -> bool:
        keys = requests.get(url, timeout=30).json()["keys"]
        return key_id in {each["kid"] for each in keys}

    wait_until(published, minutes=7, otherwise="the tagged key is not published")
    began = time.time()
    _untag(smoke)
    try:
        wait_until(
            lambda: not published(), minutes=15, otherwise="a key without the tag is published"
        )
        wait_until(
            lambda: metric_sum(smoke.account, "tokenvend", "UnusableKeys", UNUSABLE_KEYS, began),
            minutes=5,
            otherwise="UnusableKeys does not count it",
        )
    finally:
        _tag(smoke)


def the_companys_key_opens_secrets(smoke: Smoke) -> None:
    """A secret that is new under `SecretKeyArn` is encrypted by it and read by the functions."""
    smoke.put_secret(KEYED)
    prefix = smoke.account.outputs()["SecretPrefix"]
    secrets = smoke.account.client("secretsmanager")
    key = secrets.describe_secret(SecretId=f"{prefix}{KEYED}").get("KmsKeyId", "")
    wanted = smoke.stand_in.outputs["CompanyKeyArn"]
    require(key and wanted.endswith(key.rpartition("/")[2]), f"the secret is under {key or 'none'}")
    answer = smoke.caller.by_role(KEYED)
    require("access_token" in answer, f"it was answered {error_of(answer)}")


def an_adopted_secret_is_read(smoke: Smoke) -> None:
    """With what `secret adopt` asks for, every function reads a secret of the owner's."""
    account, arn = smoke.account, smoke.stand_in.outputs["AdoptedSecretArn"]
    adopted = account.tokenvend("secret", "adopt", ADOPTED, "--tag", "--json", may_fail=True)
    statement = json.loads(adopted)["key_policy_statement"]
    kms, key = account.client("kms"), smoke.stand_in.outputs["CompanyKeyArn"]
    policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    policy["Statement"].append(statement)
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
    account.tokenvend("apply", "--yes", "--file", str(smoke.file))

    def read() -> bool:
        return "access_token" in smoke.caller.by_role(ADOPTED)

    wait_until(read, minutes=5, otherwise=f"{arn.rpartition(':')[2]} gives no token")
    smoke.caller.consent(USER)
    wait_until(
        lambda: account.run_tokenvend("secret", "status").returncode == 0,
        minutes=5,
        otherwise="`tokenvend secret status` does not end with 0",
    )


def importing_again_writes_nothing(smoke: Smoke) -> None:
    """The same import a second time makes no new version of the secret."""
    fields = {"client_id": smoke.stand_in.client_id, "client_secret": smoke.stand_in.client_secret}
    line = json.dumps({"name": MACHINE, "fields": fields})
    secrets = smoke.account.client("secretsmanager")
    name = f"{smoke.account.outputs()['SecretPrefix']}{MACHINE}"

    def versions() -> set[str]:
        found = secrets.list_secret_version_ids(SecretId=name, IncludeDeprecated=True)
        return {each["VersionId"] for each in found["Versions"]}

    smoke.account.tokenvend("secret", "import", stdin=line)
    before = versions()
    smoke.account.tokenvend("secret", "import", stdin=line)
    made = versions() - before
    require(not made, f"the second run made {len(made)} versions")


def a_disabled_key_raises_the_alarm(smoke: Smoke) -> None:
    """`AwsRefusesAlarm` goes off while the deployment's key is disabled, and comes back."""
    kms, key = smoke.account.client("kms"), smoke.account.outputs()["KeyArn"]
    scope = smoke.new_scope()
    kms.disable_key(KeyId=key)
    try:

        def ask_and_look() -> bool:
            # A data key that is known is not asked for again; reading the tables needs the key too.
            smoke.caller.by_role(MACHINE, scope=scope)
            time.sleep(40)
            return alarm_state(smoke.account, "AwsRefusesAlarm") == "ALARM"

        wait_until(ask_and_look, minutes=30, otherwise="AwsRefusesAlarm is not in ALARM")
    finally:
        kms.enable_key(KeyId=key)
    wait_for_alarm(smoke.account, "AwsRefusesAlarm", "OK", minutes=25)


def _untag(smoke: Smoke) -> None:
    key = smoke.stand_in.outputs["SigningKeyArn"]
    smoke.account.client("kms").untag_resource(KeyId=key, TagKeys=[_TAG])


def _tag(smoke: Smoke) -> None:
    key = smoke.stand_in.outputs["SigningKeyArn"]
    smoke.account.client("kms").tag_resource(
        KeyId=key, Tags=[{"TagKey": _TAG, "TagValue": smoke.account.deployment_id}]
    )
