"""A workload with a token of its platform: Kubernetes, GitHub, GitLab, AWS, any OIDC issuer."""

import ssl

from tokenvend_client.errors import Failure
from tokenvend_client.http import HttpSender, checked_url
from tokenvend_client.request import Call
from tokenvend_client.subject_tokens import JWT, SubjectTokenSource, proof_of
from tokenvend_client.ways_in import NO_SECOND_TOKEN, Document
from tokenvend_client.ways_in.oauth_client import FORM, document_of, form_of


class WorkloadToken:
    """Asks at `/oauth2` by token exchange (RFC 8693): no long-lived secret.

    `subject_token` is called for the platform's token at each call, because platforms replace
    their tokens: `token_of_file`, `token_of_github`, `token_of_aws`, or a function of your own.

    >>> from tokenvend_client.subject_tokens import token_of_file
    >>> WorkloadToken("https://tokens.example.com", token_of_file("/var/run/secrets/token"))
    <WorkloadToken at https://tokens.example.com>
    """

    def __init__(
        self,
        url: str,
        subject_token: SubjectTokenSource,
        *,
        subject_token_type: str = JWT,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._url = checked_url(url)
        self._subject_token = subject_token
        self._type = subject_token_type
        self._sender = HttpSender(context=context)

    def send(self, call: Call, *, timeout_seconds: float) -> Document | Failure:
        """Send one POST to `/oauth2/{credential}/…` with the platform's token."""
        if call.user is not None:
            return NO_SECOND_TOKEN
        subject_token = self._subject_token()
        if isinstance(subject_token, Failure):
            return subject_token
        answer = self._sender.send(
            "POST",
            f"{self._url}/oauth2/{call.credential}/{call.path}",
            {"Content-Type": FORM},
            form_of(call, proof_of(subject_token, self._type)),
            timeout_seconds=timeout_seconds,
        )
        return document_of(answer)

    def __repr__(self) -> str:
        return f"<WorkloadToken at {self._url}>"
