"""Verify the tokens of signed-in users."""

from tokenvend.domain.users import User, UserToken
from tokenvend.domain.workload.exchange_request import SubjectToken
from tokenvend.vending.subject_tokens import SubjectTokens


class UserTokenVerifier:
    """Verifies the token of a signed-in user that comes with a caller's request.

    The token does not prove the caller.
    """

    def __init__(self, *, tokens: SubjectTokens) -> None:
        self._tokens = tokens

    def verify(self, subject: SubjectToken) -> tuple[User, UserToken]:
        """Return the user of the token *subject*, and the verified token.

        Whether the caller's grant accepts the user is decided later, in `domain.decision`.

        Raises:
            SubjectTokenError: it is not a valid token of a user issuer.
            TemporarilyUnavailableError: the registry or the issuer is away.
        """
        _, verified = self._tokens.verify(subject.token, of_users=True)
        about = verified.workload
        user = User(about.issuer, about.subject, verified.audience, token_id=about.token_id)
        return user, UserToken(subject.token, verified.holds_until)
