"""Call the deployment as its callers do: signed, as an OAuth client, directly, in a browser."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from requests.auth import AuthBase

from tokenvend_local.browsing import Browser
from tokenvend_smoke.account import Account
from tokenvend_smoke.outcome import DidNotHoldError

#: The caller's name in the file, which is also the name of its alias.
CALLER = "smoke"
CONNECTION = "ada"
RETURN_URL = "https://app.example/connected"
_TIMEOUT_SECONDS = 60
#: AWS limits the session of a role that assumed another role (role chaining) to one hour.
_SESSION_SECONDS, _RENEW_SECONDS = 3600, 2700
#: How long to wait for a new role, which not all of AWS knows at once.
_ROLE_SECONDS = 60


class Signed(AuthBase):
    """Signs a request to API Gateway (SigV4) with a session's *keys*."""

    def __init__(self, keys: Mapping[str, str], region: str) -> None:
        self._keys, self._region = keys, region

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the headers that prove who sends it."""
        signed = AWSRequest(request.method, request.url, data=request.body or b"")
        signed.headers["Content-Type"] = request.headers.get("Content-Type", "")
        credentials = Credentials(*self._keys.values())
        SigV4Auth(credentials, "execute-api", self._region).add_auth(signed)
        request.headers.update(dict(signed.headers))
        return request


@dataclass
class Callers:
    """The run's one caller, over each entry: with its role, and with its client id and secret."""

    account: Account
    role_arn: str
    client: tuple[str, str] = field(repr=False)
    _session: tuple[float, Mapping[str, str]] | None = field(default=None, repr=False)

    @property
    def keys(self) -> Mapping[str, str]:
        """Return the keys of a session of the role; the session is renewed before it ends."""
        if self._session is None or time.monotonic() > self._session[0]:
            self._session = (
                time.monotonic() + _RENEW_SECONDS,
                session_keys(self.account.client("sts"), self.role_arn),
            )
        return self._session[1]

    def url(self, api: str = "Vending") -> str:
        """The address of the API: `Vending` or `Pages`."""
        return api_url(self.account, self.account.outputs()[f"{api}ApiId"])

    def by_role(self, credential: str, **form: str) -> dict[str, Any]:
        """POST /iam/{credential}/token."""
        return self.post(f"/iam/{credential}/token", Signed(self.keys, self.account.region), form)

    def by_client(self, credential: str, **form: str) -> dict[str, Any]:
        """POST /oauth2/{credential}/token."""
        return self.post(f"/oauth2/{credential}/token", self.client, form)

    def directly(self, credential: str, **event: str) -> dict[str, Any]:
        """Invoke the caller's alias."""
        function = self.account.outputs()["VendDirectFunctionName"]
        answer = self.account.client_as(self.keys, "lambda").invoke(
            FunctionName=f"{function}:{CALLER}",
            Payload=json.dumps({"credential": credential, **event}).encode(),
        )
        return dict(json.loads(answer["Payload"].read()))

    def post(self, path: str, auth: Any, form: Mapping[str, str]) -> dict[str, Any]:
        """Post a form; return the answer with `status` and `challenge` (`WWW-Authenticate`)."""
        body = {"grant_type": "client_credentials", **form}
        answer = requests.post(self.url() + path, data=body, auth=auth, timeout=_TIMEOUT_SECONDS)
        try:
            document = answer.json()
        except ValueError:
            document = {}
        challenge = answer.headers.get("WWW-Authenticate")
        return {**document, "status": answer.status_code, "challenge": challenge}

    def consent(self, credential: str) -> list[str]:
        """Go through a user's consent from start to end; return the values that must not be logged.

        Raises:
            DidNotHoldError: a step was refused.
        """
        signed = Signed(self.keys, self.account.region)
        path = f"/iam/{credential}/connections"
        start = {"connection": CONNECTION, "return_url": RETURN_URL}
        started = self.post(f"{path}/start", signed, start)
        if "connect_url" not in started:
            raise DidNotHoldError(f"no consent could be started: {error_of(started)}")
        link = str(started["connect_url"])
        browser = Browser()
        prompt = browser.open(link)
        if not prompt.forms:
            raise DidNotHoldError(f"the page does not ask: {prompt.title!r}")
        left = browser.press(prompt, next(iter(prompt.forms[0].buttons)))
        returned = browser.go_on(left)
        back = urlsplit(returned.moves_to or "")
        code = parse_qs(back.query).get("code", [""])[0]
        completed = self.post(f"{path}/complete", signed, {"connection": CONNECTION, "code": code})
        if completed["status"] != 200:
            raise DidNotHoldError(f"the consent was not completed: {error_of(completed)}")
        called_back = parse_qs(urlsplit(returned.url).query)
        unsayable = [urlsplit(link).path.rpartition("/")[2], code]
        return unsayable + called_back.get("code", []) + called_back.get("state", [])


def api_url(account: Account, api_id: str, stage: str = "v1") -> str:
    """Return an API's own address, without its custom domain."""
    if account.endpoint_url is None:
        host = f"https://{api_id}.execute-api.{account.region}.amazonaws.com"
        return host if stage == "$default" else f"{host}/{stage}"
    return f"{account.endpoint_url}/_aws/execute-api/{api_id}/{stage}"


def session_keys(sts: Any, role_arn: str) -> dict[str, str]:
    """Return the keys of a new session of a role, as soon as AWS knows the role.

    Raises:
        botocore.exceptions.ClientError: the role may not be assumed.
    """
    end = time.monotonic() + _ROLE_SECONDS
    while True:
        try:
            answer = sts.assume_role(
                RoleArn=role_arn, RoleSessionName="smoke", DurationSeconds=_SESSION_SECONDS
            )
        except ClientError:
            if time.monotonic() > end:
                raise
            time.sleep(3)
            continue
        keys = answer["Credentials"]
        return {
            "aws_access_key_id": keys["AccessKeyId"],
            "aws_secret_access_key": keys["SecretAccessKey"],
            "aws_session_token": keys["SessionToken"],
        }


def error_of(answer: Mapping[str, Any]) -> str:
    """Return an answer's error. The text never holds a token."""
    return f"{answer.get('status', '')} {answer.get('error', '')} ".strip() + (
        f" ({answer['error_description']})" if "error_description" in answer else ""
    )
