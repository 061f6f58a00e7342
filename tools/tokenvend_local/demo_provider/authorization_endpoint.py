"""The authorization endpoint (RFC 6749 §4.1.1): as SmartRecruiters has it, or standard with `iss`.

The client and the redirect URI are checked before any redirect: an unknown client, or a redirect
URI that is not exactly one of its own, gets an error page and no redirect.
"""

from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

from tokenvend_local.demo_provider.clients import Book, Client, Flavour
from tokenvend_local.demo_provider.consents import USERS
from tokenvend_local.demo_provider.http import Answer, Request
from tokenvend_local.demo_provider.refusal import RefusedError

#: The most redirect URIs that SmartRecruiters accepts for a client.
MOST_REDIRECT_URIS = 3
_PASSED_ON = (
    *("client_id", "redirect_uri", "state", "scope"),
    *("code_challenge", "code_challenge_method", "response_type"),
)
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 26rem; margin: 3rem auto }}
label {{ display: block; padding: .3rem 0 }} fieldset {{ border: 1px solid #bbb; margin: 0 0 1rem }}
button {{ font: inherit; padding: .6rem 1.4rem; margin-right: .5rem }}
</style>
<h1>{title}</h1>
{body}
"""


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request whose client and redirect URI are right."""

    client: Client
    scopes: tuple[str, ...]
    parameters: dict[str, str]

    def back(self, issuer: str | None, **parameters: str) -> Answer:
        """Send the browser back; `state` goes along, and so does `iss` where there is one."""
        state = {"state": self.parameters["state"]} if "state" in self.parameters else {}
        iss = {"iss": issuer} if issuer else {}
        uri = self.parameters["redirect_uri"]
        joined = "&" if "?" in uri else "?"
        return Answer(303, headers={"Location": uri + joined + urlencode(parameters | state | iss)})


def authorize(book: Book, request: Request, flavour: Flavour, issuer: str | None) -> Answer:
    """Show the consent page for a GET; take the user's decision from a POST."""
    try:
        form = request.form() if request.method == "POST" else {}
        parameters = form if request.method == "POST" else request.query
        request_parameters = _request_of(book, parameters, flavour)
    except RefusedError as error:
        return _page(400, "This does not work", f"<p>{escape(str(error))}</p>")
    refused = _refusal(request_parameters)
    if refused is not None:
        return request_parameters.back(issuer, error=refused)
    if request.method == "GET":
        return _ask(request_parameters)
    return _decide(book, request_parameters, form, issuer)


def _request_of(book: Book, parameters: dict[str, str], flavour: Flavour) -> AuthorizationRequest:
    client = book.client(parameters.get("client_id", ""))
    if client is None or client.flavour is not flavour:
        raise RefusedError("invalid_client", "There is no such application.")
    if parameters.get("redirect_uri") not in client.redirect_uris[:MOST_REDIRECT_URIS]:
        raise RefusedError("invalid_request", "The redirect URI is not the application's own.")
    scope = parameters.get("scope")
    scopes = client.scopes if scope is None else tuple(scope.split())
    passed_on = {name: parameters[name] for name in _PASSED_ON if name in parameters}
    return AuthorizationRequest(client, scopes, passed_on)


def _refusal(request_parameters: AuthorizationRequest) -> str | None:
    """Return the error code to send to the redirect URI (RFC 6749 §4.1.2.1), if there is one."""
    if request_parameters.parameters.get("response_type") != "code":
        return "unsupported_response_type"
    if not request_parameters.scopes or set(request_parameters.scopes) - set(
        request_parameters.client.scopes
    ):
        return "invalid_scope"
    method = request_parameters.parameters.get("code_challenge_method")
    if "code_challenge" in request_parameters.parameters and method != "S256":
        return "invalid_request"
    return None


def _ask(request_parameters: AuthorizationRequest) -> Answer:
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in request_parameters.parameters.items()
    )
    users = "".join(
        f'<label><input type="radio" name="user" value="{user.user_id}"'
        f"{' checked' if number == 0 else ''}> {escape(user.name)}</label>"
        for number, user in enumerate(USERS.values())
    )
    scopes = "".join(
        f'<label><input type="checkbox" name="allow_{escape(scope)}" value="yes" checked>'
        f" {escape(scope)}</label>"
        for scope in request_parameters.scopes
    )
    return _page(
        200,
        f"{request_parameters.client.company}: allow access?",
        f'<form method="post">{hidden}<fieldset><legend>You are</legend>{users}</fieldset>'
        f"<fieldset><legend>It may use</legend>{scopes}</fieldset>"
        '<button name="decision" value="allow">Allow</button>'
        '<button name="decision" value="deny">Deny</button></form>',
    )


def _decide(
    book: Book, request_parameters: AuthorizationRequest, form: dict[str, str], issuer: str | None
) -> Answer:
    user = USERS.get(form.get("user", ""))
    allowed = tuple(scope for scope in request_parameters.scopes if f"allow_{scope}" in form)
    if form.get("decision") != "allow" or user is None or not allowed:
        return request_parameters.back(issuer, error="access_denied")
    code = book.consents.new_code(
        request_parameters.client.client_id,
        user,
        allowed,
        redirect_uri=request_parameters.parameters["redirect_uri"],
        code_challenge=request_parameters.parameters.get("code_challenge"),
    )
    return request_parameters.back(issuer, code=code)


def _page(status: int, title: str, body: str) -> Answer:
    page = _PAGE.format(title=escape(title), body=body)
    headers = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"}
    return Answer(status, page.encode(), headers)
