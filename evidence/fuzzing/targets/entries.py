"""Requests: API Gateway's events at both HTTP entries, and direct invocations."""

import base64
import json
from typing import Any
from urllib.parse import urlencode

from hypothesis import strategies as st

from fuzzing import hostile
from fuzzing.scenario import invoked, samples
from fuzzing.target import FuzzTarget, documented_errors, keeps_secret
from tokenvend.domain.request import REJECTION_PARAMETERS
from tokenvend.entries.direct import RetryableError

_DOCUMENTED = documented_errors()
_CODES = frozenset(code for _, code in _DOCUMENTED)
#: In a world where three callers may read jobs, no token carries more.
_MOST_SCOPES = frozenset({"jobs_read"})
_SECRETS = ("client_secret", "token", "code")
_NAMES = sorted(REJECTION_PARAMETERS | {*_SECRETS, "client_id", "client_assertion", "return_url"})
_CONTENT_TYPES = ("application/x-www-form-urlencoded", "application/json", "text/plain; a=b", "")
_ROUTES = ("token", "token/reject", "connections/{action}")
_CREDENTIALS = st.sampled_from(["jobs", "hiring", "jobs-key", "secret-jobs"])
_ACTIONS = ("start", "complete", "list", "inspect", "disconnect")


@st.composite
def _fields(draw: st.DrawFn) -> dict[str, str]:
    names = draw(st.lists(st.sampled_from(_NAMES) | hostile.texts, max_size=5))
    return {
        name: draw(hostile.secrets if name in _SECRETS else hostile.texts)
        for name in map(_utf8, names)
    }


def _utf8(text: str) -> str:
    """*text* as a form can hold it."""
    return text.encode(errors="replace").decode()


def _form(fields: dict[str, str]) -> str:
    return urlencode({name: _utf8(value) for name, value in fields.items()})


_bodies = (
    _fields().map(_form)
    | hostile.texts
    | st.binary(max_size=300).map(lambda raw: base64.b64encode(raw).decode())
    | st.integers(1, 40_000).map(lambda length: "scope=" + "a" * length)
)


@st.composite
def _events(draw: st.DrawFn, function: str) -> dict[str, Any]:
    """An event as API Gateway makes it: its types are right, and nothing else need be."""
    event = dict(draw(st.sampled_from(samples(function))))
    prefix = function.removeprefix("vend_")
    if draw(st.booleans()):
        event["body"] = draw(_bodies)
        event["isBase64Encoded"] = draw(st.booleans())
    if draw(st.booleans()):
        credential = draw(_CREDENTIALS | hostile.texts)
        event["pathParameters"] = {
            "credential": credential,
            "action": draw(st.sampled_from(_ACTIONS) | hostile.texts),
        }
        event["resource"] = f"/{prefix}/{{credential}}/{draw(st.sampled_from(_ROUTES))}"
    if draw(st.booleans()):
        headers = {"Content-Type": draw(st.sampled_from(_CONTENT_TYPES) | hostile.texts)}
        if draw(st.booleans()):
            headers["Authorization"] = draw(_authorizations)
        event["headers"] = headers
        event["multiValueHeaders"] = {
            name: [value] * draw(st.integers(1, 2)) for name, value in headers.items()
        }
    if draw(st.integers(0, 9)) == 0:
        event["queryStringParameters"] = {draw(hostile.texts): draw(hostile.secrets)}
    if draw(st.integers(0, 3)) == 0:
        context = dict(event["requestContext"])
        context["identity"] = {"userArn": draw(hostile.texts), "user": draw(hostile.texts)}
        event["requestContext"] = context
    return event


def _basic(pair: str) -> str:
    return "Basic " + base64.b64encode(pair.encode(errors="surrogatepass")).decode()


_authorizations = (
    st.tuples(st.just("shop") | hostile.texts, hostile.secrets).map(":".join).map(_basic)
    | hostile.secrets
    | hostile.secrets.map("Basic ".__add__)
    | st.just(_basic("shop:tv_example"))
)


def _http(function: str) -> FuzzTarget:
    def check(event: dict[str, Any]) -> str:
        with invoked(function, event, "live") as (answer, log):
            keeps_secret(answer, log)
            headers, fields = answer["headers"], json.loads(answer["body"])
            status = answer["statusCode"]
            assert headers["Cache-Control"] == "no-store", "an answer that may be stored"
            if status == 200:
                return _given(fields, log)
            assert (status, fields["error"]) in _DOCUMENTED, f"undocumented {status}"
            assert ("Retry-After" in headers) == (status in {429, 503}), "Retry-After"
            assert ("WWW-Authenticate" in headers) == (status == 401), "WWW-Authenticate"
            return str(fields["error"])

    return FuzzTarget(
        name=function.replace("_", "-"),
        promise="every event gets a documented answer; no secret in answer or log",
        inputs=_events(function),
        check=check,
    )


def _given(fields: dict[str, Any], log: str) -> str:
    """What was given where it was no refusal."""
    if "access_token" not in fields:
        return "outcome" if "outcome" in fields else "connections"
    if fields["token_type"] == "Bearer":
        assert set(fields["scope"].split()) <= _MOST_SCOPES, "a token beyond the grant"
    assert fields["access_token"] not in log, "a token in the log"
    return "token"


_connections = st.fixed_dictionaries(
    {"action": st.sampled_from(_ACTIONS), "credential": st.just("hiring")},
    optional={
        "connection": st.just("ada") | hostile.texts,
        "scope": hostile.texts,
        "return_url": hostile.texts,
        "code": hostile.secrets,
        "may_change_account": hostile.leaves,
        "tenant.domain": hostile.texts,
    },
)


@st.composite
def _requests(draw: st.DrawFn) -> object:
    """One direct request: well-formed but for a few changes, or any JSON at all."""
    sample = draw(st.sampled_from([each for each in samples("vend_direct") if "path" not in each]))
    return draw(
        hostile.altered(sample)
        | st.dictionaries(st.sampled_from([*_NAMES, "credential"]), hostile.leaves, max_size=5)
        | st.fixed_dictionaries({"reject": hostile.json_values})
        | st.fixed_dictionaries({"connections": _connections | hostile.json_values})
        | st.fixed_dictionaries(
            {"reject": st.fixed_dictionaries({"credential": st.just("jobs")})},
            optional={"token": hostile.secrets},
        )
        | hostile.json_values
    )


def _check_direct(event: object) -> str:
    try:
        with invoked("vend_direct", event, "billing") as (answer, log):
            # JSON is what the caller gets of it.
            keeps_secret(json.dumps(answer), log)
            if isinstance(event, dict) and "requests" in event and "answers" in answer:
                assert len(answer["answers"]) == len(event["requests"]), "not one answer each"
                return "batch " + " ".join(sorted({_one(each, log) for each in answer["answers"]}))
            return _one(answer, log)
    except RetryableError as error:
        keeps_secret(error)
        fields = json.loads(str(error))
        assert fields["error"] in _CODES, "an undocumented error was raised"
        assert fields["retryable"], "raised what no retry cures"
        return "raised " + str(fields["error"])


def _one(fields: dict[str, Any], log: str) -> str:
    if "error" not in fields:
        return _given(fields, log)
    assert fields["error"] in _CODES, "an undocumented error"
    assert ("retry_after_seconds" in fields) == fields["retryable"], "retry_after_seconds"
    return str(fields["error"])


_DIRECT = FuzzTarget(
    name="vend-direct",
    promise="any JSON gets a documented answer; a batch never raises",
    inputs=_requests()
    | st.lists(_requests(), max_size=27).map(lambda requests: {"requests": requests}),
    check=_check_direct,
)

TARGETS = (_http("vend_iam"), _http("vend_oauth2"), _DIRECT)
