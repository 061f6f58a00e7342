"""The settings of a deployment, which its functions read from environment variables.

A value over its maximum is an error. It is not reduced, because the operator relies on the value
that they set.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from tokenvend.domain import bounds

_WHOLE_SECONDS = re.compile(r"[0-9]{1,6}")
_ARN = re.compile(r"arn:[\x21-\x7E]+")
_PREFIX = re.compile(r"[\w/+=.@-]+/", re.ASCII)
_FLAGS = {"true": True, "false": False}


class SettingsError(Exception):
    """An environment variable is missing or wrong: an error of the deployment, not of a request."""

    def __init__(self, name: str, meaning: str, allowed: str) -> None:
        super().__init__(f"{name} ({meaning}) must be {allowed}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one function.

    `secret_prefix` is how the names of secrets that tokenvend writes begin. `local_stack` also
    allows providers at `http` on the loopback interface; it has no other effect.
    """

    deployment: str
    registry_table: str
    tokens_table: str
    connections_table: str
    key_arn: str
    secret_prefix: str
    memory: timedelta
    outage_grace: timedelta
    local_stack: bool

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the variables that the template sets.

        Raises:
            SettingsError: a variable is missing or wrong; the text names it, its meaning and
                its allowed values.
        """
        variables = _Variables(environment)
        return cls(
            deployment=variables.text("TOKENVEND_DEPLOYMENT", "the deployment's id"),
            registry_table=variables.text("TOKENVEND_REGISTRY_TABLE", "the registry table"),
            tokens_table=variables.text("TOKENVEND_TOKENS_TABLE", "the tokens table"),
            connections_table=variables.text(
                "TOKENVEND_CONNECTIONS_TABLE", "the connections table"
            ),
            key_arn=variables.matching(
                "TOKENVEND_KEY_ARN", "the KMS key that wraps the data keys", _ARN, "an ARN"
            ),
            secret_prefix=variables.matching(
                "TOKENVEND_SECRET_PREFIX",
                "how the provider secrets' names begin",
                _PREFIX,
                "a text that ends in a slash",
            ),
            memory=variables.seconds(
                "TOKENVEND_MEMORY_SECONDS",
                "how long memory is trusted after a check",
                default=bounds.MEMORY_SECONDS_DEFAULT,
                maximum=bounds.MEMORY_SECONDS_MAXIMUM,
            ),
            outage_grace=variables.seconds(
                "TOKENVEND_OUTAGE_GRACE_SECONDS",
                "how long memory is trusted while the tables are away",
                default=bounds.OUTAGE_GRACE_SECONDS_DEFAULT,
                maximum=bounds.OUTAGE_GRACE_SECONDS_MAXIMUM,
            ),
            local_stack=variables.flag(
                "TOKENVEND_LOCAL_STACK", "whether loopback providers may be http"
            ),
        )


def registry_table_of(environment: Mapping[str, str]) -> str:
    """Return the name of the registry table, for a function that needs no other setting.

    Raises:
        SettingsError: the variable is not set.
    """
    return _Variables(environment).text("TOKENVEND_REGISTRY_TABLE", "the registry table")


def direct_function_of(environment: Mapping[str, str]) -> str:
    """Return the name of the direct function, whose aliases the sweep checks.

    Raises:
        SettingsError: the variable is not set.
    """
    return _Variables(environment).text("TOKENVEND_DIRECT_FUNCTION", "the direct function's name")


@dataclass(frozen=True, slots=True)
class _Variables:
    environment: Mapping[str, str]

    def text(self, name: str, meaning: str) -> str:
        value = self.environment.get(name, "")
        if not value:
            raise SettingsError(name, meaning, "set")
        return value

    def matching(self, name: str, meaning: str, form: re.Pattern[str], allowed: str) -> str:
        value = self.text(name, meaning)
        if form.fullmatch(value) is None:
            raise SettingsError(name, meaning, allowed)
        return value

    def seconds(self, name: str, meaning: str, *, default: int, maximum: int) -> timedelta:
        value = self.environment.get(name, str(default))
        if _WHOLE_SECONDS.fullmatch(value) is None or int(value) > maximum:
            raise SettingsError(name, meaning, f"a whole number of seconds from 0 to {maximum}")
        return timedelta(seconds=int(value))

    def flag(self, name: str, meaning: str) -> bool:
        value = _FLAGS.get(self.environment.get(name, "false"))
        if value is None:
            raise SettingsError(name, meaning, "true or false")
        return value
