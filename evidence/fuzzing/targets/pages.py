"""What browsers send: the pages' links, and callbacks from the provider."""

from typing import Any

from hypothesis import strategies as st
from tests.unit.consent.harness import DEFINITION, TIME_LEFT
from tests.unit.consent.harness import Harness as ConsentHarness

from fuzzing import hostile
from fuzzing.scenario import invoked, samples
from fuzzing.target import FuzzTarget, keeps_secret
from tokenvend.consent.flow_steps import ConsentFlowEndedError
from tokenvend.domain.errors import TokenVendError

#: No page answers anything else (docs/connections.md).
_STATUSES = frozenset({200, 400, 403, 404, 410, 502, 503})
_PARAMETERS = ("state", "code", "error", "iss", "error_description", "session_state")
_SITES = ("same-origin", "none", "cross-site")

_queries = st.dictionaries(
    st.sampled_from(_PARAMETERS) | hostile.texts,
    st.lists(hostile.secrets | hostile.texts, min_size=1, max_size=2),
    max_size=5,
)


@st.composite
def _events(draw: st.DrawFn) -> dict[str, Any]:
    event = dict(draw(st.sampled_from(samples("connect_pages"))))
    if draw(st.booleans()):
        event["multiValueQueryStringParameters"] = draw(_queries)
    if draw(st.booleans()):
        event["pathParameters"] = {"link": draw(hostile.texts), "credential": draw(hostile.texts)}
    if draw(st.booleans()):
        event["httpMethod"] = draw(st.sampled_from(["GET", "POST", "HEAD"]) | hostile.texts)
        event["resource"] = draw(
            st.sampled_from(["/connect/{link}", "/callback/{credential}"]) | hostile.texts
        )
    if draw(st.booleans()):
        event["multiValueHeaders"] = {
            "Cookie": draw(st.lists(hostile.texts, min_size=1, max_size=3)),
            "Sec-Fetch-Site": [draw(st.sampled_from(_SITES) | hostile.texts)],
        }
    return event


def _check_page(event: dict[str, Any]) -> str:
    with invoked("connect_pages", event, "live") as (answer, log):
        keeps_secret(answer["body"], log)
        assert answer["statusCode"] in _STATUSES, "an undocumented status"
        policy = answer["headers"]["Content-Security-Policy"]
        assert "default-src 'none'" in policy, "a page that may load something"
        assert answer["headers"]["Cache-Control"] == "no-store", "a page that may be stored"
        return str(answer["statusCode"])


def _check_callback(query: dict[str, list[str]]) -> str:
    """A user who pressed Continue comes back, with whatever stands in the URL."""
    harness = ConsentHarness()
    departure = harness.depart()
    harness.consent()
    multi = query | {"state": [departure.state.reveal()]}
    try:
        returned = harness.pages.come_back(
            DEFINITION.name, multi, departure.browser, time_left=TIME_LEFT
        )
    except (ConsentFlowEndedError, TokenVendError) as error:
        keeps_secret(error)
        return str(getattr(error, "provider_error", error))
    assert returned.url.startswith("https://shop.example/connected?"), "sent elsewhere"
    keeps_secret(returned.url)
    return "denied" if returned.denied else "came back"


def _once_or_twice(values: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    """Mostly once: of a query in which something repeats, nothing else is looked at."""
    once = st.tuples(values).map(list)
    return st.one_of(once, once, once, st.tuples(values, values).map(list))


def _callback_queries() -> st.SearchStrategy[dict[str, list[str]]]:
    issuers = st.sampled_from(["https://hiring.example", "https://evil.example"]) | hostile.texts
    errors = st.sampled_from(["access_denied", "server_error"]) | hostile.texts
    return st.fixed_dictionaries(
        {},
        optional={
            "code": _once_or_twice(hostile.secrets | hostile.texts),
            "iss": _once_or_twice(issuers),
            "error": _once_or_twice(errors),
            "other": _once_or_twice(hostile.texts),
        },
    )


TARGETS = (
    FuzzTarget(
        name="pages",
        promise="every request of a browser gets a page that holds no secret and loads nothing",
        inputs=_events(),
        check=_check_page,
    ),
    FuzzTarget(
        name="callback",
        promise="whatever the provider's redirect says, the user ends at the caller's own URL",
        inputs=_callback_queries(),
        check=_check_callback,
    ),
)
