"""What an update does: versions, traces, snapshots, environments kept ready, foreign code."""

import io
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Event
from typing import Any

import requests

from tokenvend_deploy.built import find_foreign_code
from tokenvend_local import artifact
from tokenvend_smoke.callers import error_of
from tokenvend_smoke.configuration import MACHINE
from tokenvend_smoke.logs import lines_since, log_group
from tokenvend_smoke.outcome import require
from tokenvend_smoke.rows.gateway import every_entry_vends
from tokenvend_smoke.run import Smoke
from tokenvend_smoke.waiting import wait_until

LIVE = "live"


def an_upgrade_answers_everybody(smoke: Smoke) -> None:
    """While another version is deployed, every request over every entry gets its token."""
    caller, scope, stop = smoke.caller, smoke.new_scope(), Event()
    refused: list[str] = []

    def ask() -> int:
        requests_sent = 0
        while not stop.is_set():
            for way in (caller.by_role, caller.by_client, caller.directly):
                answer = way(MACHINE, scope=scope)
                requests_sent += 1
                if "access_token" not in answer:
                    refused.append(error_of(answer))
            time.sleep(0.2)
        return requests_sent

    with ThreadPoolExecutor(1) as pool:
        load = pool.submit(ask)
        try:
            smoke.account.deploy(smoke.file, **_changes(smoke))
        finally:
            stop.set()
        requests_sent = load.result(timeout=120)
    require(requests_sent, "nobody asked meanwhile")
    require(not refused, f"{len(refused)} of {requests_sent} requests were refused: {refused[:3]}")


def a_replaced_version_stays(smoke: Smoke) -> None:
    """The former version is there beside the new one, to which `live` points."""
    functions = smoke.account.client("lambda")
    name = smoke.account.outputs()["VendIamFunctionName"]
    pages = functions.get_paginator("list_versions_by_function").paginate(FunctionName=name)
    versions = [each["Version"] for page in pages for each in page["Versions"]]
    numbers = sorted(int(each) for each in versions if each != "$LATEST")
    live = functions.get_alias(FunctionName=name, Name=LIVE)["FunctionVersion"]
    require(len(numbers) > 1, f"there are only the versions {numbers}")
    require(int(live) == numbers[-1], f"live is {live} of {numbers}")


def traces_arrive(smoke: Smoke) -> None:
    """With `Tracing=Active` a vend is traced."""
    began = datetime.now(UTC)
    smoke.caller.by_role(MACHINE, scope=smoke.new_scope())
    xray = smoke.account.client("xray")
    function = smoke.account.outputs()["VendIamFunctionName"]
    wait_until(
        lambda: xray.get_trace_summaries(
            StartTime=began, EndTime=datetime.now(UTC), FilterExpression=f'service("{function}")'
        )["TraceSummaries"],
        minutes=5,
        otherwise="no trace arrived",
    )


def restored_environments_answer(smoke: Smoke) -> None:
    """With `SnapStart=true` every entry answers, and the log tells of a restored environment."""
    began = int(time.time() * 1000)
    every_entry_vends(smoke)
    group = log_group(smoke.account, "VendIam")

    def restored() -> bool:
        return any("restore" in line.lower() for line in lines_since(smoke.account, group, began))

    wait_until(restored, minutes=5, otherwise="no restored environment is in the log")
    failed = [each for each in lines_since(smoke.account, group, began) if '"ERROR"' in each]
    require(not failed, f"the log has {len(failed)} errors")


def environments_are_kept_ready(smoke: Smoke) -> None:
    """`live` of the function of `/iam` has its environments ready."""
    functions = smoke.account.client("lambda")
    name = smoke.account.outputs()["VendIamFunctionName"]
    wait_until(
        lambda: (
            functions.get_provisioned_concurrency_config(FunctionName=name, Qualifier=LIVE)[
                "Status"
            ]
            == "READY"
        ),
        minutes=10,
        otherwise="they are not READY",
    )


def foreign_code_is_named(smoke: Smoke) -> None:
    """A function of which `live` runs other code is named by the comparison, and put right."""
    functions = smoke.account.client("lambda")
    name = smoke.account.outputs()["MetadataFunctionName"]
    names = {"MetadataFunction": name}
    require(not _foreign(functions, names), "before anything was changed, foreign code was named")
    former = functions.get_alias(FunctionName=name, Name=LIVE)["FunctionVersion"]
    whole = requests.get(
        functions.get_function(FunctionName=name, Qualifier=LIVE)["Code"]["Location"], timeout=60
    ).content
    _replace(functions, name, _with_another_file(whole))
    foreign = functions.publish_version(FunctionName=name)["Version"]
    functions.update_alias(FunctionName=name, Name=LIVE, FunctionVersion=foreign)
    try:
        named = _foreign(functions, names)
    finally:
        functions.update_alias(FunctionName=name, Name=LIVE, FunctionVersion=former)
        _replace(functions, name, whole)
        functions.delete_function(FunctionName=name, Qualifier=foreign)
    require(named == [name], f"it named {named}")


def _changes(smoke: Smoke) -> dict[str, str]:
    """Parameters that reach every function, and what later rows of this stage look at."""
    outputs = smoke.stand_in.outputs
    changes = {"MemorySeconds": "31", "SecretKeyArn": outputs["CompanyKeyArn"]}
    if not smoke.account.is_local:
        changes |= {"Tracing": "Active", "WebAclArn": outputs["WebAclArn"]}
    return changes


def _foreign(functions: Any, names: dict[str, str]) -> list[str]:
    return [each.function for each in find_foreign_code(functions, names, artifact.AWS_BUILD)]


def _replace(functions: Any, name: str, packed: bytes) -> None:
    functions.update_function_code(FunctionName=name, ZipFile=packed)
    functions.get_waiter("function_updated_v2").wait(FunctionName=name)


def _with_another_file(packed: bytes) -> bytes:
    buffer = io.BytesIO(packed)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("foreign.py", "# by somebody else\n")
    return buffer.getvalue()
