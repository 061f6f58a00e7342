"""The patterns of texts in `tokenvend.yaml`, each with its explanation for a person."""

import re
from typing import Annotated, Any

from pydantic import Field

from tokenvend.domain.names import CLIENT_ID, CONNECTION, NAME, SCOPE, TARGET, TENANT

#: A URL that a secret may be sent to: nothing before the host, nothing after the path.
URL = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+(?:/[\x21\x24-\x3B\x3D\x40-\x5B\x5D-\x7E]*)?")

#: The explanation of each pattern, for a person whose text does not match it.
EXPECTED: dict[str, str] = {}


def whole(pattern: str, expected: str) -> Any:
    """Return a field whose whole text matches *pattern*; `|` binds looser than `^` and `$`."""
    anchored = f"^(?:{pattern})$"
    EXPECTED[anchored] = expected
    return Field(pattern=anchored)


Name = Annotated[
    str,
    whole(NAME.pattern, "a name: a small letter, then small letters, digits, hyphens; 63 at most"),
]
#: Tenants and client ids have the same form.
_WIDER_NAME = "a name of letters, digits, `_`, `.` and `-`; 63 at most"
Tenant = Annotated[str, whole(TENANT.pattern, _WIDER_NAME)]
ClientId = Annotated[str, whole(CLIENT_ID.pattern, _WIDER_NAME)]
ConnectionName = Annotated[
    str,
    whole(
        CONNECTION.pattern,
        f"{_WIDER_NAME}; another caller's is owner/name",
    ),
]
Scope = Annotated[
    str, whole(SCOPE.pattern, "one scope, without spaces: list several as [jobs_read, users_read]")
]
Target = Annotated[str, whole(TARGET.pattern, "visible ASCII, without spaces or quotes")]
Url = Annotated[
    str,
    whole(
        URL.pattern,
        "a URL such as https://login.acme.example/oauth/token, without user, query or fragment",
    ),
]
#: An endpoint in which values of each customer may stand, in its host and its path.
_VALUE = r"\{tenant\.[a-z][a-z0-9_]{0,62}\}"
ENDPOINT = re.compile(
    rf"https?://(?:[A-Za-z0-9.\[\]:-]+|(?:[A-Za-z0-9.-]|{_VALUE})+(?::[0-9]{{1,5}})?)"
    rf"(?:/(?:[\x21\x24-\x3B\x3D\x40-\x5B\x5D-\x7A\x7C\x7E]|{_VALUE})*)?"
)
Endpoint = Annotated[
    str,
    whole(
        ENDPOINT.pattern,
        "a URL such as https://login.acme.example/oauth/token, without user, query or fragment;"
        " a value of each customer stands in its host or path as {tenant.domain}",
    ),
]
ValueName = Annotated[
    str, whole(r"[a-z][a-z0-9_]{0,62}", "a name of small letters, digits and `_`, such as domain")
]
ValuePattern = Annotated[
    str,
    whole(
        r"[A-Za-z0-9._~@:+=*-]{1,253}",
        "what the value looks like, such as *.provider.example, in quotes: `*` stands for letters,"
        " digits, `_` and `-` between two dots, and all else for itself",
    ),
]
#: A parameter of a token request.
ParameterName = Annotated[
    str,
    whole(r"[A-Za-z0-9_.$@:\[\]-]{1,64}", "a parameter's name, such as account_id"),
]
#: A claim or a header field of a JWT; many providers name claims by URLs (RFC 7519 §4.2).
ClaimName = Annotated[
    str,
    whole(r"[A-Za-z0-9_.:/#@-]{1,128}", "a claim's name, such as iss"),
]
#: RFC 9110 §5.1, and what may stand before a key in its value.
HeaderName = Annotated[
    str, whole(r"[A-Za-z][A-Za-z0-9-]{0,63}", "a header's name, such as X-Api-Key")
]
#: Three APIs of a public catalogue have one with an underscore, which RFC 9110 §5.6.2 admits.
ApiHeaderName = Annotated[
    str, whole(r"[A-Za-z][A-Za-z0-9_-]{0,63}", "a header's name, such as X-Api-Key")
]
HeaderPrefix = Annotated[
    str, whole(r"[\x21-\x7E][\x20-\x7E]{0,31}", "plain ASCII, 32 at most, such as `Token `")
]
PrincipalArn = Annotated[
    str,
    whole(
        r"arn:aws[a-z-]*:iam::\d{12}:(?:role|user)/[\x21-\x23\x25-\x29\x2B-\x3E\x40-\x7E]+",
        "the ARN of an IAM role or user, such as arn:aws:iam::111122223333:role/billing: no"
        " wildcard, not the root user, not a session of a role",
    ),
]
UniqueId = Annotated[
    str,
    whole(
        r"A(?:ROA|IDA)[A-Z0-9]{12,124}",
        "the RoleId (AROA…) or UserId (AIDA…) that `aws iam get-role` or `get-user` shows",
    ),
]
KmsKeyArn = Annotated[
    str,
    whole(
        r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+",
        "the ARN of a KMS key pair, not an alias",
    ),
]
SecretArn = Annotated[
    str,
    whole(
        r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+",
        "the ARN of a Secrets Manager secret",
    ),
]
