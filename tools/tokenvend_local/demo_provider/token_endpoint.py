"""Three grant types in two flavours (RFC 6749 §4.1, §4.4, §6), and revocation (RFC 7009)."""

import base64
import binascii
import hmac
from urllib.parse import unquote_plus

from tokenvend_local.demo_provider.clients import Book, Client, Flavour, Token, TokenExchangeRecord
from tokenvend_local.demo_provider.consents import Consent
from tokenvend_local.demo_provider.http import Answer, NotAFormError, Request, as_json
from tokenvend_local.demo_provider.refusal import RefusedError

#: The parameters that this endpoint reads; any other is kept in the record of the exchange.
KNOWN = frozenset(
    {
        *("grant_type", "client_id", "client_secret", "scope", "audience", "resource"),
        # Each is as sensitive as a secret, so the record must not hold it.
        *("code", "code_verifier", "redirect_uri", "refresh_token"),
    }
)
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def token(
    book: Book,
    request: Request,
    flavour: Flavour,
    again: Token | None = None,
    *,
    began_at: float,
) -> Answer:
    """Answer one token request that came at *began_at*; with *again*, repeat that token."""
    try:
        form = request.form()
        client = _authenticate(book, request, form, flavour)
        answer = _issue(book, client, form, again)
    except NotAFormError as error:
        answer = _refusal(RefusedError("invalid_request", str(error)))
    except RefusedError as error:
        answer = _refusal(error)
    record(book, request, answer.status, began_at=began_at)
    return answer


def claimed_client_id(request: Request) -> str:
    """Return the client id that the request names, authenticated or not."""
    try:
        return _claimed(request, request.form())[0]
    except NotAFormError:
        return ""


def record(book: Book, request: Request, status: int, *, began_at: float) -> None:
    """Record an exchange that came at *began_at*, if it named a known client."""
    try:
        form = request.form()
    except NotAFormError:
        return
    client_id, method = _claimed(request, form)
    if book.client(client_id) is None:
        return
    book.record(
        TokenExchangeRecord(
            client_id=client_id,
            status=status,
            at=book.now(),
            began_at=began_at,
            scope=form.get("scope"),
            audience=form.get("audience"),
            resource=form.get("resource"),
            authentication=method,
            extra={name: form[name] for name in form.keys() - KNOWN},
        )
    )


def revoke(book: Book, request: Request) -> Answer:
    """Revoke a token of the requesting client. An unknown token is no error (RFC 7009 §2.2)."""
    try:
        form = request.form()
        client = _authenticate(book, request, form, Flavour.STANDARD)
    except NotAFormError as error:
        return _refusal(RefusedError("invalid_request", str(error)))
    except RefusedError as error:
        return _refusal(error)
    book.revoke(form.get("token", ""), client.client_id)
    book.consents.revoke(form.get("token", ""), client.client_id)
    return Answer(200)


def _claimed(request: Request, form: dict[str, str]) -> tuple[str, str]:
    """Return the client id that the request names, and its authentication method."""
    if basic := _basic(request):
        return basic[0], "client_secret_basic"
    return form.get("client_id", ""), "client_secret_post"


def _basic(request: Request) -> tuple[str, str] | None:
    """Return id and secret of the Authorization header; both are form-encoded (RFC 6749 §2.3.1)."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote_plus(name), unquote_plus(secret)


def _authenticate(book: Book, request: Request, form: dict[str, str], flavour: Flavour) -> Client:
    basic = _basic(request)
    if basic and flavour is Flavour.SMARTRECRUITERS:
        raise RefusedError("invalid_client", "Send client_id and client_secret in the body.", 401)
    if basic and "client_secret" in form:
        raise RefusedError("invalid_request", "Authenticate once.")
    client_id, _ = _claimed(request, form)
    secret = basic[1] if basic else form.get("client_secret", "")
    client = book.client(client_id)
    if client is None or client.flavour is not flavour:
        raise RefusedError("invalid_client", "No such client.", 401)
    if not hmac.compare_digest(secret.encode(), client.client_secret.encode()):
        raise RefusedError("invalid_client", "Wrong secret.", 401)
    return client


def _issue(book: Book, client: Client, form: dict[str, str], again: Token | None) -> Answer:
    match form.get("grant_type"):
        case "client_credentials":
            return _issue_to_client(book, client, form, again)
        case "authorization_code":
            return _issue_for_user(
                book, client, book.consents.redeem_code(client.client_id, form), form
            )
        case "refresh_token":
            consent = book.consents.redeem_refresh_token(client.client_id, form)
            return _issue_for_user(book, client, consent, form)
    raise RefusedError("unsupported_grant_type", "This grant type is not offered here.")


def _issue_for_user(book: Book, client: Client, consent: Consent, form: dict[str, str]) -> Answer:
    """Issue a token for what the user agreed to, and the next refresh token."""
    scopes = consent.scopes
    if client.flavour is Flavour.STANDARD and "scope" in form:
        scopes = tuple(form["scope"].split())
        if not scopes or set(scopes) - set(consent.scopes):
            raise RefusedError("invalid_scope", "Empty, or beyond what the user agreed to.")
    issued = book.issue(client, scopes, None, consent.user_id)
    document = _token_document(book, issued)
    return as_json(
        200, {**document, "refresh_token": book.consents.new_refresh_token(consent)}, NO_STORE
    )


def _issue_to_client(
    book: Book, client: Client, form: dict[str, str], again: Token | None
) -> Answer:
    requested = _scopes(client, form.get("scope"))
    narrows = client.flavour is Flavour.STANDARD
    scopes = requested if narrows else client.scopes
    target = _target(client, form) if narrows else None
    issued = again or book.issue(client, scopes, target)
    return as_json(200, _token_document(book, issued), NO_STORE)


def _token_document(book: Book, issued: Token) -> dict[str, object]:
    return {
        "access_token": issued.value,
        "token_type": "Bearer",
        "expires_in": round(issued.expires_at - book.now()),
        "scope": " ".join(issued.scopes),
    }


def _scopes(client: Client, scope: str | None) -> tuple[str, ...]:
    """Return the requested scopes; all of the client's if none are requested.

    An empty `scope=` is invalid, at SmartRecruiters and by the grammar of RFC 6749 §3.3.
    """
    if scope is None:
        return client.scopes
    requested = tuple(scope.split())
    if not requested or set(requested) - set(client.scopes):
        raise RefusedError("invalid_scope", "Empty, or beyond what this client may have.")
    return requested


def _target(client: Client, form: dict[str, str]) -> str | None:
    """Return the requested audience or resource (RFC 8707)."""
    target = form.get("resource", form.get("audience"))
    if target is not None and target not in client.targets:
        raise RefusedError("invalid_target", "Not an API that this client may name.")
    return target


def _refusal(error: RefusedError) -> Answer:
    document = {"error": error.code, "error_description": str(error)}
    return as_json(error.status, document, NO_STORE)
