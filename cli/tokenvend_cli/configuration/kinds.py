"""Checks of credentials: what each kind needs of its provider, and what it cannot have."""

from collections.abc import Collection, Iterator
from urllib.parse import urlsplit

from tokenvend.domain.credential_definition import ClientAuthentication, ScopeMode
from tokenvend.domain.oauth.token_request import host_of
from tokenvend.domain.secret_fields import secret_fields
from tokenvend_cli.configuration.caller_models import CallerModel
from tokenvend_cli.configuration.credential_models import CredentialModel
from tokenvend_cli.configuration.grant_models import GrantModel
from tokenvend_cli.configuration.providers import Provider, is_loopback, text_at
from tokenvend_cli.configuration.request_rules import described_credential_problems
from tokenvend_cli.configuration.signed_jwt_rules import signed_jwt_credential_problems
from tokenvend_cli.problems import Problem


def kind_problems(place: str, credential: CredentialModel, provider: Provider) -> Iterator[Problem]:
    """Return the problems that come from the credential's kind."""
    if provider.kinds is not None and credential.kind not in provider.kinds:
        known = ", ".join(sorted(provider.kinds))
        yield Problem(f"{place}.kind", f"{credential.provider} has only: {known}")
    yield from _plain_text_problems(place, credential, provider)
    if credential.kind == "api_key":
        yield from _api_key_problems(place, credential, provider)
        return
    if credential.kind == "signed_jwt":
        yield from signed_jwt_credential_problems(place, credential, provider)
        return
    if not provider.token_endpoint:
        yield Problem(
            f"{place}.kind",
            f"{credential.provider} has no token_endpoint: give it one, or say kind: "
            + ("signed_jwt" if provider.signed_jwt else "api_key"),
        )
    yield from _consent_problems(place, credential, provider)
    yield from _signing_problems(place, credential, provider)
    yield from described_credential_problems(place, credential, provider)
    if credential.single_active_token and provider.scope_mode is ScopeMode.NARROWS:
        yield Problem(
            f"{place}.single_active_token",
            "each set of scopes would void the others' token: needs scope_mode fixed",
        )


def api_key_grant_problems(
    place: str, grant: GrantModel, caller: CallerModel | None, *, workloads_invoke: bool
) -> Iterator[Problem]:
    """Return the problems of a grant of an API key.

    *workloads_invoke*: workloads may invoke the function, as `direct_workloads` says.
    """
    if not grant.full_access:
        yield Problem(
            place, f"{grant.credential} is an API key, which reaches everything: full_access: true"
        )
    for name, is_set in {
        "scopes": grant.scopes,
        "default_scopes": grant.default_scopes,
        "audiences": grant.audiences,
        "resources": grant.resources,
        "observe": grant.observe,
    }.items():
        if is_set:
            yield Problem(f"{place}.{name}", "an API key cannot be narrowed: drop this")
    if caller is not None and not _may_have_keys(caller, workloads_invoke=workloads_invoke):
        yield Problem(
            f"{place}.caller",
            f"{grant.caller} is an OAuth client, which would send an API key as a bearer token:"
            " give it a role (iam) or direct",
        )


def consent_grant_problems(
    place: str, grant: GrantModel, credential: CredentialModel, callers: Collection[str]
) -> Iterator[Problem]:
    """Return the problems of a grant that has keys for connections."""
    if credential.kind != "authorization_code":
        for name in ("connections", "return_urls"):
            if name in grant.model_fields_set:
                yield Problem(
                    f"{place}.{name}", f"{grant.credential} is no authorization_code: drop this"
                )
        return
    for name, is_set in {"audiences": grant.audiences, "resources": grant.resources}.items():
        if is_set:
            yield Problem(f"{place}.{name}", "cannot be named where users consent: drop this")
    for url in grant.return_urls:
        if not url.startswith("https:") and not is_loopback(urlsplit(url).hostname):
            yield Problem(f"{place}.return_urls", f"{url}: a one-time code comes there, so https")
    for name in grant.connections if isinstance(grant.connections, list) else ():
        owner, slash, _ = name.rpartition("/")
        if slash and owner not in callers:
            yield Problem(f"{place}.connections", f"there is no caller {owner}")


def _consent_problems(
    place: str, credential: CredentialModel, provider: Provider
) -> Iterator[Problem]:
    if credential.kind != "authorization_code":
        if credential.redirect_uri is not None:
            yield Problem(f"{place}.redirect_uri", "is for kind: authorization_code; drop this")
        return
    if not provider.authorization_endpoint:
        yield Problem(
            f"{place}.kind",
            f"{credential.provider} has no authorization_endpoint: where are users asked?",
        )
    if credential.redirect_uri is None:
        yield Problem(f"{place}.redirect_uri", "is needed: where the provider sends users back")
    elif not credential.redirect_uri.endswith(callback := f"/callback/{place.rpartition('.')[2]}"):
        yield Problem(
            f"{place}.redirect_uri", f"must be the pages' address (PagesApiUrl) and {callback}"
        )
    yield from _other_host_problems(place, credential, provider)
    if provider.requires_iss and provider.issuer is None:
        yield Problem(f"{place}.provider", "requires_iss needs its issuer, to compare with")
    for name in ("family", "single_active_token"):
        if getattr(credential, name):
            yield Problem(f"{place}.{name}", "goes with no authorization_code: drop this")


def _other_host_problems(
    place: str, credential: CredentialModel, provider: Provider
) -> Iterator[Problem]:
    for name in ("consent_flow.refresh_endpoint", "account_endpoint"):
        endpoint = text_at(provider, name)
        if endpoint and host_of(endpoint) != host_of(provider.token_endpoint):
            yield Problem(
                f"{place}.provider",
                f"the {name.rpartition('.')[2]} of {credential.provider} has another host than its"
                " token_endpoint: what is secret goes to one host alone",
            )


def _may_have_keys(caller: CallerModel, *, workloads_invoke: bool) -> bool:
    """Whether *caller* has another entry than `/oauth2`."""
    return caller.direct is not None or any(
        identity.iam is not None or (workloads_invoke and identity.workload is not None)
        for identity in caller.identities
    )


def _signing_problems(
    place: str, credential: CredentialModel, provider: Provider
) -> Iterator[Problem]:
    signing = credential.signing
    if signing is None:
        return
    signs = provider.client_authentication is ClientAuthentication.PRIVATE_KEY_JWT
    if not signs and "assertion" not in provider.token_request:
        yield Problem(
            f"{place}.signing",
            f"{credential.provider} takes {provider.client_authentication}: set its"
            " client_authentication to private_key_jwt, or give its token_request an assertion,"
            " or drop this",
        )
    if signing.aws_identity and signing.certificate:
        yield Problem(f"{place}.signing.certificate", "AWS signs with keys of its own: drop this")
    if signing.aws_identity and signing.kms_keys:
        yield Problem(f"{place}.signing.aws_identity", "goes with no kms_keys: which one signs?")
    if signing.aws_identity and "algorithm" in signing.model_fields_set:
        yield Problem(f"{place}.signing.algorithm", "AWS signs with RS256: drop this")
    if signing.aws_identity and "assertion" in provider.token_request:
        yield Problem(
            f"{place}.signing.aws_identity",
            f"proves a client; the assertion of {credential.provider} needs a key of its own",
        )
    if (signing.kms_keys or signing.aws_identity) and credential.client_id is not None:
        yield Problem(
            f"{place}.client_id",
            "put it as the credential's secret, which records where assertions may be sent",
        )
    if len(set(signing.kms_keys)) != len(signing.kms_keys):
        yield Problem(f"{place}.signing.kms_keys", "one key stands here twice")


def _plain_text_problems(
    place: str, credential: CredentialModel, provider: Provider
) -> Iterator[Problem]:
    if credential.secret is None or not credential.secret.plain_text:
        return
    # Imported here, because the compiler relies on these checks and imports them.
    from tokenvend_cli.configuration.compile import definition_of

    needed = secret_fields(definition_of(place.rpartition(".")[2], credential, provider))
    if len(needed) != 1:
        yield Problem(
            f"{place}.secret.plain_text",
            f"holds one field, but {' and '.join(needed) or 'none'} is needed"
            + (": give the client_id here, in the file" if "client_id" in needed else ""),
        )


def _api_key_problems(
    place: str, credential: CredentialModel, provider: Provider
) -> Iterator[Problem]:
    if not provider.api_key:
        yield Problem(
            f"{place}.kind",
            f"{credential.provider} does not say how it takes an API key: give it"
            " api_key: {header_name: …}, or headers, query or basic there",
        )
    for name in sorted(credential.model_fields_set & _FOR_TOKENS):
        yield Problem(f"{place}.{name}", "means nothing for an API key: drop this")


#: Keys for token requests and their scopes, which an API key has no use for.
_FOR_TOKENS = frozenset(
    {
        *("client_id", "scopes", "scope_parameter", "extra_parameters"),
        *("single_active_token", "default_lifetime_seconds", "redirect_uri", "signing"),
    }
)
