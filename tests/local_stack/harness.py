"""Callers, credentials and grants that the tests add to the one deployed stack.

All tests share one registry, so each names its own: `harness.name("jobs")` gives a name nobody
else has. What a test adds stays until the end of the session; `apply` writes the whole file.
"""

import itertools
import json
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tokenvend_local.callers import OAuthClient
from tokenvend_local.demo_provider.clients import Client, Flavour
from tokenvend_local.principals import Principal
from tokenvend_local.stack import LocalStack

_PROVIDERS = {Flavour.SMARTRECRUITERS: "hiring", Flavour.STANDARD: "reporting"}


class Harness:
    """The configuration as it grows, and the command that applies it."""

    def __init__(self, stack: LocalStack, folder: Path, keep_out_of_logs: set[str]) -> None:
        self.stack = stack
        self._keep_out_of_logs = keep_out_of_logs
        self.file = folder / "tokenvend.yaml"
        self._numbers = itertools.count(1)
        self._secrets: list[tuple[str, Client]] = []
        provider = stack.provider
        self.configuration: dict[str, Any] = {
            "version": 1,
            "providers": {
                "hiring": {
                    "token_endpoint": provider.token_endpoint(Flavour.SMARTRECRUITERS),
                    "client_authentication": "client_secret_post",
                    "api_key": {"header_name": "X-SmartToken"},
                },
                "reporting": {
                    "token_endpoint": provider.token_endpoint(Flavour.STANDARD),
                    "revocation_endpoint": provider.url + "/oauth2/revoke",
                    "scope_mode": "narrows",
                    "scope_mode_source": "tests/demo_provider/test_token_endpoint.py",
                },
            },
            "credentials": {},
            "callers": {},
            "grants": [],
        }

    def name(self, stem: str) -> str:
        """A name that no other test has."""
        return f"{stem}-{next(self._numbers)}"

    def credential(
        self,
        name: str,
        *,
        flavour: Flavour = Flavour.SMARTRECRUITERS,
        scopes: Sequence[str] = ("jobs_read",),
        targets: Sequence[str] = (),
        lifetime_seconds: int = 1799,
        **fields: Any,
    ) -> Client:
        """A credential with a client of its own at the provider; its secret goes with `apply`.

        *fields* are more of `credentials.<name>` in the file.
        """
        self._define(name, flavour, scopes, fields)
        client = self.stack.provider.add_client(
            name,
            flavour=flavour,
            scopes=scopes,
            targets=targets,
            lifetime_seconds=lifetime_seconds,
        )
        self._secrets.append((name, client))
        return client

    def family(
        self,
        name: str,
        tenants: Sequence[str],
        *,
        scopes: Sequence[str] = ("jobs_read",),
        lifetime_seconds: int = 1799,
    ) -> dict[str, Client]:
        """A credential with one client for each of *tenants*."""
        self._define(name, Flavour.SMARTRECRUITERS, scopes, {"family": True})
        provider = self.stack.provider
        clients = {
            tenant: provider.add_client(
                f"{name}-{tenant}", scopes=scopes, lifetime_seconds=lifetime_seconds
            )
            for tenant in tenants
        }
        self._secrets += [(f"{name}/{tenant}", client) for tenant, client in clients.items()]
        return clients

    def api_key(self, name: str) -> Client:
        """An API key of a client of its own at the provider."""
        self.configuration["credentials"][name] = {"provider": "hiring", "kind": "api_key"}
        client = self.stack.provider.add_client(name, api_key=secrets.token_hex(16))
        self._secrets.append((name, client))
        return client

    def foreign_credential(
        self,
        name: str,
        provider: Mapping[str, Any],
        *,
        client_id: str,
        client_secret: str,
        scopes: Sequence[str],
        **fields: Any,
    ) -> None:
        """A credential of a provider of its own: *provider* is `providers.<name>` in the file."""
        self.configuration["providers"][name] = dict(provider)
        self.configuration["credentials"][name] = {
            "provider": name,
            "scopes": list(scopes),
            **fields,
        }
        self._keep_out_of_logs.add(client_secret)
        client = Client(client_id=client_id, client_secret=client_secret)
        self._secrets.append((name, client))

    def consent_credential(
        self,
        name: str,
        *,
        flavour: Flavour = Flavour.SMARTRECRUITERS,
        scopes: Sequence[str] = ("jobs_read", "user_me_read"),
    ) -> Client:
        """A credential under which users consent, at a provider that asks them."""
        control, redirect_uri = self.stack.provider, self.redirect_uri(name)
        requested_at = {"authorization_endpoint": control.authorization_endpoint(flavour)}
        self.configuration["providers"][name] = {
            **self.configuration["providers"][_PROVIDERS[flavour]],
            **requested_at,
            "title": "Hiring",
            "scope_words": {"jobs_read": "See jobs", "user_me_read": "See your own name"},
            "account_endpoint": control.url + "/users/me",
            "account_field": "id",
            "refresh_token_days": 28,
        }
        if flavour is Flavour.STANDARD:
            self.configuration["providers"][name] = {
                "issuer": control.url,
                "scope_mode": "narrows",
                "scope_mode_source": "tests/demo_provider/test_token_endpoint.py",
                "consent_flow": {
                    "refresh_names_scopes": True,
                    "refresh_names_scopes_source": "tests/demo_provider/test_consents.py",
                },
                "account_endpoint": control.url + "/users/me",
                "account_field": "id",
            }
        self.configuration["credentials"][name] = {
            "provider": name,
            "kind": "authorization_code",
            "redirect_uri": redirect_uri,
            "scopes": list(scopes),
        }
        client = control.add_client(
            name, flavour=flavour, scopes=scopes, redirect_uris=[redirect_uri], company="Initech"
        )
        self._secrets.append((name, client))
        return client

    def redirect_uri(self, credential: str) -> str:
        """Where a provider sends users back to."""
        return f"{self.stack.deployed.pages_url}/callback/{credential}"

    def role(self, name: str, *, path: str = "/", may_invoke: str | None = None) -> Principal:
        """A role that may sign requests to `/iam/…`, and invoke the alias *may_invoke*."""
        principals = self.stack.principals
        statements = [principals.may_sign()]
        if may_invoke:
            statements.append(principals.may_invoke(may_invoke))
        return principals.role(name, path=path, statements=statements)

    def caller(
        self,
        name: str,
        *,
        iam: Principal | None = None,
        client_id: str | None = None,
        direct: Principal | None = None,
        **fields: Any,
    ) -> str:
        """A caller known by any of a principal, a client id, an alias; its name."""
        identities: list[dict[str, str]] = []
        if iam:
            identities.append({"iam": iam.arn})
        if client_id:
            identities.append({"client": client_id})
        caller: dict[str, Any] = {"identities": identities, **fields}
        if direct:
            caller["direct"] = {"principals": [direct.arn]}
        self.configuration["callers"][name] = caller
        return name

    def grant(self, caller: str, credential: str, **fields: Any) -> None:
        """A grant; its scopes are all of the credential's unless *fields* say otherwise."""
        scopes = self.configuration["credentials"][credential].get("scopes", [])
        document = {"caller": caller, "credential": credential, "scopes": scopes, **fields}
        self.configuration["grants"].append(document)

    def withdraw(self, credential: str) -> None:
        """Take a foreign credential, its provider and its grants out of the file.

        A provider that is described by its issuer is asked at each apply, so it must not stay
        in the file when its server has gone.
        """
        self.configuration["providers"].pop(credential, None)
        self.configuration["credentials"].pop(credential, None)
        grants = self.configuration["grants"]
        self.configuration["grants"] = [g for g in grants if g["credential"] != credential]

    def revoke_grants(self, caller: str) -> None:
        """Take every grant of *caller* out of the file."""
        grants = self.configuration["grants"]
        self.configuration["grants"] = [g for g in grants if g["caller"] != caller]

    def apply(self) -> None:
        """Write the file, apply it, and put the secrets of new credentials."""
        self.file.write_text(yaml.safe_dump(self.configuration, sort_keys=False))
        self.stack.tokenvend("apply", "--yes", "--first", "--file", str(self.file))
        while self._secrets:
            self.put_secret(*self._secrets.pop(0))

    def put_secret(self, name: str, client: Client) -> None:
        """Write a credential's or tenant's secret."""
        secret: Mapping[str, str] = {
            "client_id": client.client_id,
            "client_secret": client.client_secret,
        }
        if client.api_key is not None:
            secret = {"api_key": client.api_key}
        self.stack.tokenvend("secret", "put", name, stdin=json.dumps(secret))

    def new_client(self, caller: str) -> OAuthClient:
        """Issue an id and secret to an applied caller that is an OAuth client."""
        issued = json.loads(self.stack.tokenvend("caller", "new-secret", caller, "--json"))
        self._keep_out_of_logs.add(issued["client_secret"])
        return OAuthClient(issued["client_id"], issued["client_secret"])

    def _define(
        self, name: str, flavour: Flavour, scopes: Sequence[str], fields: Mapping[str, Any]
    ) -> None:
        document = {"provider": _PROVIDERS[flavour], "scopes": list(scopes), **fields}
        self.configuration["credentials"][name] = document
