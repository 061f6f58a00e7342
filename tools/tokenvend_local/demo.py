"""Set the demo up in a running local stack: clients at the provider, roles, grants, secrets."""

import json
import os
import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tokenvend_local import places
from tokenvend_local.callers import OAuthClient
from tokenvend_local.demo_provider.clients import Client, Flavour
from tokenvend_local.principals import Principal
from tokenvend_local.stack import LocalStack

#: The placeholder for the provider's address in demo/tokenvend.yaml.
_PLACEHOLDER = "http://127.0.0.1:8123"
#: The placeholder for the address of the pages.
_PAGES_PLACEHOLDER = "http://127.0.0.1:8124"
#: The path of the schema, which an editor resolves from the file's folder.
_SCHEMA_KEY = "yaml-language-server: $schema="
_SCHEMA = f"{_SCHEMA_KEY}../docs/"
#: The demo's return URL. No server listens there: the tour reads the code from the URL.
RETURN_URL = "http://127.0.0.1:8125/connected"
_CALLER = "dashboard"
#: How many `tokenvend` commands run at once: each is mostly start-up, on two cores.
_COMMANDS_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Demo:
    """The callers of the demo, and its configuration as it was applied."""

    stack: LocalStack
    configuration: Path
    careers_site: Principal
    nightly_export: Principal
    stranger: Principal
    dashboard: OAuthClient


def set_up(stack: LocalStack, folder: Path) -> Demo:
    """Set up as an operator does, with `tokenvend`. The configuration is written to *folder*.

    Raises:
        CommandFailedError: a `tokenvend` command failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / "tokenvend.yaml"
    configuration.write_text(
        written_for(folder, provider_url=stack.provider.url, pages_url=stack.deployed.pages_url)
    )
    careers_site, nightly_export, stranger = _principals(stack)
    stack.tokenvend("apply", "--yes", "--first", "--file", str(configuration))
    with ThreadPoolExecutor(_COMMANDS_AT_ONCE) as pool:
        issued = pool.submit(stack.tokenvend, "caller", "new-secret", _CALLER, "--json")
        for done in [
            pool.submit(stack.tokenvend, "secret", "put", name, stdin=_secret_of(client))
            for name, client in _clients(stack).items()
        ]:
            done.result()
        document = json.loads(issued.result())
    dashboard = OAuthClient(document["client_id"], document["client_secret"])
    return Demo(stack, configuration, careers_site, nightly_export, stranger, dashboard)


def written_for(folder: Path, *, provider_url: str, pages_url: str) -> str:
    """Return demo/tokenvend.yaml with the addresses of a stack, for a file in *folder*."""
    text = places.DEMO_CONFIGURATION.read_text()
    here = os.path.relpath(places.ROOT / "docs", folder)
    return (
        text.replace(_PLACEHOLDER, provider_url)
        .replace(_PAGES_PLACEHOLDER, pages_url)
        .replace(_SCHEMA, f"{_SCHEMA_KEY}{here}/", 1)
    )


def _principals(stack: LocalStack) -> tuple[Principal, Principal, Principal]:
    """Create two roles that the configuration names, and one that it does not."""
    made = stack.principals
    sign, invoke = made.may_sign(), made.may_invoke(None)
    return (
        made.role("careers-site", path="/service/", statements=[sign]),
        made.role("nightly-export", statements=[made.may_invoke("nightly-export")]),
        made.role("stranger", statements=[sign, invoke]),
    )


def _clients(stack: LocalStack) -> Mapping[str, Client]:
    """Create the provider's clients; return them by the names of their secrets in tokenvend."""
    provider = stack.provider
    return {
        "jobs-key": provider.add_client("key", company="Initech", api_key=secrets.token_hex(16)),
        "jobs": provider.add_client("jobs", scopes=["jobs_read", "users_read"], company="Initech"),
        "hiring": provider.add_client(
            "hiring",
            scopes=["jobs_read", "user_me_read"],
            company="Initech",
            redirect_uris=[f"{stack.deployed.pages_url}/callback/hiring"],
        ),
        "partner/acme": provider.add_client("acme", scopes=["jobs_read"], company="Acme"),
        "partner/globex": provider.add_client("globex", scopes=["jobs_read"], company="Globex"),
        "reports": provider.add_client(
            "reports", flavour=Flavour.STANDARD, scopes=["reports:read", "reports:write"]
        ),
    }


def _secret_of(client: Client) -> str:
    if client.api_key is not None:
        return json.dumps({"api_key": client.api_key})
    return json.dumps({"client_id": client.client_id, "client_secret": client.client_secret})
