"""A platform's own token of this workload: the `subject_token` of a token exchange (RFC 8693)."""

import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlencode
from xml.etree import ElementTree as ET

from tokenvend_client.aws.credentials import CredentialSource, default_credentials
from tokenvend_client.aws.region import domain_suffix, region_of_environment
from tokenvend_client.aws.sigv4 import sign
from tokenvend_client.errors import ConfigurationError, Failure
from tokenvend_client.http import HttpAnswer, HttpSender, checked_url
from tokenvend_client.secret import Secret

#: Returns the platform's token for the next call, or why there is none.
SubjectTokenSource = Callable[[], Secret | Failure]

TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
JWT = "urn:ietf:params:oauth:token-type:jwt"
_SECONDS = 10.0
_FORM = "application/x-www-form-urlencoded"


def proof_of(subject_token: Secret, token_type: str) -> dict[str, Secret]:
    """Return the parameters of a token exchange (RFC 8693 §2.1)."""
    return {
        "grant_type": Secret(TOKEN_EXCHANGE),
        "subject_token": subject_token,
        "subject_token_type": Secret(token_type),
    }


def token_of_file(path: str) -> SubjectTokenSource:
    """Read the token from a file that the platform keeps up to date, such as a projected volume."""

    def read() -> Secret | Failure:
        try:
            return Secret(Path(path).read_text(encoding="utf-8").strip())
        except (OSError, ValueError) as error:
            return _missing(f"the file cannot be read ({type(error).__name__})")

    return read


def token_of_text(text: str | Secret) -> SubjectTokenSource:
    """Use one token that the platform gave to this job, as GitLab does in a variable."""
    secret = text if isinstance(text, Secret) else Secret(text)
    return lambda: secret


def token_of_github(audience: str) -> SubjectTokenSource:
    """Get a token of the current GitHub Actions job, which needs `id-token: write`.

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
            timeout_seconds=_SECONDS,
        )
        if isinstance(answer, Failure) or answer.status != 200:
            return Failure("GitHub gives no token of this job now.")
        value = answer.document().get("value")
        return Secret(value) if isinstance(value, str) else _missing("GitHub's answer has none")

    return fetch


def token_of_aws(
    audience: str,
    *,
    region: str | None = None,
    credentials: CredentialSource | None = None,
    duration_seconds: int = 300,
) -> SubjectTokenSource:
    """Get a token from STS for this workload's role, for a tokenvend in another account.

    The role needs `sts:GetWebIdentityToken`, and its account outbound identity federation.
    *audience* is that of the issuer in `tokenvend.yaml`: the deployment's URL by default.

    Raises:
        ConfigurationError: the Region of STS is not known.
    """
    place = region or os.environ.get("AWS_REGION") or region_of_environment()
    if not place:
        raise ConfigurationError("the Region of STS is not known: set AWS_REGION")
    named = os.environ.get("AWS_ENDPOINT_URL_STS") or os.environ.get("AWS_ENDPOINT_URL")
    url = checked_url(named or f"https://sts.{place}.{domain_suffix(place)}") + "/"
    body = Secret(
        urlencode(
            {
                "Action": "GetWebIdentityToken",
                "Version": "2011-06-15",
                "Audience.member.1": audience,
                "DurationSeconds": duration_seconds,
                "SigningAlgorithm": "ES384",
            }
        )
    )
    source, sender = credentials or default_credentials(), HttpSender()

    def fetch() -> Secret | Failure:
        found = source()
        if isinstance(found, Failure):
            return found
        headers = sign(
            found, *("POST", url, {"content-type": _FORM}, body), region=place, service="sts"
        )
        return _of_sts(sender.send("POST", url, headers, body, timeout_seconds=_SECONDS))

    return fetch


def _of_sts(answer: HttpAnswer | Failure) -> Secret | Failure:
    if isinstance(answer, Failure) or answer.status >= 500:
        return Failure("STS gives no token of this role now.")
    if answer.status != 200:
        return _missing(f"STS answers HTTP {answer.status}")
    try:
        # The document is trusted: it is from STS itself, over TLS, and at most 256 KiB.
        root = ET.fromstring(answer.body.reveal())  # noqa: S314
    except ET.ParseError:
        return _missing("the answer of STS is no XML")
    found = [each.text for each in root.iter() if each.tag.endswith("}WebIdentityToken")]
    return Secret(found[0]) if found and found[0] else _missing("the answer of STS has none")


def subject_token_of_environment(url: str) -> SubjectTokenSource | None:
    """Return the source that the environment names; `None` if it names none.

    The audience is `TOKENVEND_AUDIENCE`, else *url*.

    Raises:
        ConfigurationError: it names an unknown platform, or no audience.
    """
    if file := os.environ.get("TOKENVEND_SUBJECT_TOKEN_FILE"):
        return token_of_file(file)
    platform = os.environ.get("TOKENVEND_SUBJECT_TOKEN_FROM")
    audience = os.environ.get("TOKENVEND_AUDIENCE") or url
    if platform and not audience:
        raise ConfigurationError("set TOKENVEND_AUDIENCE to the deployment's VendingApiUrl")
    if platform == "github-actions":
        return token_of_github(audience)
    if platform == "aws":
        return token_of_aws(audience)
    if platform:
        raise ConfigurationError("TOKENVEND_SUBJECT_TOKEN_FROM must be github-actions or aws")
    if os.environ.get("TOKENVEND_SUBJECT_TOKEN"):
        return token_of_text(Secret(os.environ["TOKENVEND_SUBJECT_TOKEN"]))
    return None


def _missing(reason: str) -> Failure:
    return Failure.of_proof(f"There is no token of the platform: {reason}.")
