"""Explain botocore's exceptions to the person who deploys."""

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
    WaiterError,
)

NOT_ALLOWED = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"}
)
_UNKNOWN = frozenset(
    {"UnrecognizedClientException", "InvalidClientTokenId", "SignatureDoesNotMatch"}
)
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})


_ADVICE: tuple[tuple[type[BotoCoreError], str], ...] = (
    (
        NoCredentialsError,
        (
            "There are no AWS credentials here. Sign in (`aws sso login`, or your own way), or name"
            " a profile with --profile."
        ),
    ),
    (PartialCredentialsError, "{error}. Complete them, or name a profile with --profile."),
    (SSOError, "Your sign-in has expired. Run `aws sso login` with your profile."),
    (TokenRetrievalError, "Your sign-in has expired. Run `aws sso login` with your profile."),
    (ProfileNotFound, "{error}. `aws configure list-profiles` lists those that there are."),
    (NoRegionError, "Which Region? Name it with --region or AWS_DEFAULT_REGION."),
    (EndpointConnectionError, "{error} Is the Region right, and is there a way to AWS from here?"),
    (
        WaiterError,
        "{error}\nThe stack's events say why: `aws cloudformation describe-stack-events`.",
    ),
)


def explain_failure(error: BotoCoreError | ClientError) -> str:
    """Return what happened and what to do; for an unforeseen error, its own text."""
    if isinstance(error, ClientError):
        return _said_by_aws(error)
    advice = next((text for kind, text in _ADVICE if isinstance(error, kind)), "{error}")
    return advice.format(error=error)


def _said_by_aws(error: ClientError) -> str:
    code = error.response["Error"]["Code"]
    if code in _UNKNOWN:
        return (
            f"AWS does not know these credentials ({code}). Look at AWS_PROFILE, --profile and the"
            " AWS_ACCESS_KEY_ID of this shell."
        )
    if code in _EXPIRED:
        return f"These AWS credentials have expired ({code}). Get new ones, and run it again."
    if code in NOT_ALLOWED:
        return (
            f"These AWS credentials may not call {error.operation_name}. Deploy with a role that"
            f" may, or have it allowed.\n{error.response['Error'].get('Message', '')}"
        )
    return str(error)
