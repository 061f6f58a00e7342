"""Fetch the credentials of a container, a pod or an instance, without botocore."""

import os
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree as ET

from tokenvend_client.aws.region import domain_suffix, region_of_environment
from tokenvend_client.aws.sigv4 import AwsCredentials
from tokenvend_client.errors import Failure
from tokenvend_client.http import LINK_LOCAL, LOOPBACK, HttpAnswer, HttpSender
from tokenvend_client.secret import Secret

_SECONDS = 5.0
#: Time limit for an instance's metadata, which is one network hop away or does not exist.
_INSTANCE_SECONDS = 1.0
_INSTANCE = "http://169.254.169.254/latest"
_CONTAINER = "http://169.254.170.2"
#: What a full URI may name without TLS: ECS, EKS (in both families), and this machine.
_CONTAINER_HOSTS = LINK_LOCAL.union(LOOPBACK)

Found = AwsCredentials | Failure | None


def of_container(sender: HttpSender) -> Found:
    """Fetch those of an ECS task or an EKS pod; `None` if the environment names no endpoint."""
    relative = os.environ.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
    url = os.environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    if relative:
        url = _CONTAINER + relative
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in _CONTAINER_HOSTS:
        return _failed("the container's endpoint is not one of AWS")
    given = os.environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN")
    authorization = Secret(given) if given else None
    if file := os.environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"):
        authorization = _text(file)
        if authorization is None:
            return _failed("the file of the container's token cannot be read")
    headers = {"Authorization": authorization} if authorization else {}
    return _of_json(sender.send("GET", url, headers, timeout_seconds=_SECONDS))


def of_web_identity(sender: HttpSender) -> Found:
    """Fetch those of a Kubernetes service account with a role (IRSA), by one unsigned STS call."""
    file, role = os.environ.get("AWS_WEB_IDENTITY_TOKEN_FILE"), os.environ.get("AWS_ROLE_ARN")
    if not file or not role:
        return None
    identity = _text(file)
    if identity is None:
        return _failed("the file of the web identity cannot be read")
    region = region_of_environment()
    default = f"https://sts.{region}.{domain_suffix(region)}" if region else ""
    url = os.environ.get("AWS_ENDPOINT_URL_STS") or default or "https://sts.amazonaws.com"
    form = Secret(
        urlencode(
            {
                "Action": "AssumeRoleWithWebIdentity",
                "Version": "2011-06-15",
                "RoleArn": role,
                "RoleSessionName": os.environ.get("AWS_ROLE_SESSION_NAME") or "tokenvend-client",
                "WebIdentityToken": identity.reveal(),
            }
        )
    )
    kind = {"Content-Type": Secret("application/x-www-form-urlencoded")}
    return _of_sts(sender.send("POST", url + "/", kind, form, timeout_seconds=_SECONDS))


def of_instance(sender: HttpSender) -> Found:
    """Those of an EC2 instance's role (IMDSv2); `None` if this is no instance, or has no role."""
    if os.environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
        return None
    endpoint = os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT")
    base = f"{endpoint.rstrip('/')}/latest" if endpoint else _INSTANCE
    session = sender.send(
        *("PUT", f"{base}/api/token", {"X-aws-ec2-metadata-token-ttl-seconds": Secret("300")}),
        timeout_seconds=_INSTANCE_SECONDS,
    )
    if isinstance(session, Failure) or session.status != 200:
        return None
    headers = {"X-aws-ec2-metadata-token": session.body}
    path = f"{base}/meta-data/iam/security-credentials/"
    role = sender.send("GET", path, headers, timeout_seconds=_SECONDS)
    if isinstance(role, Failure) or role.status != 200:
        return None
    name = role.body.reveal().strip()
    return _of_json(sender.send("GET", path + name, headers, timeout_seconds=_SECONDS))


def _of_json(answer: HttpAnswer | Failure) -> AwsCredentials | Failure:
    if isinstance(answer, Failure) or answer.status != 200:
        return _failed("their endpoint does not answer")
    fields = answer.document()
    key, secret = fields.get("AccessKeyId"), fields.get("SecretAccessKey")
    token, until = fields.get("Token"), fields.get("Expiration")
    if not all(isinstance(value, str) and value for value in (key, secret, token, until)):
        return _failed("their endpoint's answer lacks a field")
    return _credentials(str(key), str(secret), str(token), str(until))


def _of_sts(answer: HttpAnswer | Failure) -> AwsCredentials | Failure:
    if isinstance(answer, Failure) or answer.status != 200:
        return _failed("STS does not answer")
    try:
        # The document is trusted: it is from STS itself, over TLS, and at most 256 KiB.
        root = ET.fromstring(answer.body.reveal())  # noqa: S314
    except ET.ParseError:
        return _failed("the answer of STS is no XML")
    found = {each.tag.rpartition("}")[2]: each.text or "" for each in root.iter()}
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")
    values = [found.get(name, "") for name in names]
    return _credentials(*values) if all(values) else _failed("the answer of STS lacks a field")


def _credentials(key: str, secret: str, token: str, until: str) -> AwsCredentials | Failure:
    try:
        expires_at = datetime.fromisoformat(until.replace("Z", "+00:00")).timestamp()
    except ValueError:
        return _failed("they say no instant at which they end")
    return AwsCredentials(key, Secret(secret), Secret(token), expires_at)


def _text(file: str) -> Secret | None:
    try:
        return Secret(Path(file).read_text(encoding="utf-8").strip())
    except (OSError, ValueError):
        return None


def _failed(reason: str) -> Failure:
    return Failure(f"There are no AWS credentials: {reason}.")
