"""The questions that a probe asks, the cheapest first."""

from tokenvend.domain.credential_definition import CredentialDefinition, CredentialKind
from tokenvend.domain.oauth.token_response import is_success
from tokenvend.domain.scopes import Scopes, format_scope
from tokenvend.domain.secret import Secret
from tokenvend_cli.probing.findings import ProbeFindings
from tokenvend_cli.probing.first_token import first_token
from tokenvend_cli.probing.lifetimes import tell_lifetime
from tokenvend_cli.probing.requests import (
    ConsentRequester,
    CredentialRequester,
    ProviderAnswer,
    TokenSource,
)
from tokenvend_cli.problems import CommandError

_NO_SUCH_SCOPE = frozenset({"tokenvend-probe-no-such-scope"})
_NONE_LEFT = "no request was left for it"


def measure(
    asker: CredentialRequester,
    definition: CredentialDefinition,
    *,
    introspection_endpoint: str | None = None,
    refresh_token: Secret | None = None,
) -> ProbeFindings:
    """Measure how the provider behaves, in at most `requests.MOST_REQUESTS` requests.

    Where users consent, every token is a refresh of the consent of *refresh_token*.

    Raises:
        CommandError: it gives no token, does not answer, or there is no consent to ask with.
    """
    findings = ProbeFindings()
    source = _source(asker, definition, refresh_token)
    first = _first_token(asker, source, findings)
    second = _second_token(source, definition, findings, first)
    _former_token(asker, findings, first, second, introspection_endpoint)
    narrowed = _narrowing(asker, source, definition, findings, introspection_endpoint)
    # A provider may redeem a refresh token that it then refuses: nothing rests on what is left.
    rotates = isinstance(source, ConsentRequester) and _gives_the_next(
        findings, source, refresh_token
    )
    if isinstance(source, ConsentRequester) and narrowed is not None:
        _next_refresh(source, findings, narrowed, first.scopes() or definition.scopes)
    _refusals(asker, source, findings)
    if refresh_token is not None and source is asker:
        rotates = _rotation(asker, findings, refresh_token)
    if refresh_token is not None and rotates and asker.left:
        # Last, because a refresh token that is sent twice may end the consent.
        _redeemed(asker, findings, refresh_token)
    return findings


def _source(
    asker: CredentialRequester, definition: CredentialDefinition, refresh_token: Secret | None
) -> TokenSource:
    if definition.kind is not CredentialKind.AUTHORIZATION_CODE:
        return asker
    if refresh_token is None:
        raise CommandError(
            "users consent to this credential: give the refresh_token of a consent that may be"
            " lost, with the rest of the secret, by --secret-from-stdin"
        )
    return ConsentRequester(asker, refresh_token)


def _first_token(
    asker: CredentialRequester, source: TokenSource, findings: ProbeFindings
) -> ProviderAnswer:
    answer = first_token(asker, source, findings)
    tell_lifetime(findings, asker, answer)
    kind = "a JWT" if (answer.token or "").count(".") == 2 else "opaque"
    findings.add("a token is", kind)
    scopes = answer.scopes()
    findings.add("it says that it carries", None if scopes is None else format_scope(scopes))
    return answer


def _second_token(
    source: TokenSource,
    definition: CredentialDefinition,
    findings: ProbeFindings,
    first: ProviderAnswer,
) -> ProviderAnswer:
    second = source.token(definition.scopes)
    same = second.token == first.token
    findings.add("a second request gives", "the same token" if same else "another token")
    return second


def _former_token(
    asker: CredentialRequester,
    findings: ProbeFindings,
    first: ProviderAnswer,
    second: ProviderAnswer,
    endpoint: str | None,
) -> None:
    question = "the former token, when there is a new one"
    if first.token is None or second.token == first.token:
        findings.add(question, None, "there was no new one")
        return
    active = None
    if endpoint is not None:
        active = asker.introspected(endpoint, first.token).get("active")
    if not isinstance(active, bool):
        findings.add(question, None, "needs --introspection-endpoint")
        return
    findings.add(question, "stays valid" if active else "is void", "introspection")
    if not active:
        findings.credential["single_active_token"] = True


def _narrowing(
    asker: CredentialRequester,
    source: TokenSource,
    definition: CredentialDefinition,
    findings: ProbeFindings,
    endpoint: str | None,
) -> Scopes | None:
    """Return the one scope that was requested, if the token carries no other."""
    question = "asked for one scope, a token carries"
    if len(definition.scopes) <= 1:
        findings.add(question, None, "the credential declares no two scopes to tell apart")
        return None
    one = frozenset({min(definition.scopes)})
    answer = source.token(one, names_scope=True)
    if answer.token is None:
        findings.add(question, None, f"refused: {answer.shape}")
        return None
    carried, how = _carried(asker, answer, endpoint)
    narrows = carried is not None and carried <= one
    if carried is None:
        findings.add(question, None, "neither the answer nor the token says: it counts as fixed")
    else:
        findings.add(question, "that one" if narrows else format_scope(carried), how)
    if source is asker:
        findings.provider["scope_mode"] = "narrows" if narrows else "fixed"
    return one if narrows else None


def _carried(
    asker: CredentialRequester, answer: ProviderAnswer, endpoint: str | None
) -> tuple[Scopes | None, str]:
    if endpoint is not None and answer.token is not None:
        scope = asker.introspected(endpoint, answer.token).get("scope")
        if isinstance(scope, str):
            return frozenset(scope.split()), "introspection"
    return answer.scopes(), "its answer, or the token itself"


def _next_refresh(
    source: ConsentRequester, findings: ProbeFindings, one: Scopes, whole: Scopes
) -> None:
    """Measure whether a refresh for all scopes gives them back after one for fewer."""
    question = "the refresh after that, for all scopes, gives"
    answer = source.token(whole, names_scope=True)
    if answer.token is None:
        findings.add(question, answer.shape, "a refresh for fewer scopes takes the others for good")
        return
    carried = answer.scopes()
    if carried is None:
        findings.add(question, None, "neither the answer nor the token says")
        return
    is_whole = carried > one and carried >= whole
    findings.add(question, "all of them" if is_whole else format_scope(carried))
    if is_whole:
        findings.provider["consent_flow"] = {"refresh_names_scopes": True}


def _refusals(asker: CredentialRequester, source: TokenSource, findings: ProbeFindings) -> None:
    """Measure how the provider answers an unknown scope, and what its refusals look like."""
    refused = source.token(_NO_SUCH_SCOPE, names_scope=True)
    findings.add("a scope that is not there", "accepted" if refused.token else refused.shape)
    question = "a refusal looks like"
    if refused.token is not None:
        if asker.left < 2:
            findings.add(question, None, _NONE_LEFT)
            return
        refused = asker.mistaken()
    if refused.token is not None:
        findings.add(question, None, "it refuses nothing that was tried")
        return
    findings.add(question, _looks_like(refused))


def _looks_like(refused: ProviderAnswer) -> str:
    status, names = refused.response.status, refused.names
    if isinstance(refused.answer.document, dict) and isinstance(
        refused.answer.document.get("error"), str
    ):
        return f"{status}, JSON with error (RFC 6749 §5.2)"
    if names:
        hint = ": say token_answer.error" if is_success(refused.response) else ""
        return f"{status}, JSON with {', '.join(names)}{hint}"
    return f"{status}, no JSON object"


def _rotation(asker: CredentialRequester, findings: ProbeFindings, refresh_token: Secret) -> bool:
    if not asker.left:
        findings.add("a refresh", None, _NONE_LEFT)
        return False
    source = ConsentRequester(asker, refresh_token)
    answer = source.token()
    if answer.token is None:
        findings.add("a refresh", answer.shape)
        return False
    return _gives_the_next(findings, source, refresh_token)


def _gives_the_next(
    findings: ProbeFindings, source: ConsentRequester, given: Secret | None
) -> bool:
    rotates = given is not None and source.refresh_token.reveal() != given.reveal()
    findings.add("a refresh gives", "the next refresh token" if rotates else "no other one")
    return rotates


def _redeemed(asker: CredentialRequester, findings: ProbeFindings, refresh_token: Secret) -> None:
    again = asker.refreshed(refresh_token)
    findings.add("a spent refresh token", "is still good" if again.token else again.shape)
