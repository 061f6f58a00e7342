"""The template's functions, and what their policies allow."""

from typing import Any

HTTP_FUNCTIONS = ["VendIam", "VendOauth2", "Metadata", "Jwks"]
FUNCTIONS = [*HTTP_FUNCTIONS, "VendDirect"]
SCHEDULED_FUNCTIONS = ["Renew", "Sweep", "KeepAlive"]
PAGES = "ConnectPages"
ALL_FUNCTIONS = [*FUNCTIONS, *SCHEDULED_FUNCTIONS, PAGES]
type Resources = dict[str, Any]


def statements_of(resources: Resources, policy: str) -> list[dict[str, Any]]:
    written = resources[policy]["Properties"]["PolicyDocument"]["Statement"]
    # A statement that stands only with a parameter is looked at too.
    return [each["Fn::If"][1] if "Fn::If" in each else each for each in written]
