"""Get the first token: by the request as described, or by another that the provider accepts."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from urllib.parse import quote_plus

from tokenvend.domain.credential_definition import ClientAuthentication, CredentialDefinition
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend_cli.probing.findings import ProbeFindings
from tokenvend_cli.probing.requests import CredentialRequester, ProviderAnswer, TokenSource
from tokenvend_cli.problems import CommandError

_OTHER_BASIC = {
    ClientAuthentication.BASIC: ClientAuthentication.BASIC_UNENCODED,
    ClientAuthentication.BASIC_UNENCODED: ClientAuthentication.BASIC,
}
_OTHER_BODY = {"form": "json", "json": "form"}
#: Refusals that no other form of the request can cure.
_OF_THE_GRANT = frozenset({"invalid_grant", "invalid_scope", "unauthorized_client"})


def first_token(
    asker: CredentialRequester, source: TokenSource, findings: ProbeFindings
) -> ProviderAnswer:
    """Return the first token that any form of request gives; *asker* keeps that form.

    Raises:
        CommandError: it gives none.
    """
    described = asker.definition
    answer = refused = source.token(described.scopes)
    for another in _other_ways(described, asker.secret) if answer.token is None else ():
        if refused.answer.error in _OF_THE_GRANT:
            break
        asker.definition = another
        answer = source.token(described.scopes)
        if answer.token is not None:
            break
    if answer.token is None:
        raise CommandError(f"the provider issued no token: {refused.shape}")
    _tell_basic(findings, described, asker)
    _tell_body(findings, described, asker.definition)
    return answer


def _other_ways(
    described: CredentialDefinition, secret: ProviderSecret
) -> Iterator[CredentialDefinition]:
    """Yield other forms of the request, each with as small a change of *described* as possible."""
    method, place = described.client_authentication, _body(described)
    basic = _OTHER_BASIC.get(method) if _is_changed_by_encoding(secret) else None
    if basic is not None:
        yield replace(described, client_authentication=basic)
    other = _OTHER_BODY.get(place)
    if other is None:
        return
    as_other = replace(
        described, token_request=dict(described.token_request) | {"parameters_in": other}
    )
    yield as_other
    if basic is not None:
        yield replace(as_other, client_authentication=basic)


def _tell_basic(
    findings: ProbeFindings, described: CredentialDefinition, asker: CredentialRequester
) -> None:
    method = asker.definition.client_authentication
    if method not in _OTHER_BASIC:
        return
    question = "id and secret in HTTP Basic are"
    if not _is_changed_by_encoding(asker.secret):
        findings.add(question, None, "these have no character that form-encoding changes")
        return
    encoded = method is ClientAuthentication.BASIC
    findings.add(question, "form-encoded" if encoded else "as they are", method.value)
    if method is not described.client_authentication:
        findings.provider["client_authentication"] = method.value


def _tell_body(
    findings: ProbeFindings, described: CredentialDefinition, taken: CredentialDefinition
) -> None:
    place = _body(taken)
    words = {"form": "a form", "json": "JSON", "query": "the query"}
    findings.add("it takes parameters as", words[place])
    if place != _body(described):
        findings.provider["token_request"] = {"parameters_in": place}


def _body(definition: CredentialDefinition) -> str:
    request: Mapping[str, object] = definition.token_request
    return str(request.get("parameters_in", "form"))


def _is_changed_by_encoding(secret: ProviderSecret) -> bool:
    texts = (secret.client_id, secret.client_secret.reveal())
    return any(quote_plus(text) != text for text in texts)
