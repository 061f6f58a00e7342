"""Direct invocation of the vending function through this caller's own alias."""

import os
import re
import ssl
from collections.abc import Sequence
from json import dumps
from urllib.parse import quote

from tokenvend_client.answers import failure_of_invocation
from tokenvend_client.aws.credentials import CredentialSource, default_credentials
from tokenvend_client.aws.region import domain_suffix, region_of_environment
from tokenvend_client.aws.sigv4 import sign
from tokenvend_client.errors import NO_PROOF, ConfigurationError, Failure
from tokenvend_client.http import HttpAnswer, HttpSender, checked_url, json_object
from tokenvend_client.request import Call
from tokenvend_client.secret import Secret
from tokenvend_client.subject_tokens import JWT, SubjectTokenSource, proof_of
from tokenvend_client.waiting import parse_retry_after
from tokenvend_client.ways_in import NO_SECOND_TOKEN, Document

_FUNCTION = re.compile(
    r"(?:arn:aws[a-z-]*:lambda:(?P<region>[a-z0-9-]+):[0-9]{12}:function:)?"
    r"[A-Za-z0-9_-]{1,64}:(?:[a-z][a-z0-9-]{0,62}|Workloads)"
)
_THROTTLED = frozenset({429, 500, 502, 503, 504})


class DirectInvocation:
    """Invokes `function`, whose alias is this caller's name in `tokenvend.yaml`.

    `function` is `name:alias` or an ARN that ends in the alias. `endpoint` is for an endpoint of
    your own; left out, it is `AWS_ENDPOINT_URL_LAMBDA`, `AWS_ENDPOINT_URL`, or the Region's.
    The alias `Workloads` identifies no caller, so there each call has a `subject_token`.

    >>> DirectInvocation("tokenvend-direct:billing", region="eu-west-1")
    <DirectInvocation of tokenvend-direct:billing in eu-west-1>
    """

    def __init__(
        self,
        function: str,
        *,
        region: str | None = None,
        credentials: CredentialSource | None = None,
        endpoint: str | None = None,
        subject_token: SubjectTokenSource | None = None,
        subject_token_type: str = JWT,
        context: ssl.SSLContext | None = None,
    ) -> None:
        found = _FUNCTION.fullmatch(function)
        if found is None:
            raise ConfigurationError(
                "the function must be name:alias, or an ARN that ends in the alias"
            )
        self._function = function
        self._region = region or found["region"] or region_of_environment()
        if not self._region:
            raise ConfigurationError("the deployment's Region is not known: set TOKENVEND_REGION")
        if function.endswith(":Workloads") != (subject_token is not None):
            raise ConfigurationError("a subject token goes with the alias Workloads alone")
        self._subject_token, self._type = subject_token, subject_token_type
        named = endpoint or os.environ.get("AWS_ENDPOINT_URL_LAMBDA")
        named = named or os.environ.get("AWS_ENDPOINT_URL")
        default = f"https://lambda.{self._region}.{domain_suffix(self._region)}"
        # Quoted as one path segment, including the colon, as Lambda's own clients sign it.
        path = f"/2015-03-31/functions/{quote(function, safe='')}/invocations"
        self._url = checked_url(named or default) + path
        self._credentials = credentials or default_credentials()
        self._sender = HttpSender(context=context)

    def send(self, call: Call, *, timeout_seconds: float) -> Document | Failure:
        """Make one synchronous invocation."""
        body = self._body(call)
        return body if isinstance(body, Failure) else self._invoke(body, timeout_seconds)

    def send_batch(
        self, calls: Sequence[Call], *, timeout_seconds: float
    ) -> Sequence[Document | Failure] | Failure:
        """Make one synchronous invocation for all of *calls*, 25 at most."""
        if self._subject_token is not None:
            return Failure("A token of the platform proves one request.")
        body = Secret(dumps({"requests": [call.event() for call in calls]}))
        answer = self._invoke(body, timeout_seconds)
        if isinstance(answer, Failure):
            return answer
        found = answer.reveal().get("answers")
        if not isinstance(found, list):
            return Failure("The function answered with neither tokens nor a reason.")
        documents = [each if isinstance(each, dict) else {} for each in found]
        return [
            failure_of_invocation(each) if not each or "error" in each else Document(each)
            for each in documents
        ]

    def _invoke(self, body: Secret, timeout_seconds: float) -> Document | Failure:
        credentials = self._credentials()
        if isinstance(credentials, Failure):
            return credentials
        headers = sign(
            credentials,
            *("POST", self._url, {"content-type": "application/json"}, body),
            region=self._region,
            service="lambda",
        )
        answer = self._sender.send(
            "POST", self._url, headers, body, timeout_seconds=timeout_seconds
        )
        return _document_of(answer)

    def _body(self, call: Call) -> Secret | Failure:
        if self._subject_token is None:
            return Secret(dumps(call.event()))
        if call.user is not None:
            return NO_SECOND_TOKEN
        subject_token = self._subject_token()
        if isinstance(subject_token, Failure):
            return subject_token
        proof = proof_of(subject_token, self._type)
        return Secret(dumps(call.event({name: each.reveal() for name, each in proof.items()})))

    def __repr__(self) -> str:
        return f"<DirectInvocation of {self._function} in {self._region}>"


def _document_of(answer: HttpAnswer | Failure) -> Document | Failure:
    if isinstance(answer, Failure):
        return answer
    document = answer.document()
    if answer.status in _THROTTLED:
        seconds = parse_retry_after(answer.headers.get("retry-after"), now=0)
        return Failure(f"Lambda answered HTTP {answer.status}.", retry_after_seconds=seconds)
    if answer.status != 200:
        kind = str(answer.headers.get("x-amzn-errortype", "")).partition(":")[0]
        code = "invalid_request"
        if answer.status in {401, 403}:
            code = "invalid_client" if kind == "AccessDeniedException" else NO_PROOF
        return Failure(
            f"Lambda does not invoke it: HTTP {answer.status} {kind}".rstrip() + ".",
            code,
            retryable=False,
        )
    if "x-amz-function-error" in answer.headers:
        return _raised(document)
    if not document or "error" in document:
        return failure_of_invocation(document)
    return Document(document)


def _raised(document: dict[str, object]) -> Failure:
    """Parse what the function raised: the JSON of a temporary refusal, or its time-out."""
    message = document.get("errorMessage")
    fields = json_object(Secret(message)) if isinstance(message, str) else {}
    if "error" in fields:
        return failure_of_invocation(fields)
    return Failure("The function ended without an answer.")
