"""Grants that go by a signed-in user's token: what may be wrong with them, and what they mean."""

from collections.abc import Iterator

from tokenvend_cli.configuration.grant_models import GrantModel
from tokenvend_cli.configuration.models import CallerModel, ConfigurationModel
from tokenvend_cli.problems import Problem


def users_of(
    grant: GrantModel, configuration: ConfigurationModel, deployment_url: str | None
) -> dict[str, str | None]:
    """The audience of *grant*'s users' tokens, by their `iss`.

    *deployment_url* is the audience where neither the grant nor the issuer gives one.
    """
    issuers = {each.issuer: configuration.issuers[each.issuer] for each in grant.users}
    return {
        issuers[each.issuer].issuer: each.audience
        or issuers[each.issuer].audience
        or deployment_url
        for each in grant.users
    }


def user_problems(
    place: str, grant: GrantModel, configuration: ConfigurationModel
) -> Iterator[Problem]:
    """What is wrong with a grant's users, or with going by them."""
    by_subject = grant.connections == "subject"
    if by_subject and not grant.users:
        yield Problem(f"{place}.users", "is needed with connections: subject: whose users?")
    if grant.users and not by_subject:
        yield Problem(
            f"{place}.users", "goes with connections: subject alone: say so, or drop this"
        )
    caller = configuration.callers.get(grant.caller)
    if by_subject and caller is not None and not _may_bring_users(caller):
        yield Problem(
            f"{place}.caller",
            f"{grant.caller} proves itself by a subject_token, so it cannot bring a user's: give it"
            " a role (iam), a client or direct",
        )
    seen: set[str] = set()
    for index, each in enumerate(grant.users):
        issuer = configuration.issuers.get(each.issuer)
        at = f"{place}.users[{index}].issuer"
        if issuer is None:
            yield Problem(at, f"there is no issuer {each.issuer}")
        elif not issuer.users:
            yield Problem(at, f"{each.issuer} is for workloads: say users: true there")
        if each.issuer in seen:
            yield Problem(at, f"{each.issuer} stands here twice: one audience for each")
        seen.add(each.issuer)


def _may_bring_users(caller: CallerModel) -> bool:
    """Whether *caller* can prove itself otherwise than by a subject token."""
    return caller.direct is not None or any(
        identity.workload is None for identity in caller.identities
    )
