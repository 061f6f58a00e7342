"""Compare a token's stated lifetime with the token's own `exp`."""

from datetime import timedelta

from tokenvend.domain.oauth.response_description import LifetimeUnit
from tokenvend.domain.oauth.token_lifetime import NotALifetimeError, stated_seconds
from tokenvend.domain.oauth.token_response import jwt_claims
from tokenvend_cli.probing.findings import ProbeFindings
from tokenvend_cli.probing.requests import CredentialRequester, ProviderAnswer

#: How far the provider's clock, rounding and network delay may change a lifetime.
_TOLERANCE = timedelta(seconds=60)


def tell_lifetime(
    findings: ProbeFindings, asker: CredentialRequester, answer: ProviderAnswer
) -> None:
    """Find a token's lifetime, and the unit in which the answer states it."""
    described, definition = answer.answer.described, asker.definition
    name = ".".join(described.lifetime)
    stated = answer.answer.at(described.lifetime)
    own = _own_seconds(answer)
    if stated is None:
        lives = None if own is None else f"{round(own)} s"
        findings.add("a token lives for", lives, _without_a_statement(name, own))
        if own is None:
            findings.credential["default_lifetime_seconds"] = definition.default_lifetime_seconds
        return
    fitting = [] if own is None else _fitting_units(stated, answer, own)
    unit = described.lifetime_unit
    if fitting and unit not in fitting:
        unit = fitting[0]
        findings.provider["token_answer"] = {
            **definition.token_answer,
            "lifetime_unit": unit.value,
        }
    seconds = _seconds(stated, unit, answer)
    lives = None if seconds is None else f"{round(seconds)} s"
    how = name if seconds is not None else f"{name} has another form than {unit.value}"
    findings.add("a token lives for", lives, how)
    _tell_unit(findings, unit if fitting else None, own)


def _tell_unit(findings: ProbeFindings, unit: LifetimeUnit | None, own: float | None) -> None:
    question = "its lifetime is stated in"
    if unit is not None:
        findings.add(question, unit.value, "as the token's own exp says")
    elif own is None:
        findings.add(question, None, "the token has no exp to compare with: look it up")
    else:
        findings.add(question, None, f"no unit fits the token's own exp, {round(own)} s away")


def _without_a_statement(name: str, own: float | None) -> str:
    if own is None:
        return f"no {name}: look it up, and say it in the file"
    return f"no {name}, but the token's own exp, which is used"


def _fitting_units(stated: object, answer: ProviderAnswer, own: float) -> list[LifetimeUnit]:
    found = ((unit, _seconds(stated, unit, answer)) for unit in LifetimeUnit)
    most = _TOLERANCE.total_seconds()
    return [unit for unit, seconds in found if seconds is not None and abs(seconds - own) <= most]


def _seconds(stated: object, unit: LifetimeUnit, answer: ProviderAnswer) -> float | None:
    try:
        return stated_seconds(stated, unit, requested_at=answer.requested_at)
    except NotALifetimeError:
        return None


def _own_seconds(answer: ProviderAnswer) -> float | None:
    """The seconds until the `exp` of the token itself; from its `iat`, where it has one."""
    claims = jwt_claims(answer.token or "")
    ends, begins = claims.get("exp"), claims.get("iat", answer.requested_at.timestamp())
    if not _is_number(ends) or not _is_number(begins):
        return None
    seconds = float(ends) - float(begins)  # type: ignore[arg-type]
    return seconds if 0 < seconds < 10**10 else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 10**12
