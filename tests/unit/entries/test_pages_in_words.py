"""Each page as its user reads it, and where it leads."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.unit.consent.harness import DEFINITION, RETURN_URL, SHOP, Harness
from tests.unit.entries.page import Page

from tokenvend.consent.flow_steps import ApplicationRedirect, ConsentPrompt, ProviderRedirect
from tokenvend.domain.registry import Caller
from tokenvend.entries.pages import html

SAID_NO = (
    "You did not allow access, so Shop has none to your Hiring account. If that was a mistake,"
    " start again in Shop."
)
SAME_BROWSER = (
    "To keep your account safe, you have to come back in the browser in which you"
    " pressed Continue, and it has to accept cookies. Nothing was connected."
)
MAY_PASS = (
    "Nothing was connected. It may pass: wait a minute, then start again in the"
    " application that sent you here."
)
TELL_THEM = (
    "Nothing was connected. Tell the application that sent you here, and quote this reference."
)


def redirect(**changes: object) -> tuple[Harness, ProviderRedirect]:
    harness = Harness()
    harness.define(replace(DEFINITION, **changes))  # type: ignore[arg-type]
    return harness, harness.depart()


def returned(query: dict[str, str] | None = None, **fields: object) -> ApplicationRedirect:
    harness, left = redirect()
    harness.consent(**fields)  # type: ignore[arg-type]
    return harness.come_back(left, query)


def prompt(*, title: str | None = "Shop") -> ConsentPrompt:
    harness = Harness()
    harness.reader.callers[SHOP.identity] = Caller(name="shop", title=title)
    return harness.pages.show(harness.start())


def test_a_user_reads_who_asks_for_what_and_where_the_way_leads() -> None:
    page = Page(html.ask_page(prompt()))

    title = "Shop asks for access to your Hiring account"
    assert page.texts == [
        *(title, title),
        "If you agree, Shop can",
        "See jobs",
        "You sign in and decide at",
        "hiring.example",
        ". Shop does not see your password.",
        "Continue to Hiring",
        "Did you not start this in Shop just now? Then close this page: nothing has happened yet.",
        "Afterwards you come back to shop.example.",
    ]
    assert page.of("form") == [{"method": "post"}]
    assert page.of("button") == [{"type": "submit"}]
    assert page.of("p") == [{}, {"class": "soft"}, {"class": "soft"}]


def test_an_application_and_a_provider_without_a_title_go_by_their_names() -> None:
    authorization = DEFINITION.authorization
    assert authorization is not None
    untitled = prompt(title=None)
    definition = replace(DEFINITION, authorization=replace(authorization, provider_title=None))
    consent_grant = replace(
        untitled.consent_grant,
        definition=definition,
        authorization=definition.authorization,  # type: ignore[arg-type]
    )

    page = Page(html.ask_page(replace(untitled, consent_grant=consent_grant)))

    assert page.texts[0] == "shop asks for access to your hiring account"


@pytest.mark.parametrize(
    ("scopes", "texts"),
    [
        (set(), ["Do what its registration at the provider allows"]),
        ({"openid"}, ["Know which account is yours"]),
        ({"profile", "email"}, ["See your email address", "See your name and picture"]),
        ({"unheard_of"}, ["Use", "unheard_of"]),
        ({"jobs_read", "zeta", "alpha"}, ["See jobs", "Use", "alpha", "Use", "zeta"]),
    ],
)
def test_each_scope_is_read_in_words_where_there_are_any(
    scopes: set[str], texts: list[str]
) -> None:
    one = prompt()
    session = replace(one.session, scopes=frozenset(scopes))

    page = Page(html.ask_page(replace(one, session=session)))

    start = page.texts.index("If you agree, Shop can") + 1
    assert page.texts[start : page.texts.index("You sign in and decide at")] == texts
    assert len(page.of("ul")) == 1
    assert len(page.of("li")) == max(1, len(scopes))


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        ("phone", "See your phone number"),
        ("address", "See your address"),
        ("offline_access", "Keep this access while you are away"),
    ],
)
def test_a_scope_that_every_provider_means_alike_has_words(scope: str, words: str) -> None:
    one = prompt()
    session = replace(one.session, scopes=frozenset({scope}))

    assert words in Page(html.ask_page(replace(one, session=session))).texts


def leads_to(page: Page, url: str, label: str) -> None:
    (link,) = page.of("a")
    assert link == {"class": "button", "href": url, "rel": "noreferrer"}
    assert page.texts[-1] == label


def refreshes(page: Page) -> list[str | None]:
    return [each.get("content") for each in page.of("meta") if "http-equiv" in each]


def test_a_user_is_sent_on_to_the_provider() -> None:
    _, left = redirect()

    page = Page(html.leaving_page(left))

    assert page.texts[:3] == ["On to Hiring", "On to Hiring", "You are being sent on."]
    leads_to(page, left.url, "Continue to Hiring")
    assert refreshes(page) == [f"0; url={left.url}"]


@pytest.mark.parametrize(
    ("scope", "note"),
    [("jobs_read", []), ("", ["You allowed less than Shop asked for."])],
)
def test_a_user_who_said_yes_is_sent_back(scope: str, note: list[str]) -> None:
    back = returned(scope=scope)

    page = Page(html.connected_page(back))

    assert page.texts == [
        *("Hiring said yes", "Hiring said yes"),
        *note,
        "You are being sent back to Shop, which finishes the connection.",
        "Back to Shop",
    ]
    leads_to(page, back.url, "Back to Shop")
    assert refreshes(page) == [f"0; url={back.url}"]
    assert ({"class": "note"} in page.of("p")) is bool(note)


def test_a_user_who_said_no_may_go_back() -> None:
    back = returned({"error": "access_denied"})

    page = Page(html.denied_page(back))

    assert page.texts == [
        *("Nothing was connected", "Nothing was connected"),
        SAID_NO,
        "Back to Shop",
    ]
    leads_to(page, back.url, "Back to Shop")
    assert refreshes(page) == []
    assert back.url.startswith(RETURN_URL)


@pytest.mark.parametrize(
    ("page", "texts"),
    [
        (
            html.link_over_page,
            [
                "This link is no longer good",
                "It was used already, or more than ten minutes have gone by. Nothing was changed.",
                "Go back to the application that sent you here, and start again.",
            ],
        ),
        (
            html.another_browser_page,
            [
                "This was started in another browser",
                SAME_BROWSER,
                "Go back to the application that sent you here, and start again.",
            ],
        ),
        (
            html.not_found_page,
            ["There is nothing here", "The address is not one of this service's pages."],
        ),
        (
            lambda: html.wrong_page("ref-<1>", may_pass=True),
            [
                "Something went wrong",
                MAY_PASS,
                "Reference:",
                "ref-<1>",
            ],
        ),
        (
            lambda: html.wrong_page("ref-<1>", may_pass=False),
            [
                "Something went wrong",
                TELL_THEM,
                "Reference:",
                "ref-<1>",
            ],
        ),
    ],
)
def test_a_way_that_ends_says_why_and_what_to_do(page: Callable[[], str], texts: list[str]) -> None:
    assert Page(page()).texts == [texts[0], *texts]


def test_every_page_is_plain_small_and_kept_out_of_indexes() -> None:
    page = Page(html.not_found_page())

    assert page.of("meta") == [
        {"charset": "utf-8"},
        {"name": "viewport", "content": "width=device-width, initial-scale=1"},
        {"name": "robots", "content": "noindex"},
    ]
    assert [tag for tag, _ in page.elements if tag in {"script", "img", "link", "iframe"}] == []
    assert html.STYLE in html.not_found_page()
