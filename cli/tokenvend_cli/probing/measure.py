"""The questions of a probe, in the order in which they cost least."""

from tokenvend.domain.registry import CredentialDefinition
from tokenvend.domain.scopes import format_scope
from tokenvend.domain.secret import Secret
from tokenvend_cli.probing.asking import Asker, Told
from tokenvend_cli.probing.findings import Findings
from tokenvend_cli.problems import CommandError

_NO_SUCH_SCOPE = frozenset({"tokenvend-probe-no-such-scope"})


def measure(
    asker: Asker,
    definition: CredentialDefinition,
    *,
    introspection_endpoint: str | None = None,
    refresh_token: Secret | None = None,
) -> Findings:
    """Ask the provider at most `asking.MOST_REQUESTS` times, and say what it does.

    Raises:
        CommandError: it gives no token, or does not answer.
    """
    findings = Findings()
    first = _first_token(asker, definition, findings)
    second = _second_token(asker, definition, findings, first)
    _former_token(asker, findings, first, second, introspection_endpoint)
    _narrowing(asker, definition, findings, introspection_endpoint)
    refused = asker.token(_NO_SUCH_SCOPE, names_scope=True)
    findings.add("a scope that is not there", "accepted" if refused.token else refused.shape)
    if refresh_token is not None:
        _rotation(asker, findings, refresh_token)
    return findings


def _first_token(asker: Asker, definition: CredentialDefinition, findings: Findings) -> Told:
    told = asker.token(definition.scopes)
    if told.token is None:
        raise CommandError(f"the provider gives no token: {told.shape}")
    lifetime = told.fields.get("expires_in")
    if isinstance(lifetime, int | str) and str(lifetime).isdigit():
        findings.add("a token lives for", f"{lifetime} s", "expires_in")
    else:
        findings.add("a token lives for", None, "no expires_in: look it up, and say it in the file")
        findings.credential["default_lifetime_seconds"] = definition.default_lifetime_seconds
    kind = "a JWT" if told.token.count(".") == 2 else "opaque"
    findings.add("a token is", kind)
    scopes = told.scopes()
    findings.add("it says that it carries", None if scopes is None else format_scope(scopes))
    return told


def _second_token(
    asker: Asker, definition: CredentialDefinition, findings: Findings, first: Told
) -> Told:
    second = asker.token(definition.scopes)
    same = second.token == first.token
    findings.add("a second request gives", "the same token" if same else "another token")
    return second


def _former_token(
    asker: Asker, findings: Findings, first: Told, second: Told, endpoint: str | None
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


def _is_active(asker: Asker, endpoint: str | None, token: str) -> bool | None:
    if endpoint is None:
        return None
    active = asker.introspected(endpoint, token).fields.get("active")
    return active if isinstance(active, bool) else None


def _narrowing(
    asker: Asker, definition: CredentialDefinition, findings: Findings, endpoint: str | None
) -> None:
    question = "asked for one scope, a token carries"
    if len(definition.scopes) <= 1:
        findings.add(question, None, "the credential declares no two scopes to tell apart")
        return
    one = frozenset({min(definition.scopes)})
    told = asker.token(one, names_scope=True)
    if told.token is None:
        findings.add(question, None, f"refused: {told.shape}")
        return
    carried, how = told.scopes(), "its answer, or the token itself"
    if endpoint is not None:
        introspected = asker.introspected(endpoint, told.token).scopes()
        carried, how = (carried, how) if introspected is None else (introspected, "introspection")
    if carried is None:
        findings.add(question, None, "neither the answer nor the token says: it counts as fixed")
        findings.provider["scope_mode"] = "fixed"
        return
    narrows = carried <= one
    findings.add(question, "that one" if narrows else format_scope(carried), how)
    findings.provider["scope_mode"] = "narrows" if narrows else "fixed"


def _rotation(asker: Asker, findings: Findings, refresh_token: Secret) -> None:
    told = asker.refreshed(refresh_token)
    if told.token is None:
        findings.add("a refresh", told.shape)
        return
    successor = told.fields.get("refresh_token")
    rotates = isinstance(successor, str) and successor != refresh_token.reveal()
    findings.add("a refresh gives", "the next refresh token" if rotates else "no other one")
    if rotates:
        again = asker.refreshed(refresh_token)
        findings.add("a spent refresh token", "is still good" if again.token else again.shape)
