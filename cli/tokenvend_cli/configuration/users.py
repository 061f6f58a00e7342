"""Check and compile grants that use a signed-in user's token."""

from collections.abc import Iterator

from tokenvend_cli.configuration.caller_models import CallerModel
from tokenvend_cli.configuration.grant_models import GrantModel
from tokenvend_cli.configuration.models import ConfigurationModel
from tokenvend_cli.configuration.providers import Provider
from tokenvend_cli.problems import Problem


def users_of(
    grant: GrantModel, configuration: ConfigurationModel, deployment_url: str | None
) -> dict[str, str | None]:
    """Return the audience of *grant*'s users' tokens for each `iss`.

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
    place: str, grant: GrantModel, configuration: ConfigurationModel, provider: Provider | None
) -> Iterator[Problem]:
    """Return the problems of a grant's `users`, and of a grant that needs them.

    *provider* is its credential's, where that is known.
    """
    credential = configuration.credentials[grant.credential]
    on_behalf = credential.kind == "client_credentials" and (
        provider is not None and "on_behalf_of" in provider.token_request
    )
    by_user = grant.connections == "subject" or on_behalf
    if by_user and not grant.users:
        why = f"{grant.credential} acts for users" if on_behalf else "connections: subject"
        yield Problem(f"{place}.users", f"is needed with {why}: whose users?")
    if grant.users and not by_user and provider is not None:
        yield Problem(
            f"{place}.users",
            f"goes with connections: subject, or a provider with token_request.on_behalf_of, which"
            f" {credential.provider} has not: drop this",
        )
    caller = configuration.callers.get(grant.caller)
    if by_user and caller is not None and not _may_bring_users(caller):
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
