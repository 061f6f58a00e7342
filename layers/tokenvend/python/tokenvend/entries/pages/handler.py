"""The function for the consent pages: parse the request, call the use case, log, answer."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tokenvend.composition.root import composition_root
from tokenvend.consent.browser_flow import BrowserFlowSteps
from tokenvend.consent.flow_steps import ConsentFlowEndedError, FlowEndReason
from tokenvend.domain.errors import InvalidClientError, TokenVendError
from tokenvend.domain.oauth.authorization import single_value
from tokenvend.domain.secret import Secret
from tokenvend.entries.alias import require_live
from tokenvend.entries.context import Context
from tokenvend.entries.pages import html
from tokenvend.entries.pages.http import (
    BrowserRequest,
    binding_cookie,
    forgetting_cookie,
    page_answer,
    parse_browsed,
)
from tokenvend.observability.consents import audit_consent, audit_consent_failed

CONNECT, CALLBACK = "/connect/{link}", "/callback/{credential}"


def prepare() -> None:
    """Build in INIT what each page needs, because INIT has a full CPU.

    Raises:
        SettingsError: the function's environment variables are incomplete.
    """
    _browser_flow()


def _browser_flow() -> BrowserFlowSteps:
    return composition_root().browser_flow


def handle_page(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Answer one request of a browser."""
    browsed = parse_browsed(event)
    step = f"{browsed.method} {browsed.route}"
    try:
        require_live(context.invoked_function_arn)
        return _page(browsed, context)
    except ConsentFlowEndedError as ended:
        audit_consent_failed(
            step, ended.reason.value, now=datetime.now(UTC), request_id=context.aws_request_id
        )
        if ended.reason is FlowEndReason.ANOTHER_BROWSER:
            return page_answer(403, html.another_browser_page())
        return page_answer(410, html.link_over_page())
    except TokenVendError as error:
        audit_consent_failed(
            step,
            error.code,
            error=error,
            now=datetime.now(UTC),
            request_id=context.aws_request_id,
        )
        status = 403 if isinstance(error, InvalidClientError) else int(error.status)
        page = html.wrong_page(context.aws_request_id, may_pass=error.retryable)
        return page_answer(status, page)


def _page(browsed: BrowserRequest, context: Context) -> dict[str, Any]:
    match browsed.method, browsed.route:
        case "GET", route if route == CONNECT:
            return _show(browsed)
        case "POST", route if route == CONNECT:
            return _proceed(browsed, context)
        case "GET", route if route == CALLBACK:
            return _come_back(browsed, context)
        case _:
            return page_answer(404, html.not_found_page())


def _show(browsed: BrowserRequest) -> dict[str, Any]:
    prompt = _browser_flow().show(_link_of(browsed))
    return page_answer(200, html.ask_page(prompt))


def _proceed(browsed: BrowserRequest, context: Context) -> dict[str, Any]:
    if browsed.is_cross_site:
        # Another site's form could otherwise press Continue instead of the user.
        raise ConsentFlowEndedError(FlowEndReason.ANOTHER_BROWSER)
    redirect = _browser_flow().proceed(_link_of(browsed))
    audit_consent("left", redirect.session, request_id=context.aws_request_id)
    page = html.leaving_page(redirect)
    cookie = binding_cookie(redirect.state, redirect.browser, redirect.lasts)
    return page_answer(200, page, cookie)


def _come_back(browsed: BrowserRequest, context: Context) -> dict[str, Any]:
    state = Secret(single_value(browsed.query, "state") or "")
    returned = _browser_flow().come_back(
        browsed.parameters.get("credential", ""),
        browsed.query,
        browsed.browser(state),
        time_left=timedelta(milliseconds=context.get_remaining_time_in_millis()),
    )
    outcome = "denied" if returned.denied else "pending"
    audit_consent(outcome, returned.prompt.session, request_id=context.aws_request_id)
    page = html.denied_page(returned) if returned.denied else html.connected_page(returned)
    return page_answer(200, page, forgetting_cookie(state))


def _link_of(browsed: BrowserRequest) -> Secret:
    link = browsed.link
    if link is None:
        raise ConsentFlowEndedError(FlowEndReason.LINK_OVER)
    return link
