"""A workload with an IAM role or user: requests signed with SigV4."""

import re
import ssl
from urllib.parse import urlsplit

from tokenvend_client.aws.credentials import CredentialSource, default_credentials
from tokenvend_client.aws.region import region_of_environment
from tokenvend_client.aws.sigv4 import sign
from tokenvend_client.errors import ConfigurationError, Failure
from tokenvend_client.http import HttpSender, checked_url
from tokenvend_client.request import Call
from tokenvend_client.ways_in import Document
from tokenvend_client.ways_in.oauth_client import FORM, document_of, form_of

_REGION = re.compile(r"[^/]*\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")


class SignedRequests:
    """Asks at `/iam`, signed with this workload's own AWS credentials.

    `region` is that of the deployment; left out, the address says it, or else `AWS_REGION`.

    >>> SignedRequests("https://a1b2.execute-api.eu-west-1.amazonaws.com/v1")
    <SignedRequests at https://a1b2.execute-api.eu-west-1.amazonaws.com/v1 in eu-west-1>
    """

    def __init__(
        self,
        url: str,
        *,
        region: str | None = None,
        credentials: CredentialSource | None = None,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._url = checked_url(url)
        found = _REGION.fullmatch(urlsplit(self._url).hostname or "")
        self._region = region or (found[1] if found else region_of_environment())
        if not self._region:
            raise ConfigurationError("the deployment's Region is not known: set TOKENVEND_REGION")
        self._credentials = credentials or default_credentials()
        self._sender = HttpSender(context=context)

    def send(self, call: Call, *, timeout_seconds: float) -> Document | Failure:
        """Send one signed POST to `/iam/{credential}/…`."""
        credentials = self._credentials()
        if isinstance(credentials, Failure):
            return credentials
        url, body = f"{self._url}/iam/{call.credential}/{call.path}", form_of(call)
        headers = sign(
            credentials,
            *("POST", url, {"content-type": FORM.reveal()}, body),
            region=self._region,
            service="execute-api",
        )
        answer = self._sender.send("POST", url, headers, body, timeout_seconds=timeout_seconds)
        return document_of(answer)

    def __repr__(self) -> str:
        return f"<SignedRequests at {self._url} in {self._region}>"
