"""Profiles: what is known of a provider, as data, each fact with where it is known from."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from tokenvend_cli.configuration.api_key_models import ApiKeyModel
from tokenvend_cli.configuration.consent_models import ConsentFlowModel
from tokenvend_cli.configuration.forms import Scope
from tokenvend_cli.configuration.token_models import TokenAnswerModel, TokenRequestModel
from tokenvend_cli.problems import CommandError

_FOLDER = files("tokenvend_cli") / "profiles"
_PARAMETER = re.compile(r"\{([a-z]+)\}")
#: What a fact may have a parameter in.
_TEMPLATES = (
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
type Kind = Literal["client_credentials", "authorization_code", "api_key"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Fact[T](_Strict):
    """One thing that is known, where from, and how well.

    *documented*: by the provider itself. *reported*: seen elsewhere. *assumed*: neither; the
    source says why.
    """

    value: T
    source: str = Field(min_length=10)
    certainty: Literal["documented", "reported", "assumed"] = "documented"


class Parameter(_Strict):
    """What the file must say, because it differs from user to user: a directory, a domain."""

    description: str = Field(min_length=1)
    pattern: str = Field(min_length=1)

    def takes(self, value: str) -> bool:
        """Whether the whole of *value* has the form."""
        return re.fullmatch(self.pattern, value) is not None


class Profile(_Strict):
    """One provider. `{name}` in an endpoint stands for the parameter of that name.

    With `discovered`, endpoints and client authentication are read from the issuer's metadata.
    `refresh_token_days` is how long an unused refresh token lives. `scopes` are put in words for
    the person who is asked to consent.
    """

    title: str = Field(min_length=1)
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
    scope_separator: Fact[str]
    scope_mode: Fact[Literal["fixed", "narrows"]]
    scope_parameter: Fact[bool] | None = None
    scopes: Fact[dict[Scope, str]] | None = None
    default_lifetime_seconds: Fact[int] | None = None
    refresh_token_days: Fact[int] | None = None
    refresh_token_rotates: Fact[bool] | None = None
    api_key: Fact[ApiKeyModel] | None = None
    token_request: Fact[TokenRequestModel] | None = None
    token_answer: Fact[TokenAnswerModel] | None = None
    consent_flow: Fact[ConsentFlowModel] | None = None
    quirks: list[Fact[str]] = []

    @model_validator(mode="after")
    def _parameters_are_those_used(self) -> Self:
        used = {name for text in self._texts().values() for name in _PARAMETER.findall(text)}
        if used != set(self.parameters):
            raise ValueError(f"parameters are not those used: {sorted(used)}")
        if self.discovered == (self.token_endpoint is not None):
            raise ValueError("either the token_endpoint is known, or it is discovered")
        return self

    def facts(self) -> Mapping[str, Fact[Any]]:
        """Every fact by its name; quirks are left out."""
        found = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: fact for name, fact in found.items() if isinstance(fact, Fact)}

    def filled(self, values: Mapping[str, str]) -> dict[str, Any]:
        """The value of every fact, with *values* in place of the parameters.

        Raises:
            CommandError: a parameter is missing, unknown or malformed.
        """
        self._check(values)
        found = {name: fact.value for name, fact in self.facts().items()}
        for name, text in self._texts().items():
            found[name] = _PARAMETER.sub(lambda match: values[match[1]], text)
        return found

    def _texts(self) -> dict[str, str]:
        facts = {name: getattr(self, name) for name in _TEMPLATES}
        return {name: fact.value for name, fact in facts.items() if fact is not None}

    def _check(self, values: Mapping[str, str]) -> None:
        for name in values.keys() - self.parameters.keys():
            raise CommandError(f"it has no parameter {name}")
        for name, parameter in self.parameters.items():
            if name not in values:
                raise CommandError(f"needs parameters.{name}: {parameter.description}")
            if not parameter.takes(values[name]):
                raise CommandError(f"parameters.{name} is not right: {parameter.description}")


def profile_names() -> list[str]:
    """The profiles that are shipped."""
    names = (entry.name for entry in _FOLDER.iterdir())
    return sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml"))


@cache
def load_profile(name: str) -> Profile:
    """The shipped profile of that name.

    Raises:
        CommandError: there is none.
    """
    if name not in profile_names():
        raise CommandError(f"there is no such profile; there are {', '.join(profile_names())}")
    text = (_FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    return Profile.model_validate(yaml.safe_load(text))
