"""What may stand under `grants` in `tokenvend.yaml`."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from tokenvend.domain import bounds
from tokenvend_cli.configuration.forms import ConnectionName, Name, Scope, Target, Tenant, Url
from tokenvend_cli.configuration.strict import Strict


class ObserveModel(Strict):
    """Scopes beyond the ceiling that are counted instead of refused, for a while."""

    scopes: list[Scope] = Field(min_length=1, description="Which")
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
    Annotated[list[ConnectionName], Tag("list")] | Annotated[Literal["own", "all"], Tag("all")],
    Discriminator(_word_or_list),
]


class GrantModel(Strict):
    """One caller, one credential, and the ceiling: what is not listed is refused."""

    caller: Name = Field(description="Who may")
    credential: Name = Field(description="ask for tokens of this")
    scopes: list[Scope] = Field(default=[], description="with these scopes and no more")
    default_scopes: list[Scope] | None = Field(
        default=None, min_length=1, description="What a request without `scope` gets; else all"
    )
    audiences: list[Target] = Field(default=[], description="The `audience`s it may name")
    resources: list[Target] = Field(
        default=[], description="The `resource`s it may name (RFC 8707)"
    )
    tenants: Tenants = Field(
        default=[], description="The tenants of a family that it may name, or `all`"
    )
    connections: Connections = Field(
        default="own",
        description="The connections it may name: its own, `all`, or a list of these, where another"
        " caller's is owner/name",
    )
    return_urls: list[Url] = Field(
        default=[], description="Where a user who consented may be sent back to, each exactly"
    )
    full_access: bool = Field(
        default=False, description="It may have all that the token reaches, whatever that is"
    )
    accept_less: bool = Field(
        default=False, description="It takes a token with fewer scopes than it asked for"
    )
    isolation: Literal["shared", "caller"] = Field(
        default="shared", description="caller: it shares its tokens with no other caller"
    )
    observe: ObserveModel | None = Field(
        default=None, description="Scopes that are counted instead of refused, for a while"
    )
