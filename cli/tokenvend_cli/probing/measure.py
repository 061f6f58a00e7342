"""The questions of a probe, in the order in which they cost least."""

from tokenvend.domain.registry import CredentialDefinition, CredentialKind
from tokenvend.domain.scopes import format_scope
from tokenvend.domain.secret import Secret
from tokenvend_cli.probing.findings import ProbeFindings
from tokenvend_cli.probing.requests import (
    ConsentRequester,
    CredentialRequester,
    ProviderAnswer,
    TokenSource,
)
from tokenvend_cli.problems import CommandError

_NO_SUCH_SCOPE = frozenset({"tokenvend-probe-no-such-scope"})


def measure(
    asker: CredentialRequester,
    definition: CredentialDefinition,
    *,
    introspection_endpoint: str | None = None,
    refresh_token: Secret | None = None,
) -> ProbeFindings:
    """Ask the provider at most `asking.MOST_REQUESTS` times, and say what it does.

    Where users consent, every token is a refresh of the consent of *refresh_token*.

    Raises:
        CommandError: it gives no token, does not answer, or there is no consent to ask with.
    """
    findings = ProbeFindings()
    source = _source(asker, definition, refresh_token)
    first = _first_token(source, definition, findings)
    second = _second_token(source, definition, findings, first)
    _former_token(asker, findings, first, second, introspection_endpoint)
    _narrowing(asker, source, definition, findings, introspection_endpoint)
    # A provider may spend a refresh token that it then refuses: nothing rests on what is left.
    rotates = isinstance(source, ConsentRequester) and _gives_the_next(
        findings, source, refresh_token
    )
    refused = source.token(_NO_SUCH_SCOPE, names_scope=True)
    findings.add("a scope that is not there", "accepted" if refused.token else refused.shape)
    if refresh_token is not None and source is asker:
        rotates = _rotation(asker, findings, refresh_token)
    if refresh_token is not None and rotates:
        # Last, because one that comes again may end the consent.
        _spent(asker, findings, refresh_token)
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
    source: TokenSource, definition: CredentialDefinition, findings: ProbeFindings
) -> ProviderAnswer:
    answer = source.token(definition.scopes)
    if answer.token is None:
        raise CommandError(f"the provider gives no token: {answer.shape}")
    lifetime = answer.fields.get("expires_in")
    if isinstance(lifetime, int | str) and str(lifetime).isdigit():
        findings.add("a token lives for", f"{lifetime} s", "expires_in")
    else:
        findings.add("a token lives for", None, "no expires_in: look it up, and say it in the file")
        findings.credential["default_lifetime_seconds"] = definition.default_lifetime_seconds
    kind = "a JWT" if answer.token.count(".") == 2 else "opaque"
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
    active = _is_active(asker, endpoint, first.token)
    if active is None:
        findings.add(question, None, "needs --introspection-endpoint")
        return
    findings.add(question, "stays valid" if active else "is void", "introspection")
    if not active:
        findings.credential["single_active_token"] = True


def _is_active(asker: CredentialRequester, endpoint: str | None, token: str) -> bool | None:
    if endpoint is None:
        return None
    active = asker.introspected(endpoint, token).fields.get("active")
    return active if isinstance(active, bool) else None


def _narrowing(
    asker: CredentialRequester,
    source: TokenSource,
    definition: CredentialDefinition,
    findings: ProbeFindings,
    endpoint: str | None,
) -> None:
    question = "asked for one scope, a token carries"
    if len(definition.scopes) <= 1:
        findings.add(question, None, "the credential declares no two scopes to tell apart")
        return
    one = frozenset({min(definition.scopes)})
    answer = source.token(one, names_scope=True)
    if answer.token is None:
        findings.add(question, None, f"refused: {answer.shape}")
        return
    carried, how = answer.scopes(), "its answer, or the token itself"
    if endpoint is not None:
        introspected = asker.introspected(endpoint, answer.token).scopes()
        carried, how = (carried, how) if introspected is None else (introspected, "introspection")
    if carried is None:
        findings.add(question, None, "neither the answer nor the token says: it counts as fixed")
        findings.provider["scope_mode"] = "fixed"
        return
    narrows = carried <= one
    findings.add(question, "that one" if narrows else format_scope(carried), how)
    findings.provider["scope_mode"] = "narrows" if narrows else "fixed"


def _rotation(asker: CredentialRequester, findings: ProbeFindings, refresh_token: Secret) -> bool:
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


def _spent(asker: CredentialRequester, findings: ProbeFindings, refresh_token: Secret) -> None:
    again = asker.refreshed(refresh_token)
    findings.add("a spent refresh token", "is still good" if again.token else again.shape)
