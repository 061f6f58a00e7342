"""Act as a user of the demo: open the link, press Continue, allow, and come back."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from tokenvend_local.browsing import Browser
from tokenvend_local.callers import Answer, ask_signed, connect_signed
from tokenvend_local.demo import RETURN_URL, Demo
from tokenvend_local.errors import LocalStackError

CREDENTIAL, CONNECTION, USER = "hiring", "ada", "ada"

#: Takes a user through the pages, from the link to the code that comes back.
type Consent = Callable[[str], str]


def start(demo: Demo, connection: str = CONNECTION) -> str:
    """Start a connection as careers-site does, and return the link for the user."""
    started = connect_signed(
        *(demo.stack.deployed, demo.careers_site, CREDENTIAL, "start"),
        connection=connection,
        return_url=RETURN_URL,
    )
    if started.error is not None:
        raise LocalStackError(f"No connection could be started: {started.document}")
    return str(started.document["connect_url"])


def consent(connect_url: str, *, user: str = USER) -> str:
    """Consent as a user, by plain requests; return the one-time code that the application gets.

    Raises:
        LocalStackError: a page was not the expected one.
    """
    browser = Browser()
    prompt = browser.open(connect_url)
    if not prompt.forms:
        raise LocalStackError(f"The page does not ask: {prompt.title}")
    left = browser.press(prompt, next(iter(prompt.forms[0].buttons)))
    returned = browser.press(browser.go_on(left), "Allow", {"user": user})
    if returned.moves_to is None:
        raise LocalStackError(f"The page does not lead back: {returned.title}")
    return parse_qs(urlsplit(returned.moves_to).query)["code"][0]


def connect_and_ask(demo: Demo, by: Consent) -> Answer:
    """Start a connection, consent, complete it, and request a token of it."""
    code = by(start(demo))
    completed = connect_signed(
        *(demo.stack.deployed, demo.careers_site, CREDENTIAL, "complete"),
        connection=CONNECTION,
        code=code,
    )
    if completed.error is not None:
        return completed
    return ask_signed(demo.stack.deployed, demo.careers_site, CREDENTIAL, connection=CONNECTION)
