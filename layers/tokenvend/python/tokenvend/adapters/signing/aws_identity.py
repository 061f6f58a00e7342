"""Get identity tokens that AWS signs for this function's role (STS GetWebIdentityToken)."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from tokenvend.adapters.aws_errors import error_code, store_errors
from tokenvend.domain import bounds
from tokenvend.domain.secret import Secret
from tokenvend.ports import SigningKeyUnusableError

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient

#: The reason why there is no token, by STS's error code.
_REASONS = {
    "AccessDenied": "may not be had for this audience: see the parameter IdentityTokenAudiences",
    "AccessDeniedException": "may not be had for this audience: see IdentityTokenAudiences",
    "OutboundWebIdentityFederationDisabledException": "are switched off in this account: `aws iam"
    " enable-outbound-web-identity-federation`",
    "ValidationError": "are not given for this audience",
}


class StsIdentityTokens:
    """`ports.IdentityTokens` on STS.

    The client must use a regional endpoint: the global endpoint does not offer this operation.
    """

    def __init__(self, client: "STSClient") -> None:
        self._client = client

    def token(self, audience: str) -> Secret:
        """See `ports.IdentityTokens`."""
        with store_errors("sts:GetWebIdentityToken"):
            try:
                answer = self._client.get_web_identity_token(
                    Audience=[audience],
                    # Every provider supports it.
                    SigningAlgorithm="RS256",
                    DurationSeconds=int(bounds.ASSERTION_LIFETIME.total_seconds()),
                )
            except ClientError as error:
                reason = _REASONS.get(error_code(error))
                if reason is None:
                    raise
                raise SigningKeyUnusableError(f"AWS's identity tokens {reason}.") from None
        return Secret(answer["WebIdentityToken"])
