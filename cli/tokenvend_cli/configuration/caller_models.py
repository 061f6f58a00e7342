"""What may stand under `callers` in `tokenvend.yaml`."""

from typing import Self

from pydantic import Field, model_validator

from tokenvend_cli.configuration.forms import ClientId, PrincipalArn, UniqueId
from tokenvend_cli.configuration.issuer_models import WorkloadModel
from tokenvend_cli.configuration.strict import Strict


class IdentityModel(Strict):
    """One way in which a caller proves itself: `iam`, `client` or `workload`."""

    iam: PrincipalArn | None = Field(
        default=None,
        description="ARN of the IAM role or user that signs the requests",
        examples=["arn:aws:iam::111122223333:role/billing"],
    )
    unique_id: UniqueId | None = Field(
        default=None,
        description="Unique id of that role or user. If somebody deletes it and creates another"
        " of the same name, the new one is refused",
        examples=["AROAEXAMPLEBILLING123"],
    )
    client: ClientId | None = Field(
        default=None,
        description="OAuth client id of your choice. `tokenvend caller new-secret` issues its"
        " secret",
        examples=["billing-batch"],
    )
    workload: WorkloadModel | None = Field(
        default=None,
        description="Tokens that prove the caller, issued by the platform on which it runs",
        examples=[{"issuer": "github", "sub": "repo:acme/app:ref:refs/heads/main"}],
    )

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if sum(kind is not None for kind in (self.iam, self.client, self.workload)) != 1:
            raise ValueError("give exactly one of iam, client and workload")
        if self.unique_id is not None and self.iam is None:
            raise ValueError("unique_id goes with iam")
        return self


class DirectModel(Strict):
    """Who may invoke the function directly, through an alias that nobody else may invoke."""

    principals: list[PrincipalArn] = Field(
        min_length=1,
        description="ARNs of the IAM roles and users that may invoke it, each with its path",
        examples=[["arn:aws:iam::111122223333:role/service/event-worker"]],
    )


class CallerModel(Strict):
    """A named workload that requests tokens."""

    title: str | None = Field(
        default=None,
        pattern=r"^[^\x00-\x1F\x7F]{1,80}$",
        description="The caller's name on the page that asks a user for consent",
        examples=["Acme Careers"],
    )
    identities: list[IdentityModel] = Field(
        default=[],
        description="How the caller proves itself. Each entry is one identity",
        examples=[
            [
                {"iam": "arn:aws:iam::111122223333:role/billing"},
                {"client": "billing-batch"},
            ]
        ],
    )
    direct: DirectModel | None = Field(
        default=None,
        description="Lets the caller invoke the function directly, without HTTP",
        examples=[{"principals": ["arn:aws:iam::111122223333:role/event-worker"]}],
    )
    requests_per_minute: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000,
        description="Rate limit of the caller, over all Lambda environments together. Default: no"
        " limit",
        examples=[600],
    )
    burst: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000,
        description="Requests that the caller may send at once after a pause. Default: a quarter"
        " of requests_per_minute, and at least 10",
        examples=[100],
    )
