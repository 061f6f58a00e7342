"""A workload with a token of its platform: Kubernetes, GitHub, GitLab, SPIFFE, any OIDC issuer."""

import os
import ssl
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from tokenvend_client.errors import ConfigurationError, Failure
from tokenvend_client.http import HttpSender, checked_url
from tokenvend_client.request import Call
from tokenvend_client.secret import Secret
from tokenvend_client.ways_in import Document
from tokenvend_client.ways_in.oauth_client import FORM, document_of, form_of

#: Gives the platform's token for the next call, or says why there is none.
SubjectTokenSource = Callable[[], Secret | Failure]

TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
JWT = "urn:ietf:params:oauth:token-type:jwt"
_GITHUB_SECONDS = 10.0


class WorkloadToken:
    """Asks at `/oauth2` by token exchange (RFC 8693): no long-lived secret.

    `subject_token` gives the platform's token each time one is needed, for platforms replace
    theirs: `token_of_file`, `token_of_github`, or a function of your own.

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
        """One POST to `/oauth2/{credential}/…` with the platform's token."""
        subject_token = self._subject_token()
        if isinstance(subject_token, Failure):
            return subject_token
        proof = {
            "grant_type": Secret(TOKEN_EXCHANGE),
            "subject_token": subject_token,
            "subject_token_type": Secret(self._type),
        }
        answer = self._sender.send(
            "POST",
            f"{self._url}/oauth2/{call.credential}/{call.path}",
            {"Content-Type": FORM},
            form_of(call, proof),
            timeout_seconds=timeout_seconds,
        )
        return document_of(answer)

    def __repr__(self) -> str:
        return f"<WorkloadToken at {self._url}>"


def token_of_file(path: str) -> SubjectTokenSource:
    """The token in a file that the platform keeps up to date, such as a projected volume."""

    def read() -> Secret | Failure:
        try:
            return Secret(Path(path).read_text(encoding="utf-8").strip())
        except (OSError, ValueError) as error:
            return _missing(f"the file cannot be read ({type(error).__name__})")

    return read


def token_of_text(text: str | Secret) -> SubjectTokenSource:
    """One token that the platform gave to this job, as GitLab does in a variable."""
    secret = text if isinstance(text, Secret) else Secret(text)
    return lambda: secret


def token_of_github(audience: str) -> SubjectTokenSource:
    """A token of the GitHub Actions job that this runs in; it needs `id-token: write`.

    *audience* is that of the issuer in `tokenvend.yaml`: the deployment's URL by default.
    """
    sender = HttpSender()

    def fetch() -> Secret | Failure:
        url = os.environ.get("ACTIONS_ID_TOKEN_REQUEST_URL")
        bearer = os.environ.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
        if not url or not bearer:
            return _missing("this is no GitHub job, or it lacks id-token: write")
        separator = "&" if "?" in url else "?"
        answer = sender.send(
            *("GET", f"{url}{separator}audience={quote(audience, safe='')}"),
            {"Authorization": Secret(f"Bearer {bearer}")},
            timeout_seconds=_GITHUB_SECONDS,
        )
        if isinstance(answer, Failure) or answer.status != 200:
            return Failure("GitHub gives no token of this job now.")
        value = answer.document().get("value")
        return Secret(value) if isinstance(value, str) else _missing("GitHub's answer has none")

    return fetch


def subject_token_of_environment(url: str) -> SubjectTokenSource | None:
    """The source that the environment names; `None` if it names none.

    Raises:
        ConfigurationError: it names a platform that is not known here.
    """
    if file := os.environ.get("TOKENVEND_SUBJECT_TOKEN_FILE"):
        return token_of_file(file)
    platform = os.environ.get("TOKENVEND_SUBJECT_TOKEN_FROM")
    if platform == "github-actions":
        return token_of_github(url)
    if platform:
        raise ConfigurationError("TOKENVEND_SUBJECT_TOKEN_FROM must be github-actions")
    if os.environ.get("TOKENVEND_SUBJECT_TOKEN"):
        return token_of_text(Secret(os.environ["TOKENVEND_SUBJECT_TOKEN"]))
    return None


def _missing(reason: str) -> Failure:
    return Failure(
        f"There is no token of the platform: {reason}.", "invalid_client", retryable=False
    )
