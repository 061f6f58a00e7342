"""A profile as the file names it, its facts, and a secret for it: what tests of profiles share."""

from functools import cache
from typing import Any

from tests.configuration.described import definition_of
from tests.fakes.signer import new_pair, pem_of

from tokenvend.domain import bounds
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.secret_fields import secret_fields
from tokenvend.domain.signing import SigningAlgorithm
from tokenvend_cli.configuration.profiles import load_profile, profile_names

CALLBACK = "https://connect.example/callback/jobs"
SCOPES = ["read", "write"]
#: Texts that HTTP Basic, a form and JSON must encode, each in its own way.
_ODD = {"client_id": "id/x+1", "client_secret": "s3cret+/=%&ä"}


def profiles_of(kind: str) -> list[str]:
    """Return the names of the profiles that have this kind of credential."""
    return [name for name in profile_names() if kind in load_profile(name).kinds.value]


@cache
def private_key(which: str = "ours") -> str:
    """Return a private key as PEM text, the same for the same name."""
    del which
    return pem_of(new_pair(SigningAlgorithm.RS256)).reveal()


def facts_of(name: str) -> dict[str, Any]:
    """Return what is known of a provider, for one customer of it."""
    profile = load_profile(name)
    found = profile.filled({each: one.example for each, one in profile.parameters.items()})
    # Tests discover nothing: the issuer itself stands for the endpoint in its metadata.
    return {"token_endpoint": found.get("issuer")} | found


def provider_entry(name: str) -> dict[str, Any]:
    """Return what the file says of the provider."""
    parameters = load_profile(name).parameters.items()
    return {"profile": name, "parameters": {each: one.example for each, one in parameters}}


def credential_entry(name: str, kind: str) -> dict[str, Any]:
    """Return what the file says of a credential of that kind."""
    said: dict[str, Any] = {"kind": kind}
    if kind == "authorization_code":
        said |= {"redirect_uri": CALLBACK, "scopes": SCOPES}
    elif kind == "client_credentials" and sends_scope(name):
        said |= {"scopes": SCOPES}
    return said


def definition_for(name: str, kind: str) -> CredentialDefinition:
    """Return the credential's definition, as it comes back from the registry."""
    return definition_of(provider_entry(name), credential_entry(name, kind))


def sends_scope(name: str) -> bool:
    """Say whether the profile has the scopes sent with client credentials."""
    facts = facts_of(name)
    return bool(facts.get("scope_parameter")) or facts.get("scope_mode") == "narrows"


def secret_for(definition: CredentialDefinition) -> dict[str, str]:
    """Return a value for each field that the credential's secret must have."""
    return {
        field: private_key() if field == "private_key" else _ODD.get(field, f"the {field}")
        for field in secret_fields(definition)
    }


def scope_text(name: str) -> str:
    """Return `SCOPES` as the provider separates them."""
    return str(facts_of(name).get("scope_separator", " ")).join(SCOPES)


def stated_lifetime(name: str) -> int:
    """Return how long a token lives, in seconds, by the facts; else what a stand-in says.

    tokenvend believes no token for longer than its own bound.
    """
    longest = int(bounds.LIFETIME_MAXIMUM.total_seconds())
    return min(int(facts_of(name).get("default_lifetime_seconds", 3600)), longest)


def flow_of(name: str) -> dict[str, Any]:
    """Return how its consents differ from the standard, by the facts."""
    model = facts_of(name).get("consent_flow")
    return {} if model is None else dict(model.document())


def code_parameters(name: str) -> dict[str, str]:
    """Return the parameters that exchange the code `c`, by the facts."""
    flow = flow_of(name)
    sent = {"grant_type": "authorization_code", "redirect_uri": CALLBACK}
    sent[flow.get("code_parameter", "code")] = "c"
    return sent if "without_pkce" in flow else sent | {"code_verifier": "v"}
