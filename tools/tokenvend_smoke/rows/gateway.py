"""What API Gateway does, logs and omits, also behind a domain and a web ACL."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import batched

import requests
import urllib3

from tokenvend_smoke.callers import error_of
from tokenvend_smoke.configuration import MACHINE, USER
from tokenvend_smoke.logs import access_log_group, documents_since, lines_since, log_group
from tokenvend_smoke.outcome import NotRunError, require
from tokenvend_smoke.run import Smoke
from tokenvend_smoke.waiting import wait_until

_TOO_MANY = 429
_TRACES_AT_ONCE = 5
_OK = 200


def only_v1_is_there(smoke: Smoke) -> None:
    """Both APIs have the stage `v1` and no other."""
    outputs = smoke.account.outputs()
    for output in ("VendingApiId", "PagesApiId"):
        stages = smoke.account.client("apigateway").get_stages(restApiId=outputs[output])
        names = [each["stageName"] for each in stages["item"]]
        require(names == ["v1"], f"{output} has the stages {names}")


def throttling_works(smoke: Smoke) -> None:
    """More requests than `ThrottlingRate` get 429 with `Retry-After`."""
    url = f"{smoke.caller.url()}/.well-known/jwks.json"

    def ask(_: int) -> requests.Response:
        return requests.get(url, timeout=60)

    def throttled() -> list[requests.Response]:
        with ThreadPoolExecutor(20) as pool:
            answers = pool.map(ask, range(100))
        return [each for each in answers if each.status_code == _TOO_MANY]

    found = wait_until(throttled, minutes=3, otherwise="100 requests at once were all let in")
    require(all("Retry-After" in each.headers for each in found), "a 429 has no Retry-After")


def consents_leave_no_trace(smoke: Smoke) -> None:
    """After one consent neither its link nor its code is in the access log or in a trace."""
    began = int(time.time() * 1000)
    unsayable = smoke.caller.consent(USER)
    group = access_log_group(smoke.account)
    wait_until(
        lambda: list(lines_since(smoke.account, group, began)),
        minutes=5,
        otherwise="no access log arrived",
    )
    time.sleep(30)
    said = "\n".join(lines_since(smoke.account, group, began)) + _traces_since(smoke, began)
    require(not any(each and each in said for each in unsayable), "a link or a code is in there")


def _traces_since(smoke: Smoke, began_ms: int) -> str:
    """Everything in the traces of this account since then."""
    xray = smoke.account.client("xray")
    pages = xray.get_paginator("get_trace_summaries").paginate(
        StartTime=datetime.fromtimestamp(began_ms / 1000, UTC), EndTime=datetime.now(UTC)
    )
    summaries = [each for page in pages for each in page["TraceSummaries"]]
    said = str(summaries)
    for few in batched((each["Id"] for each in summaries), _TRACES_AT_ONCE):
        said += str(xray.batch_get_traces(TraceIds=list(few)).get("Traces", []))
    return said


def access_logs_arrive(smoke: Smoke) -> None:
    """The access log has a line of this run."""
    group = access_log_group(smoke.account)
    smoke.caller.by_role(MACHINE, scope=smoke.new_scope())
    wait_until(
        lambda: list(lines_since(smoke.account, group, smoke.began_ms)),
        minutes=5,
        otherwise="no line arrived",
    )


def access_log_names_the_invocation(smoke: Smoke) -> None:
    """A line's `invocation_id` is the `request_id` of the function's own line."""
    smoke.caller.by_role(MACHINE, scope=smoke.new_scope())
    account, began = smoke.account, smoke.began_ms

    def joined() -> set[str]:
        gateway = documents_since(account, access_log_group(account), began)
        function = documents_since(account, log_group(account, "VendIam"), began)
        named = {each.get("invocation_id", "") for each in gateway}
        ran = {each.get("request_id") or each.get("function_request_id", "") for each in function}
        return (named & ran) - {"", "-"}

    wait_until(joined, minutes=5, otherwise="no line of both logs names the same invocation")


def a_domain_serves(smoke: Smoke) -> None:
    """The domain's name answers with its own issuer, also before its DNS record is there."""
    domain = smoke.options.domain
    if not domain or not smoke.options.certificate:
        raise NotRunError("give DOMAIN=… and CERTIFICATE=… (an ACM certificate for that name)")
    target = smoke.account.outputs()["VendingDomainTarget"]
    path = f"/.well-known/oauth-authorization-server/oauth2/{MACHINE}"
    pool = urllib3.HTTPSConnectionPool(
        target, server_hostname=domain, assert_hostname=domain, timeout=30, retries=False
    )

    def issuer() -> str:
        try:
            answer = pool.request("GET", path, headers={"Host": domain})
        except urllib3.exceptions.HTTPError:
            return ""
        return str(answer.json()["issuer"]) if answer.status == _OK else ""

    found = wait_until(issuer, minutes=5, otherwise=f"{domain} does not answer")
    require(found.startswith(f"https://{domain}/"), f"the issuer is {found}")


def a_web_acl_counts(smoke: Smoke) -> None:
    """The web ACL has seen a request to each API."""
    arn = smoke.stand_in.outputs["WebAclArn"]
    acls, began = smoke.account.client("wafv2"), datetime.now(UTC) - timedelta(minutes=1)
    hosts = {smoke.caller.url().split("/")[2], smoke.caller.url("Pages").split("/")[2]}

    def seen() -> bool:
        for api in ("Vending", "Pages"):
            requests.get(f"{smoke.caller.url(api)}/connect/none", timeout=30)
        sampled = acls.get_sampled_requests(
            WebAclArn=arn,
            RuleMetricName="smoke",
            Scope="REGIONAL",
            TimeWindow={"StartTime": began, "EndTime": datetime.now(UTC)},
            MaxItems=100,
        ).get("SampledRequests", [])
        headers = [header for each in sampled for header in each["Request"]["Headers"]]
        return hosts <= {each["Value"] for each in headers if each["Name"].lower() == "host"}

    wait_until(seen, minutes=8, otherwise="it has not sampled both APIs", pause_seconds=20)


def every_entry_vends(smoke: Smoke) -> None:
    """Request one token by signature, by client and directly, and make one consent."""
    caller, scope = smoke.caller, smoke.new_scope()
    for answer in (
        caller.by_role(MACHINE, scope=scope),
        caller.by_client(MACHINE, scope=smoke.new_scope()),
        caller.directly(MACHINE, scope=smoke.new_scope()),
    ):
        require("access_token" in answer, f"one entry answered {error_of(answer)}")
    caller.consent(USER)
