"""Check a provider's `error` code before it goes to callers, into logs and into tables.

It is the only text of a provider that leaves the parser, and it may be something else than a code:
some providers quote the token that was wrong. So a code that no standard has must look like words
or be a short number, and must not contain a part of what was sent.
"""

import re
from collections.abc import Iterable

from tokenvend.domain.secret import Secret

#: RFC 6749 §4.1.2.1 and §5.2, RFC 6750 §3.1, RFC 7009 §2.2.1, RFC 8628 §3.5, RFC 8707 §2,
#: RFC 9101, RFC 9126, RFC 9449 and OpenID Connect Core 1.0 §3.1.2.6, as registered with IANA.
_REGISTERED = frozenset(
    {
        *("invalid_request", "invalid_client", "invalid_grant", "unauthorized_client"),
        *("unsupported_grant_type", "invalid_scope", "access_denied", "server_error"),
        *("unsupported_response_type", "temporarily_unavailable", "invalid_token"),
        *("insufficient_scope", "unsupported_token_type", "authorization_pending", "slow_down"),
        *("expired_token", "invalid_target", "invalid_request_uri", "invalid_request_object"),
        *("request_not_supported", "request_uri_not_supported", "registration_not_supported"),
        *("invalid_dpop_proof", "use_dpop_nonce", "interaction_required", "login_required"),
        *("account_selection_required", "consent_required"),
    }
)
#: Words of letters. Nearly every random text of a token's length has a digit.
_WORDS = re.compile(r"[A-Za-z]{1,32}(?:[_.-][A-Za-z]{1,32}){0,7}")
#: Too short to be a token: `errcode` and its like.
_NUMBER = re.compile(r"-?[0-9]{1,6}")
_LONGEST = 64
#: The shortest common part that counts as quoted, in characters: shorter ones occur by chance.
_PART = 5


def error_code(value: object, *, sent: Iterable[Secret] = ()) -> str | None:
    """Return *value* if it is a code that may be passed on, else `None`.

    That is a registered code, or words or a number that quote nothing of what was *sent*.
    """
    if type(value) is int:
        value = str(value)
    if not isinstance(value, str) or len(value) > _LONGEST:
        return None
    if value in _REGISTERED:
        return value
    is_code = _WORDS.fullmatch(value) or _NUMBER.fullmatch(value)
    if not is_code or any(_share_a_part(value, each) for each in sent):
        return None
    return value


def _share_a_part(code: str, sent: Secret) -> bool:
    text, wanted = sent.reveal().lower(), code.lower()
    length = min(_PART, len(text), len(wanted))
    if not length:
        return False
    return any(wanted[at : at + length] in text for at in range(len(wanted) - length + 1))
