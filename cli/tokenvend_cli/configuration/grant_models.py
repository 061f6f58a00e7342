"""What may stand under `grants` in `tokenvend.yaml`."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from tokenvend.domain import bounds
from tokenvend_cli.configuration.forms import ConnectionName, Name, Scope, Target, Tenant, Url
from tokenvend_cli.configuration.strict import Strict


class ObserveModel(Strict):
    """Scopes beyond the grant's own that are given and counted until a day, not refused."""

    scopes: list[Scope] = Field(
        min_length=1, description="Scopes that are given and counted", examples=[["orders.write"]]
    )
    until: date = Field(
        description="Day on which they are refused again, at 00:00 UTC; at most"
        f" {bounds.OBSERVE_DAYS} days from now",
        examples=["2026-12-31"],
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
    """An issuer of the users' tokens that a caller sends with its requests."""

    issuer: Name = Field(
        description="Name of an issuer in `issuers` that has `users: true`",
        examples=["workforce"],
    )
    audience: Target | None = Field(
        default=None,
        description="`aud` that these tokens must have. Default: the issuer's `audience`",
        examples=["careers-site"],
    )


class GrantModel(Strict):
    """What one caller may have of one credential. What is not listed is refused."""

    caller: Name = Field(description="Name of the caller that gets the grant", examples=["billing"])
    credential: Name = Field(
        description="Name of the credential whose tokens the caller may have",
        examples=["acme-orders"],
    )
    scopes: list[Scope] = Field(
        default=[],
        description="All scopes that the caller may request",
        examples=[["orders.read", "orders.write"]],
    )
    default_scopes: list[Scope] | None = Field(
        default=None,
        min_length=1,
        description="Scopes of a request that has no `scope`. Default: all scopes of the grant",
        examples=[["orders.read"]],
    )
    audiences: list[Target] = Field(
        default=[],
        description="Each `audience` that the caller may request",
        examples=[["https://api.acme.example"]],
    )
    resources: list[Target] = Field(
        default=[],
        description="Each `resource` that the caller may request (RFC 8707)",
        examples=[["https://api.acme.example/orders"]],
    )
    tenants: Tenants = Field(
        default=[],
        description="Tenants of a family that the caller may request, or `all`",
        examples=[["initech", "globex"], "all"],
    )
    connections: Connections = Field(
        default="own",
        description="Connections that the caller may use. `own`: those that it started. `all`:"
        " those of every caller. A list: these; another caller's is owner/name. `subject`: the one"
        " of the signed-in user whose token comes with the request",
        examples=[["main-shop", "careers/second-shop"], "subject"],
    )
    users: list[UserIssuerModel] = Field(
        default=[],
        description="Issuers of the users' tokens that the caller may send. Needed by"
        " `connections: subject` and by `token_request.on_behalf_of`",
        examples=[[{"issuer": "workforce", "audience": "careers-site"}]],
    )
    return_urls: list[Url] = Field(
        default=[],
        description="URLs to which a user may return after consent. They are compared exactly",
        examples=[["https://careers.example.com/connected"]],
    )
    full_access: bool = Field(
        default=False,
        description="true: the caller may have tokens with every permission of the credential",
        examples=[True],
    )
    accept_less: bool = Field(
        default=False,
        description="true: the caller accepts a token with fewer scopes than it requested",
        examples=[True],
    )
    isolation: Literal["shared", "caller"] = Field(
        default="shared",
        description="caller: the caller gets tokens of its own, which no other caller gets",
        examples=["caller"],
    )
    observe: ObserveModel | None = Field(
        default=None,
        description="Scopes beyond the grant's own that are given and counted until a day, to try"
        " whether the caller needs them",
        examples=[{"scopes": ["orders.write"], "until": "2026-12-31"}],
    )
