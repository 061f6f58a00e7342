"""Check that a caller may have connections of a credential, at the start and at each step."""

from dataclasses import dataclass

from tokenvend.domain.consent import ConsentSession
from tokenvend.domain.credential_definition import Authorization, CredentialDefinition
from tokenvend.domain.decision import check_not_blocked, prove_caller
from tokenvend.domain.errors import (
    CredentialNotReadyError,
    InvalidRequestError,
    InvalidScopeError,
    UnauthorizedClientError,
    store_unavailable,
)
from tokenvend.domain.identity import Proof
from tokenvend.domain.registry import SUBJECT_CONNECTIONS, Caller, Grant, RegistryView
from tokenvend.domain.rule import Rule
from tokenvend.domain.scopes import Scopes, format_scope
from tokenvend.domain.users import is_picked_by_user
from tokenvend.ports import Lookup, StoreAwayError, VendReader


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentGrant:
    """A caller's grant for connections, and how its users are asked to consent."""

    caller: Caller
    grant: Grant
    definition: CredentialDefinition
    authorization: Authorization

    @property
    def pages_url(self) -> str:
        """The address before `/connect/…` and `/callback/…`, taken from the redirect URI.

        Raises:
            CredentialNotReadyError: the redirect URI is not this credential's callback.
        """
        path = f"/callback/{self.definition.name}"
        uri = self.authorization.redirect_uri
        if not uri.endswith(path):
            raise CredentialNotReadyError(
                f"The credential's redirect_uri does not end in {path}.", rule="connection.pages"
            )
        return uri.removesuffix(path)

    def scopes(self, requested_scopes: Scopes | None) -> Scopes:
        """The scopes to ask the user for: *requested_scopes*, else the grant's default or ceiling.

        Raises:
            InvalidScopeError: one is beyond the ceiling, or nothing would be named.
        """
        ceiling = self.grant.scopes
        if self.grant.full_access:
            ceiling |= self.definition.scopes
        wanted = requested_scopes if requested_scopes is not None else self.grant.default_scopes
        wanted = ceiling if wanted is None else wanted
        if beyond := wanted - ceiling:
            raise InvalidScopeError(f"Not in the grant: {format_scope(beyond)}.", rule=Rule.SCOPES)
        if not wanted and not self.grant.full_access:
            raise InvalidScopeError(
                "No scope is requested or granted, so the provider would decide: the grant needs"
                " full_access: true.",
                rule=Rule.FULL_ACCESS,
            )
        return wanted


def read_view(
    reader: VendReader, identity: str, credential: str, connection: str | None
) -> RegistryView:
    """Read what the registry says now of the caller, the credential and the *connection*.

    Raises:
        TemporarilyUnavailableError: the tables do not answer.
    """
    try:
        lookup = Lookup(identity=identity, credential=credential, connection=connection)
        return reader.read(lookup).view
    except StoreAwayError:
        raise store_unavailable() from None


def find_consent_grant(proof: Proof, view: RegistryView) -> ConsentGrant:
    """Return the grant that allows the caller of *proof* to have connections.

    Raises:
        InvalidClientError: the caller is unknown, not proven or blocked.
        UnauthorizedClientError: no grant, no such credential, or it is blocked.
        InvalidRequestError: the credential is of another kind.
    """
    return _consent_grant_of(prove_caller(proof, view), view)


def recheck_consent_grant(session: ConsentSession, view: RegistryView) -> ConsentGrant:
    """Return the grant of *session*, after a check that it still allows the consent.

    Raises:
        UnauthorizedClientError: the caller, its grant, the credential or the connection is gone
            or blocked.
        InvalidScopeError: the grant covers less by now.
        InvalidRequestError: the return URL is not listed any more.
    """
    caller = view.caller
    if caller is None or caller.name != session.key.owner:
        raise UnauthorizedClientError(rule=Rule.CALLER_KNOWN)
    if view.caller_blocked:
        raise UnauthorizedClientError(rule=Rule.CALLER_BLOCKED, caller=caller.name)
    found = _consent_grant_of(caller, view)
    check_not_blocked(view, session.key.owner)
    if is_picked_by_user(session.key.name) != (found.grant.connections == SUBJECT_CONNECTIONS):
        raise UnauthorizedClientError(rule=Rule.CONNECTION_GRANTED, caller=caller.name)
    found.scopes(session.scopes)
    check_return_url(found, session.return_url)
    return found


def check_return_url(found: ConsentGrant, return_url: str | None) -> str:
    """Return *return_url*, which the grant must list exactly.

    Raises:
        InvalidRequestError: it does not.
    """
    if return_url is None or return_url not in found.grant.return_urls:
        raise InvalidRequestError(
            "return_url is not listed in the grant.",
            rule="grant.return_urls",
            caller=found.caller.name,
        )
    return return_url


def _consent_grant_of(caller: Caller, view: RegistryView) -> ConsentGrant:
    if view.grant is None:
        raise UnauthorizedClientError(rule=Rule.GRANT_EXISTS, caller=caller.name)
    if view.definition is None:
        raise UnauthorizedClientError(rule=Rule.CREDENTIAL_EXISTS, caller=caller.name)
    if view.credential_blocked:
        raise UnauthorizedClientError(rule=Rule.CREDENTIAL_BLOCKED, caller=caller.name)
    if view.definition.authorization is None:
        raise InvalidRequestError(
            "This credential has no connections.", rule=Rule.CONNECTION, caller=caller.name
        )
    return ConsentGrant(
        caller=caller,
        grant=view.grant,
        definition=view.definition,
        authorization=view.definition.authorization,
    )
