"""Checks of `signed_jwt`: what a token that tokenvend signs may show, and who may have it."""

import json
from collections.abc import Iterator

from tokenvend.domain.api_request_description import NEVER_TO_CALLERS
from tokenvend.domain.credential_definition import ScopeMode
from tokenvend.domain.oauth.signed_jwt import placeholders_in_jwt
from tokenvend.domain.oauth.templates import NEVER_SENT
from tokenvend.domain.secret_destination import destination_of
from tokenvend.domain.shared_key import MacAlgorithm
from tokenvend_cli.configuration.credential_models import CredentialModel
from tokenvend_cli.configuration.grant_models import GrantModel
from tokenvend_cli.configuration.providers import Provider
from tokenvend_cli.configuration.request_rules import value_problems
from tokenvend_cli.problems import Problem

#: Of the 400 KB of an item, and of what each environment reads at a miss.
_LARGEST_BYTES = 4096
#: Of the value of a tag in Secrets Manager.
_TAG_CHARACTERS = 256
#: Keys for requests to a token endpoint, which nobody sends here.
_FOR_REQUESTS = frozenset(
    {
        *("scope_parameter", "extra_parameters", "single_active_token", "rotation"),
        *("default_lifetime_seconds", "redirect_uri"),
    }
)


def signed_jwt_problems(place: str, provider: Provider) -> Iterator[Problem]:
    """Return the problems of the `signed_jwt` of *provider*, which is at *place* in the file."""
    described = provider.signed_jwt
    for name in ("header", "claims"):
        yield from value_problems(f"{place}.{name}", name, described.get(name))
    # Those that are never sent anywhere were told already.
    for name in sorted(
        (NEVER_TO_CALLERS - NEVER_SENT).intersection(placeholders_in_jwt(described))
    ):
        yield Problem(
            place,
            f"callers would read the {name}: what stands in a token is not hidden. Put what the"
            " provider identifies you by into the secret under another name",
        )
    if (size := len(json.dumps(described))) > _LARGEST_BYTES:
        yield Problem(place, f"has {size} bytes as JSON; {_LARGEST_BYTES} are the most")


def signed_jwt_credential_problems(
    place: str, credential: CredentialModel, provider: Provider
) -> Iterator[Problem]:
    """Return the problems of a credential whose tokens tokenvend signs."""
    if not provider.signed_jwt:
        yield Problem(
            f"{place}.kind",
            f"{credential.provider} does not say what token it takes: give it signed_jwt:"
            " {algorithm: …, claims: …}",
        )
        return
    for name in sorted(credential.model_fields_set & _FOR_REQUESTS):
        yield Problem(
            f"{place}.{name}", "means nothing for a token that tokenvend signs: drop this"
        )
    if credential.client_id is not None:
        yield Problem(f"{place}.client_id", "put it into the secret: it records what the key signs")
    if provider.scope_mode is ScopeMode.NARROWS and not provider.signed_jwt.get("scope_claim"):
        yield Problem(
            f"{place}.provider",
            f"scope_mode narrows needs signed_jwt.scope_claim at {credential.provider}: no token"
            " says its scopes otherwise",
        )
    yield from _signing_problems(place, credential, provider)
    # Imported here, because the compiler relies on these checks and imports them.
    from tokenvend_cli.configuration.compile import definition_of

    definition = definition_of(place.rpartition(".")[2], credential, provider)
    if (size := len(destination_of(definition))) > _TAG_CHARACTERS:
        yield Problem(
            f"{place}.provider",
            f"its token shows so many fields of the secret that their names have {size} characters;"
            f" a secret's tag holds {_TAG_CHARACTERS}",
        )


def signed_jwt_grant_problems(place: str, grant: GrantModel) -> Iterator[Problem]:
    """Return the problems of a grant for a credential whose tokens tokenvend signs."""
    for name, is_set in {"audiences": grant.audiences, "resources": grant.resources}.items():
        if is_set:
            yield Problem(
                f"{place}.{name}", f"{grant.credential} signs for one `aud` alone: drop this"
            )


def _signing_problems(
    place: str, credential: CredentialModel, provider: Provider
) -> Iterator[Problem]:
    signing = credential.signing
    in_kms = signing.kms_keys if signing else []
    if signing is not None:
        for name in sorted(signing.model_fields_set - {"kms_keys"}):
            yield Problem(f"{place}.signing.{name}", "signed_jwt says how the token is signed")
    if in_kms and provider.signed_jwt["algorithm"] in set(MacAlgorithm):
        yield Problem(f"{place}.signing.kms_keys", "a shared key is in the secret: drop this")
    if len(set(in_kms)) != len(in_kms):
        yield Problem(f"{place}.signing.kms_keys", "one key stands here twice")
    if in_kms and not placeholders_in_jwt(provider.signed_jwt):
        yield Problem(
            f"{place}.provider",
            f"the token of {credential.provider} names nothing of the secret, such as iss:"
            " {secret.issuer_id}: the secret records what the key signs, and is needed",
        )
