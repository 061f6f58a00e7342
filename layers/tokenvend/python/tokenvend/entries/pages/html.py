"""The consent pages: plain HTML without scripts, for phones, dark mode and keyboards too.

Every text from outside goes through `escape`. `Template` gets our own markup only.
"""

import hashlib
from base64 import b64encode
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import urlsplit

from tokenvend.consent.flow_steps import ApplicationRedirect, ConsentPrompt, ProviderRedirect

STYLE = Path(__file__).with_name("style.css").read_text(encoding="utf-8")
#: What `style-src` allows: this style and no other.
STYLE_HASH = "sha256-" + b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

_PAGE = Template(
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    '<meta name="robots" content="noindex">\n$head<title>$title</title>\n'
    "<style>$style</style>\n</head>\n<body>\n<main>\n<h1>$title</h1>\n$body\n</main>\n</body>\n</html>\n"
)
#: Scopes of OpenID Connect, which have the same meaning at every provider.
_STANDARD_WORDS = {
    "openid": "Know which account is yours",
    "profile": "See your name and picture",
    "email": "See your email address",
    "phone": "See your phone number",
    "address": "See your address",
    "offline_access": "Keep this access while you are away",
}


def ask_page(prompt: ConsentPrompt) -> str:
    """The first page: who asks for which access, and the button that leads to the provider."""
    application, provider = escape(prompt.application), escape(prompt.provider)
    host = escape(_host(prompt.consent_grant.authorization.endpoint))
    back = escape(_host(prompt.session.return_url))
    return _page(
        f"{prompt.application} asks for access to your {prompt.provider} account",
        f"<h2>If you agree, {application} can</h2>\n{_scope_list(prompt)}\n"
        f"<p>You sign in and decide at <strong>{host}</strong>. {application} does not see your"
        " password.</p>\n"
        f'<form method="post"><button type="submit">Continue to {provider}</button></form>\n'
        f'<p class="soft">Did you not start this in {application} just now? Then close this page:'
        " nothing has happened yet.</p>\n"
        f'<p class="soft">Afterwards you come back to {back}.</p>',
    )


def leaving_page(redirect: ProviderRedirect) -> str:
    """The page that leads to the provider. For why it is not a redirect, see docs/adr/0016."""
    provider = redirect.prompt.provider
    button = _button(redirect.url, f"Continue to {escape(provider)}")
    return _moving_page(
        f"On to {provider}", redirect.url, f"<p>You are being sent on.</p>\n{button}"
    )


def connected_page(returned: ApplicationRedirect) -> str:
    """The page after the user agreed. It leads to the application, which completes the consent."""
    prompt = returned.prompt
    application = escape(prompt.application)
    less = ""
    if prompt.session.scopes - returned.token_scopes:
        less = f'<p class="note">You allowed less than {application} asked for.</p>\n'
    return _moving_page(
        f"{prompt.provider} said yes",
        returned.url,
        f"{less}<p>You are being sent back to {application}, which finishes the connection.</p>\n"
        f"{_button(returned.url, f'Back to {application}')}",
    )


def denied_page(returned: ApplicationRedirect) -> str:
    """The page after the user refused at the provider."""
    prompt = returned.prompt
    application, provider = escape(prompt.application), escape(prompt.provider)
    return _page(
        "Nothing was connected",
        f"<p>You did not allow access, so {application} has none to your {provider} account."
        f" If that was a mistake, start again in {application}.</p>\n"
        f"{_button(returned.url, f'Back to {application}')}",
    )


def link_over_page() -> str:
    """The page for a connect link or callback that was used, has expired, or never existed."""
    return _page(
        "This link is no longer good",
        "<p>It was used already, or more than ten minutes have gone by. Nothing was changed.</p>\n"
        "<p>Go back to the application that sent you here, and start again.</p>",
    )


def another_browser_page() -> str:
    """The page for another browser than the one that started, or for one without cookies."""
    return _page(
        "This was started in another browser",
        "<p>To keep your account safe, you have to come back in the browser in which you pressed"
        " Continue, and it has to accept cookies. Nothing was connected.</p>\n"
        "<p>Go back to the application that sent you here, and start again.</p>",
    )


def wrong_page(reference: str, *, may_pass: bool) -> str:
    """The page for an error; *reference* is in the logs, *may_pass* says to try again later."""
    advice = (
        "It may pass: wait a minute, then start again in the application that sent you here."
        if may_pass
        else "Tell the application that sent you here, and quote this reference."
    )
    return _page(
        "Something went wrong",
        f"<p>Nothing was connected. {advice}</p>\n"
        f'<p class="note">Reference: <code>{escape(reference)}</code></p>',
    )


def not_found_page() -> str:
    """The page for an unknown address."""
    return _page("There is nothing here", "<p>The address is not one of this service's pages.</p>")


def _scope_list(prompt: ConsentPrompt) -> str:
    if not prompt.session.scopes:
        return "<ul><li>Do what its registration at the provider allows</li></ul>"
    entries = []
    for scope, known in prompt.scopes:
        words = known or _STANDARD_WORDS.get(scope)
        shown = escape(words) if words else f"Use <code>{escape(scope)}</code>"
        entries.append(f"<li>{shown}</li>")
    return "<ul>\n" + "\n".join(entries) + "\n</ul>"


def _button(url: str, label: str) -> str:
    return f'<a class="button" href="{escape(url)}" rel="noreferrer">{label}</a>'


def _moving_page(title: str, url: str, body: str) -> str:
    return _page(title, body, f'<meta http-equiv="refresh" content="0; url={escape(url)}">\n')


def _page(title: str, body: str, head: str = "") -> str:
    return _PAGE.substitute(title=escape(title), body=body, head=head, style=STYLE)


def _host(url: str) -> str:
    return urlsplit(url).netloc
