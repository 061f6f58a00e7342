"""Check and compile the issuers and workloads of the file."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import combinations

from tokenvend.domain.bounds import ISSUER_KEYS
from tokenvend.domain.workload.glob import has_exact_segment
from tokenvend.domain.workload.issuer import ClaimPattern, SubjectRule, TrustedIssuer
from tokenvend.domain.workload.keys import PRIVATE_MEMBERS, usable_keys
from tokenvend_cli.configuration.issuer_models import IssuerModel, WorkloadModel
from tokenvend_cli.configuration.models import ConfigurationModel
from tokenvend_cli.configuration.shared_issuers import missing_owner
from tokenvend_cli.problems import Problem

#: What fits into one item of the registry, which may have 400 KB.
_MOST_RULES = 1_000
_MOST_CHARACTERS = 250_000

type Placed = tuple[str, SubjectRule]


def trusted_issuers(
    configuration: ConfigurationModel, jwks_uris: Mapping[str, str], *, deployment_url: str | None
) -> list[TrustedIssuer]:
    """Return the issuers that the file trusts, with the *jwks_uris* that were found.

    *deployment_url* is the audience where none is given.
    """
    rules = _rules_by_issuer(configuration)
    return [
        TrustedIssuer(
            name=name,
            issuer=model.issuer,
            audience=model.audience or deployment_url,
            algorithms=frozenset(model.algorithms),
            max_age=timedelta(seconds=model.max_age_seconds),
            one_time=model.one_time,
            of_users=model.users,
            keys=usable_keys(model.keys or ()),
            jwks_uri=jwks_uris.get(name),
            rules=tuple(rule for _, rule in rules.get(name, [])),
        )
        for name, model in configuration.issuers.items()
    ]


def issuer_problems(configuration: ConfigurationModel) -> Iterator[Problem]:
    """Return the problems of issuers, and of the workloads that use them."""
    named: dict[str, str] = {}
    for name, model in configuration.issuers.items():
        if model.issuer in named:
            yield Problem(f"issuers.{name}.issuer", f"is issuers.{named[model.issuer]} already")
        named[model.issuer] = name
        yield from _key_problems(f"issuers.{name}.keys", model)
        if model.users and model.one_time:
            yield Problem(
                f"issuers.{name}.one_time", "a user's token is used until it expires: drop"
            )
    for name, placed in _rules_by_issuer(configuration).items():
        yield from _rule_problems(configuration, name, placed)


def _key_problems(place: str, model: IssuerModel) -> Iterator[Problem]:
    if (count := len(model.keys or ())) > ISSUER_KEYS:
        yield Problem(place, f"has {count} keys; {ISSUER_KEYS} are the most")
    for index, key in enumerate(model.keys or ()):
        if PRIVATE_MEMBERS & key.keys():
            yield Problem(f"{place}[{index}]", "is a private key: give its public half alone")
        elif not usable_keys([key]):
            yield Problem(
                f"{place}[{index}]",
                "can verify no signature: RSA of 2048 to 8192 bits, P-256, P-384, P-521 or"
                " Ed25519, for use `sig` or `jwt-svid`",
            )


def _rules_by_issuer(configuration: ConfigurationModel) -> dict[str, list[Placed]]:
    """Each issuer's rules, with the place of each in the file."""
    found: dict[str, list[Placed]] = {}
    for caller, model in configuration.callers.items():
        for index, identity in enumerate(model.identities):
            if identity.workload is not None:
                place = f"callers.{caller}.identities[{index}].workload"
                rule = _rule(caller, identity.workload)
                found.setdefault(identity.workload.issuer, []).append((place, rule))
    return found


def _rule(caller: str, model: WorkloadModel) -> SubjectRule:
    return SubjectRule(caller=caller, subject=model.sub, claims=model.claims)


def _rule_problems(
    configuration: ConfigurationModel, issuer: str, placed: list[Placed]
) -> Iterator[Problem]:
    if issuer not in configuration.issuers:
        for place, _ in placed:
            yield Problem(f"{place}.issuer", f"there is no issuer {issuer}")
        return
    if configuration.issuers[issuer].users:
        for place, _ in placed:
            yield Problem(f"{place}.issuer", f"{issuer} has users: true, so it proves no caller")
        return
    if len(placed) > _MOST_RULES or _characters(placed) > _MOST_CHARACTERS:
        yield Problem(
            f"issuers.{issuer}",
            f"has more workloads than one item holds: at most {_MOST_RULES}, of"
            f" {_MOST_CHARACTERS} characters together",
        )
        return
    for place, rule in placed:
        yield from _pattern_problems(place, configuration.issuers[issuer].issuer, rule)
    for (_, first), (place, second) in combinations(placed, 2):
        if first.caller != second.caller and first.overlaps(second):
            yield Problem(
                place, f"a token could be callers.{first.caller} too: one identity, one caller"
            )


def _pattern_problems(place: str, issuer: str, rule: SubjectRule) -> Iterator[Problem]:
    """What is wrong with one rule of the issuer whose `iss` is *issuer*."""
    if not any(map(has_exact_segment, _texts(rule.patterns))):
        yield Problem(place, "nothing of it is exact, so it would be nearly everybody")
    elif reason := missing_owner(issuer, rule):
        yield Problem(place, reason)
    if any("**" in text for text in _texts(rule.patterns)):
        yield Problem(place, "`*` does not cross a segment, however many stand there: give one")
    if "sub" in rule.claims and rule.subject is not None:
        yield Problem(f"{place}.claims.sub", "is for sub to say")


def _characters(placed: list[Placed]) -> int:
    return sum(len(json.dumps(rule.patterns)) + len(rule.caller) for _, rule in placed)


def _texts(patterns: Mapping[str, ClaimPattern]) -> Iterator[str]:
    for pattern in patterns.values():
        if isinstance(pattern, Mapping):
            yield from _texts(pattern)
        else:
            # A number or a boolean is compared exactly, not as a pattern.
            yield pattern if isinstance(pattern, str) else "exact"
