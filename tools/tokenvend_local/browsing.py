"""A minimal browser: it stores cookies, reads pages and presses buttons, but runs no script."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import MappingProxyType
from urllib.parse import urljoin

import requests

_TIMEOUT_SECONDS = 30
_REDIRECTS = 10


@dataclass
class Form:
    """One form: its target, the fields that it would send, and its buttons by their labels."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: dict[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `moves_to` is the address of its immediate redirect, if it has one."""

    url: str
    status: int
    headers: Mapping[str, str]
    text: str
    title: str
    links: Mapping[str, str]
    forms: tuple[Form, ...]
    moves_to: str | None


class Browser:
    """One browser with cookies of its own, for pages of the loopback interface.

    It keeps and sends `Secure` cookies there, as Chromium and Firefox do, which count it as
    trustworthy. Python's own cookie jar does not, so they are sent by hand.
    """

    def __init__(self) -> None:
        self._session = requests.Session()
        self._session.trust_env = False

    @property
    def cookies(self) -> dict[str, str]:
        """Return the stored cookies."""
        return {cookie.name: cookie.value or "" for cookie in self._session.cookies}

    def open(self, url: str) -> Page:
        """Open *url*, following redirects."""
        return self._page(self._send("GET", url))

    def press(
        self, page: Page, label: str, fields: Mapping[str, str] = MappingProxyType({})
    ) -> Page:
        """Press the button with the text *label*, with *fields* filled in."""
        form = next(each for each in page.forms if label in each.buttons)
        name, value = form.buttons[label]
        pressed = {name: value} if name else {}
        url = urljoin(page.url, form.action)
        return self._page(self._send("POST", url, {**form.fields, **fields, **pressed}))

    def go_on(self, page: Page) -> Page:
        """Follow the page's immediate redirect."""
        if page.moves_to is None:
            raise LookupError(f"{page.title!r} does not move on")
        return self.open(page.moves_to)

    def _send(
        self, method: str, url: str, form: Mapping[str, str] | None = None
    ) -> requests.Response:
        for _ in range(_REDIRECTS):
            answer = self._session.request(
                method,
                url,
                data=form,
                headers={"Cookie": "; ".join("=".join(pair) for pair in self.cookies.items())},
                allow_redirects=False,
                timeout=_TIMEOUT_SECONDS,
            )
            if not answer.is_redirect:
                return answer
            method, url, form = "GET", urljoin(url, answer.headers["Location"]), None
        raise LookupError("too many redirects")

    def _page(self, answer: requests.Response) -> Page:
        reader = _Reader()
        reader.feed(answer.text)
        return Page(
            url=answer.url,
            status=answer.status_code,
            headers=answer.headers,
            text=answer.text,
            title=reader.title,
            links=reader.links,
            forms=tuple(reader.forms),
            moves_to=reader.moves_to,
        )


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.links: dict[str, str] = {}
        self.forms: list[Form] = []
        self.moves_to: str | None = None
        self._open: tuple[str, dict[str, str]] | None = None
        self._words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        match tag:
            case "form":
                self.forms.append(Form(values.get("action", "")))
            case "input" if self.forms and _is_sent(values):
                self.forms[-1].fields[values["name"]] = values.get("value", "on")
            case "meta" if values.get("http-equiv") == "refresh":
                self.moves_to = values.get("content", "").partition("url=")[2]
            case "a" | "button" | "title":
                self._open, self._words = (tag, values), []

    def handle_data(self, data: str) -> None:
        self._words.append(data)

    def handle_endtag(self, tag: str) -> None:
        if self._open is None or self._open[0] != tag:
            return
        values, words = self._open[1], "".join(self._words).strip()
        self._open = None
        if tag == "title":
            self.title = words
        elif tag == "a":
            self.links[words] = values.get("href", "")
        elif self.forms:
            self.forms[-1].buttons[words] = (values.get("name", ""), values.get("value", ""))


def _is_sent(values: Mapping[str, str]) -> bool:
    """Whether an input is sent even if the user does nothing."""
    if "name" not in values:
        return False
    return values.get("type") not in {"radio", "checkbox"} or "checked" in values
