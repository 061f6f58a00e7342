"""What the pages' function does around the use case: parse, lead on, record, show."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tokenvend.composition.environment import environment
from tokenvend.connecting.steps import ConsentEndedError, WhyNot
from tokenvend.domain.errors import InvalidClientError, TokenVendError
from tokenvend.domain.oauth.authorization import one_of
from tokenvend.domain.secret import Secret
from tokenvend.entries.alias import require_live
from tokenvend.entries.pages import html
from tokenvend.entries.pages.http import (
    Browsed,
    binding_cookie,
    forgetting_cookie,
    page_answer,
    parse_browsed,
)
from tokenvend.handlers.context import Context
from tokenvend.observability.consents import audit_consent, audit_consent_failed

CONNECT, CALLBACK = "/connect/{link}", "/callback/{credential}"


def prepare() -> None:
    """Make in INIT, which has a whole processor, what each page needs.

    Raises:
        SettingsError: the function's environment variables are incomplete.
    """
    _ = environment().consenting


def handle_page(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Answer one request of a browser."""
    browsed = parse_browsed(event)
    step = f"{browsed.method} {browsed.route}"
    try:
        require_live(context.invoked_function_arn)
        return _page(browsed, context)
    except ConsentEndedError as ended:
        audit_consent_failed(
            step, ended.reason.value, now=datetime.now(UTC), request_id=context.aws_request_id
        )
        if ended.reason is WhyNot.ANOTHER_BROWSER:
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


def _page(browsed: Browsed, context: Context) -> dict[str, Any]:
    match browsed.method, browsed.route:
        case "GET", route if route == CONNECT:
            return _show(browsed)
        case "POST", route if route == CONNECT:
            return _proceed(browsed, context)
        case "GET", route if route == CALLBACK:
            return _come_back(browsed, context)
        case _:
            return page_answer(404, html.not_found_page())


def _show(browsed: Browsed) -> dict[str, Any]:
    asking = environment().consenting.show(_link_of(browsed))
    return page_answer(200, html.ask_page(asking))


def _proceed(browsed: Browsed, context: Context) -> dict[str, Any]:
    if browsed.is_cross_site:
        # Another site's form would press Continue for the user.
        raise ConsentEndedError(WhyNot.ANOTHER_BROWSER)
    departure = environment().consenting.proceed(_link_of(browsed))
    audit_consent("left", departure.session, request_id=context.aws_request_id)
    page = html.leaving_page(departure)
    cookie = binding_cookie(departure.state, departure.browser, departure.lasts)
    return page_answer(200, page, cookie)


def _come_back(browsed: Browsed, context: Context) -> dict[str, Any]:
    state = Secret(one_of(browsed.query, "state") or "")
    returned = environment().consenting.come_back(
        browsed.parameters.get("credential", ""),
        browsed.query,
        browsed.browser(state),
        time_left=timedelta(milliseconds=context.get_remaining_time_in_millis()),
    )
    outcome = "denied" if returned.denied else "pending"
    audit_consent(outcome, returned.asking.session, request_id=context.aws_request_id)
    page = html.denied_page(returned) if returned.denied else html.connected_page(returned)
    return page_answer(200, page, forgetting_cookie(state))


def _link_of(browsed: Browsed) -> Secret:
    link = browsed.link
    if link is None:
        raise ConsentEndedError(WhyNot.LINK_OVER)
    return link
