"""What may stand under `grants` in `tokenvend.yaml`."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from tokenvend.domain import bounds
from tokenvend_cli.configuration.forms import ConnectionName, Name, Scope, Target, Tenant, Url
from tokenvend_cli.configuration.strict import Strict


class ObserveModel(Strict):
    """Scopes beyond the ceiling that are counted instead of refused, for a while."""

    scopes: list[Scope] = Field(min_length=1, description="The scopes that are observed")
    until: date = Field(
        description=f"The day on which refusing begins (UTC), at most {bounds.OBSERVE_DAYS} off"
    )


def _word_or_list(value: object) -> str:
    return "all" if isinstance(value, str) else "list"


Tenants = Annotated[
    Annotated[list[Tenant], Tag("list")] | Annotated[Literal["all"], Tag("all")],
    Discriminator(_word_or_list),
]
Connections = Annotated[
    Annotated[list[ConnectionName], Tag("list")]
    | Annotated[Literal["own", "all", "subject"], Tag("all")],
    Discriminator(_word_or_list),
]


class UserIssuerModel(Strict):
    """An issuer whose users' tokens a caller hands in, and for whom they must be."""

    issuer: Name = Field(description="One of `issuers`, with `users: true`")
    audience: Target | None = Field(
        default=None,
        description="The only `aud` of this caller's users' tokens. Default: the issuer's",
        examples=["careers-site"],
    )


class GrantModel(Strict):
    """One caller, one credential, and the ceiling: what is not listed is refused."""

    caller: Name = Field(description="The caller that gets the grant")
    credential: Name = Field(description="The credential whose tokens it may have")
    scopes: list[Scope] = Field(default=[], description="All scopes that it may ask for")
    default_scopes: list[Scope] | None = Field(
        default=None,
        min_length=1,
        description="Scopes of a request without `scope`. Default: all of the grant's",
    )
    audiences: list[Target] = Field(default=[], description="Each `audience` that it may ask for")
    resources: list[Target] = Field(
        default=[], description="Each `resource` that it may ask for (RFC 8707)"
    )
    tenants: Tenants = Field(
        default=[], description="Tenants of a family that it may ask for, or `all`"
    )
    connections: Connections = Field(
        default="own",
        description="`own`, `all`, or a list; another caller's is owner/name; `subject`: the one of"
        " the signed-in user whose token comes with the request",
    )
    users: list[UserIssuerModel] = Field(
        default=[],
        description="Whose users' tokens are taken, with `connections: subject` or where the"
        " provider has `token_request.on_behalf_of`",
    )
    return_urls: list[Url] = Field(
        default=[], description="URLs to which a user may return after consent, compared exactly"
    )
    full_access: bool = Field(
        default=False, description="true: it may have everything that the token reaches"
    )
    accept_less: bool = Field(
        default=False, description="true: it accepts a token with fewer scopes than it asked for"
    )
    isolation: Literal["shared", "caller"] = Field(
        default="shared", description="caller: it shares its tokens with no other caller"
    )
    observe: ObserveModel | None = Field(
        default=None, description="Scopes whose refusal is counted and not enforced, until a day"
    )
