"""Signed-in users, by the tokens that their identity provider gave them."""

from tokenvend.domain.users import User, UserToken
from tokenvend.domain.workload.exchange_request import SubjectToken
from tokenvend.vending.subject_tokens import SubjectTokens


class UserTokenVerifier:
    """Says whom a user's token is about.

    The token proves no caller: it only comes with the request of one.
    """

    def __init__(self, *, tokens: SubjectTokens) -> None:
        self._tokens = tokens

    def verify(self, subject: SubjectToken) -> tuple[User, UserToken]:
        """The user whom *subject* is about; whether a grant takes it is for the decision to say.

        Raises:
            SubjectTokenError: it is no valid token of a user issuer.
            TemporarilyUnavailableError: what would verify it does not answer.
        """
        _, verified = self._tokens.verify(subject.token, of_users=True)
        about = verified.workload
        user = User(about.issuer, about.subject, verified.audience, token_id=about.token_id)
        return user, UserToken(subject.token, verified.holds_until)
