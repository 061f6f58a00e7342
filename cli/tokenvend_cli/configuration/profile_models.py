"""The schema of a profile: what is known of a provider, each fact with its source."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from tokenvend.domain.tenant_values import matches
from tokenvend_cli.configuration.api_request_models import ApiKeyModel, ApiRequestModel
from tokenvend_cli.configuration.consent_models import ConsentFlowModel
from tokenvend_cli.configuration.forms import Scope, ValuePattern
from tokenvend_cli.configuration.signed_jwt_models import SignedJwtModel
from tokenvend_cli.configuration.token_models import TokenAnswerModel, TokenRequestModel
from tokenvend_cli.problems import CommandError

_PARAMETER = re.compile(r"\{([a-z]+)\}")
#: A parameter that differs from tenant to tenant: its value comes with each tenant's secret.
_OF_TENANT = re.compile(r"\{tenant\.([a-z][a-z0-9_]{0,62})\}")
#: The facts whose text may contain a parameter.
TEMPLATES = (
    *("issuer", "token_endpoint", "authorization_endpoint", "revocation_endpoint"),
    *("introspection_endpoint", "assertion_audience", "account_endpoint"),
)

type ClientMethod = Literal[
    "client_secret_basic",
    "client_secret_basic_unencoded",
    "client_secret_post",
    "private_key_jwt",
    "tls_client_auth",
    "none",
]
type Kind = Literal["client_credentials", "authorization_code", "api_key", "signed_jwt"]
#: The kinds for which no token endpoint is asked.
_WITHOUT_ENDPOINT = frozenset({"api_key", "signed_jwt"})


class Area(StrEnum):
    """What people use a provider for; the catalogue is sorted by it."""

    HR = "HR and recruiting"
    CRM = "CRM and sales"
    FINANCE = "Finance and payments"
    COMMERCE = "Shops"
    COMMUNICATION = "Communication"
    SUPPORT = "Support and marketing"
    DOCUMENTS = "Documents and work management"
    DEVELOPER = "Developer platforms"
    IDENTITY = "Identity providers"


class Certainty(StrEnum):
    """How sure a fact is, from the surest to the least sure."""

    DOCUMENTED = "documented"
    OBSERVED = "observed"
    REPORTED = "reported"
    RECALLED = "recalled"
    ASSUMED = "assumed"


#: What each certainty means, for the command and the page.
CERTAINTIES: Mapping[Certainty, str] = {
    Certainty.DOCUMENTED: "the provider's own documentation says it, and was read",
    Certainty.OBSERVED: "`tokenvend probe` measured it",
    Certainty.REPORTED: "public code or another catalogue says it; the source says which",
    Certainty.RECALLED: "the author remembers it; the page that is named was not read again",
    Certainty.ASSUMED: "no source says it; the fact gives the reason for the assumption",
}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Source(_Strict):
    """A page or a file that facts are taken from. Without a `url`, its address was not kept."""

    title: str = Field(min_length=8)
    url: str | None = Field(default=None, pattern=r"^https://[\x21-\x7E]+$")


class Fact[T](_Strict):
    """One thing that is known: its value, its source and how sure it is.

    `source` is a key of the profile's `sources`, or of those that all profiles share. An assumed
    fact has `because` instead.
    """

    value: T
    source: str | None = None
    certainty: Certainty = Field(default=Certainty.DOCUMENTED, strict=False)
    because: str | None = Field(default=None, min_length=10)
    note: str | None = Field(default=None, min_length=10)

    @model_validator(mode="after")
    def _says_where_from(self) -> Self:
        assumed = self.certainty is Certainty.ASSUMED
        if (self.source is None) is not assumed or (self.because is not None) is not assumed:
            raise ValueError("an assumed fact has because, every other fact has a source")
        return self


class Parameter(_Strict):
    """What the file must say because it differs from customer to customer, such as a domain.

    `tenant_patterns` are the `tenant_values` patterns for a file in which each tenant brings its
    own. Without them the file must give patterns itself: no end of the host is the provider's.
    """

    description: str = Field(min_length=1)
    pattern: str = Field(min_length=1)
    example: str = Field(min_length=1)
    tenant_patterns: list[ValuePattern] = []

    @model_validator(mode="after")
    def _example_fits(self) -> Self:
        if not self.takes(self.example):
            raise ValueError("the example does not match the pattern")
        patterns = self.tenant_patterns
        if patterns and not any(matches(each, self.example) for each in patterns):
            raise ValueError("the example matches none of the tenant_patterns")
        return self

    def takes(self, value: str) -> bool:
        """Whether all of *value* matches the pattern."""
        return re.fullmatch(self.pattern, value) is not None


class Answered(_Strict):
    """An answer of the token endpoint: its status and its JSON body."""

    status: int = Field(ge=200, le=599)
    body: dict[str, JsonValue]


class Profile(_Strict):
    """One provider. `{name}` in an endpoint stands for the parameter of that name.

    Most facts mean what the key of that name under `providers` in the file does. The others:

    - `area`, `kinds`: what people use it for, and the credentials that it issues. `sources`: where
      its facts are from. `quirks`: what else its users should know.
    - `discovered`: endpoints and client authentication are in the issuer's metadata. At the
      `introspection_endpoint` `probe` asks about a token (RFC 7662).
    - `scope_parameter`: `scope` is sent although `scope_mode` is fixed. `scopes`: each in words.
    - `default_lifetime_seconds`: of a token whose answer states none. `refresh_token_rotates`:
      each refresh gives the next one. `answer`, `refusal`: what the token endpoint says where that
      differs from RFC 6749 §5; tests hold a description to them.
    """

    title: str = Field(min_length=1)
    area: Area = Field(strict=False)
    sources: dict[str, Source] = {}
    parameters: dict[str, Parameter] = {}
    kinds: Fact[list[Kind]]
    discovered: bool = False
    issuer: Fact[str] | None = None
    token_endpoint: Fact[str] | None = None
    authorization_endpoint: Fact[str] | None = None
    revocation_endpoint: Fact[str] | None = None
    introspection_endpoint: Fact[str] | None = None
    client_authentication: Fact[ClientMethod] | None = None
    assertion_audience: Fact[str] | None = None
    account_endpoint: Fact[str] | None = None
    account_field: Fact[str] | None = None
    authorization_parameters: Fact[dict[str, str]] | None = None
    scope_separator: Fact[str] | None = None
    scope_mode: Fact[Literal["fixed", "narrows"]] | None = None
    scope_parameter: Fact[bool] | None = None
    scopes: Fact[dict[Scope, str]] | None = None
    default_lifetime_seconds: Fact[int] | None = None
    refresh_token_days: Fact[int] | None = None
    refresh_token_rotates: Fact[bool] | None = None
    api_key: Fact[ApiKeyModel] | None = None
    signed_jwt: Fact[SignedJwtModel] | None = None
    api_request: Fact[ApiRequestModel] | None = None
    token_request: Fact[TokenRequestModel] | None = None
    token_answer: Fact[TokenAnswerModel] | None = None
    consent_flow: Fact[ConsentFlowModel] | None = None
    answer: Fact[Answered] | None = None
    refusal: Fact[Answered] | None = None
    quirks: list[Fact[str]] = []

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        used = {name for text in self._texts().values() for name in _PARAMETER.findall(text)}
        if used != set(self.parameters):
            raise ValueError(f"parameters are not those used: {sorted(used)}")
        needs_endpoint = not self.discovered and not _WITHOUT_ENDPOINT.issuperset(self.kinds.value)
        if needs_endpoint is not (self.token_endpoint is not None):
            raise ValueError("the token_endpoint is known, or discovered, or not needed")
        for name in ("api_key", "signed_jwt"):
            if (name in self.kinds.value) is not (getattr(self, name) is not None):
                raise ValueError(f"{name} is known where it is among the kinds, and only there")
        return self

    def facts(self) -> Mapping[str, Fact[Any]]:
        """Return every fact by its name, without the quirks."""
        found = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: fact for name, fact in found.items() if isinstance(fact, Fact)}

    def every_fact(self) -> list[Fact[Any]]:
        """Return every fact, the quirks last."""
        return [*self.facts().values(), *self.quirks]

    def filled(self, values: Mapping[str, str]) -> dict[str, Any]:
        """Return the value of every fact, with *values* in place of the parameters.

        An introspection endpoint that differs from tenant to tenant is left out: no request goes
        there.

        Raises:
            CommandError: a parameter is missing, unknown or malformed.
        """
        self._check(values)
        found = {name: fact.value for name, fact in self.facts().items()}
        for name, text in self._texts().items():
            found[name] = _PARAMETER.sub(lambda match: values[match[1]], text)
        if _OF_TENANT.search(found.get("introspection_endpoint", "")):
            del found["introspection_endpoint"]
        return found

    def tenant_values(self, values: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
        """Return the patterns of each value that *values* leave to the tenants."""
        left = {name: _OF_TENANT.fullmatch(value) for name, value in values.items()}
        return {
            found[1]: tuple(self.parameters[name].tenant_patterns)
            for name, found in left.items()
            if found is not None and self.parameters[name].tenant_patterns
        }

    def _texts(self) -> dict[str, str]:
        facts = {name: getattr(self, name) for name in TEMPLATES}
        return {name: fact.value for name, fact in facts.items() if fact is not None}

    def _check(self, values: Mapping[str, str]) -> None:
        for name in values.keys() - self.parameters.keys():
            raise CommandError(f"it has no parameter {name}")
        for name, parameter in self.parameters.items():
            if name not in values:
                raise CommandError(f"needs parameters.{name}: {parameter.description}")
            if _OF_TENANT.fullmatch(values[name]) and not self.discovered:
                continue
            if not parameter.takes(values[name]):
                raise CommandError(f"parameters.{name} is not right: {parameter.description}")
