"""What a deployment tells its functions, in environment variables."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from tokenvend.domain import bounds


class SettingsError(Exception):
    """A variable is missing or out of range: the deployment is wrong, not the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one function.

    `secret_prefix` starts the names of the secrets that tokenvend writes. `local_stack` admits
    providers at `http` on the loopback interface, and nothing else.
    """

    deployment: str
    registry_table: str
    tokens_table: str
    key_arn: str
    secret_prefix: str
    memory: timedelta
    outage_grace: timedelta
    local_stack: bool

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the variables that the template sets.

        Raises:
            SettingsError: one is missing or wrong; the text names it and what it may be.
        """
        return cls(
            deployment=_required(environment, "TOKENVEND_DEPLOYMENT"),
            registry_table=_required(environment, "TOKENVEND_REGISTRY_TABLE"),
            tokens_table=_required(environment, "TOKENVEND_TOKENS_TABLE"),
            key_arn=_required(environment, "TOKENVEND_KEY_ARN"),
            secret_prefix=_required(environment, "TOKENVEND_SECRET_PREFIX"),
            memory=_seconds(
                environment,
                "TOKENVEND_MEMORY_SECONDS",
                default=bounds.MEMORY_SECONDS_DEFAULT,
                most=bounds.MEMORY_SECONDS_MAXIMUM,
            ),
            outage_grace=_seconds(
                environment,
                "TOKENVEND_OUTAGE_GRACE_SECONDS",
                default=bounds.OUTAGE_GRACE_SECONDS_DEFAULT,
                most=bounds.OUTAGE_GRACE_SECONDS_MAXIMUM,
            ),
            local_stack=environment.get("TOKENVEND_LOCAL_STACK") == "true",
        )


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise SettingsError(f"the environment variable {name} is not set")
    return value


def _seconds(environment: Mapping[str, str], name: str, *, default: int, most: int) -> timedelta:
    text = environment.get(name, str(default))
    if not text.isdecimal() or int(text) > most:
        raise SettingsError(f"{name} must be a whole number of seconds from 0 to {most}")
    return timedelta(seconds=int(text))
