"""An OAuth client: an id and a secret that tokenvend issued (RFC 6749 §2.3.1)."""

import base64
import ssl
import time
from collections.abc import Mapping
from urllib.parse import quote_plus, urlencode

from tokenvend_client.answers import failure_of_http
from tokenvend_client.errors import Failure
from tokenvend_client.http import HttpAnswer, HttpSender, checked_url
from tokenvend_client.request import Call
from tokenvend_client.secret import Secret
from tokenvend_client.ways_in import Document

FORM = Secret("application/x-www-form-urlencoded")
_CLIENT_CREDENTIALS = {"grant_type": Secret("client_credentials")}


class OAuthClient:
    """Asks at `/oauth2` with `client_secret_basic`.

    `url` is the deployment's `VendingApiUrl`; `context` is for a certificate authority of your
    own.

    >>> OAuthClient("https://tokens.example.com", "ci", "tv_Jk2b")
    <OAuthClient ci at https://tokens.example.com>
    """

    def __init__(
        self,
        url: str,
        client_id: str,
        client_secret: str | Secret,
        *,
        context: ssl.SSLContext | None = None,
    ) -> None:
        # First of all, so that no error's traceback shows it from here.
        client_secret = (
            client_secret if isinstance(client_secret, Secret) else Secret(client_secret)
        )
        self._url = checked_url(url)
        self._client_id = client_id
        self._authorization = _basic(client_id, client_secret)
        self._sender = HttpSender(context=context)

    def send(self, call: Call, *, timeout_seconds: float) -> Document | Failure:
        """Send one POST to `/oauth2/{credential}/…`."""
        answer = self._sender.send(
            "POST",
            f"{self._url}/oauth2/{call.credential}/{call.path}",
            {"Authorization": self._authorization, "Content-Type": FORM},
            form_of(call),
            timeout_seconds=timeout_seconds,
        )
        return document_of(answer)

    def __repr__(self) -> str:
        return f"<OAuthClient {self._client_id} at {self._url}>"


def _basic(client_id: str, client_secret: Secret) -> Secret:
    pair = f"{quote_plus(client_id)}:{quote_plus(client_secret.reveal())}"
    return Secret("Basic " + base64.b64encode(pair.encode()).decode())


def form_of(call: Call, proof: Mapping[str, Secret] = _CLIENT_CREDENTIALS) -> Secret:
    """Return the body of *call*, with its caller's proof; it may also hold a one-time code."""
    user = call.user.parameters() if call.user else {}
    proven = {name: value.reveal() for name, value in {**proof, **user}.items()}
    return Secret(urlencode({**proven, **call.parameters}))


def document_of(answer: HttpAnswer | Failure) -> Document | Failure:
    """Return the fields of an HTTP answer, or why it has none."""
    if isinstance(answer, Failure):
        return answer
    document = answer.document()
    if answer.status == 200 and document and "error" not in document:
        return Document(document)
    retry_after = answer.headers.get("retry-after")
    return failure_of_http(answer.status, document, retry_after, now=time.time())
