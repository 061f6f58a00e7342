"""Authenticate callers by their platform's token (RFC 8693)."""

from tokenvend.domain.errors import SubjectTokenError, store_unavailable
from tokenvend.domain.identity import EntryPoint, Proof, Workload, identity_of_workload
from tokenvend.domain.workload.claims import VerifiedToken
from tokenvend.domain.workload.exchange_request import SubjectToken
from tokenvend.domain.workload.issuer import TrustedIssuer
from tokenvend.ports import StoreAwayError
from tokenvend.ports.workloads import UsedTokens
from tokenvend.vending.subject_tokens import SubjectTokens


class WorkloadAuthenticator:
    """Authenticates callers by their subject tokens."""

    def __init__(self, *, tokens: SubjectTokens, used: UsedTokens) -> None:
        self._tokens = tokens
        self._used = used

    def prove(self, subject: SubjectToken, entry: EntryPoint) -> Proof:
        """Verify *subject*, and return the proof of the caller that it proves.

        Raises:
            SubjectTokenError: it is not a valid token of a caller, or was used before although its
                issuer's tokens are accepted only once.
            TemporarilyUnavailableError: the tables or the issuer are away.
        """
        issuer, verified = self._tokens.verify(subject.token, of_users=False)
        caller = _caller_of(verified, issuer)
        if issuer.one_time:
            self._use_up(verified)
        return Proof(entry, identity_of_workload(issuer.name, caller), workload=verified.workload)

    def _use_up(self, verified: VerifiedToken) -> None:
        workload = verified.workload
        try:
            is_first = self._used.use(
                workload.issuer, workload.token_id or "", until=verified.holds_until
            )
        except StoreAwayError:
            # Only the table shows whether the token was used before.
            raise store_unavailable() from None
        if not is_first:
            raise _about(
                workload,
                SubjectTokenError(
                    "The subject token has been used before.", rule="subject_token.replayed"
                ),
            )


def _about(workload: Workload, error: SubjectTokenError) -> SubjectTokenError:
    error.workload = workload
    return error


def _caller_of(verified: VerifiedToken, issuer: TrustedIssuer) -> str:
    try:
        return issuer.caller_of(verified.claims)
    except SubjectTokenError as error:
        raise _about(verified.workload, error) from None
