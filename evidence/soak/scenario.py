"""Who asks for what during a soak, and what is done behind the callers' backs."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from tests.local_stack.consenting_shop import Shop, consent, new_shop
from tests.local_stack.harness import Harness

from tokenvend_local.browsing import Browser
from tokenvend_local.callers import Answer, OAuthClient, ask_as_client, ask_directly, ask_signed
from tokenvend_local.principals import Principal
from tokenvend_local.stack import LocalStack

#: The credentials that are asked for all along, and how long their tokens live.
LIFETIMES: dict[str, int] = {"jobs": 300, "reports": 600}
#: The provider takes so long for each exchange: who waits for one is seen.
PROVIDER_SECONDS = 1.5
#: The idle connection's refresh token lives so long, so it is due after half of that.
REFRESH_TOKEN_SECONDS = 200


@dataclass(frozen=True, slots=True)
class SoakRequest:
    """One request: when (seconds since the soak began), over which entry, and what came back."""

    at: float
    entry: str
    credential: str
    answer: Answer

    @property
    def waited(self) -> bool:
        """Whether this request waited for an exchange, its own or another's."""
        return self.answer.document.get("source") == "provider"


class SoakScenario:
    """Three callers, two credentials, a connection that nobody uses, and a secret that changes."""

    def __init__(self, stack: LocalStack, harness: Harness) -> None:
        self.stack, self._harness = stack, harness
        self.clients = {
            name: harness.credential(name, lifetime_seconds=seconds)
            for name, seconds in (LIFETIMES | {"turned": 600}).items()
        }
        self._role, self._oauth = self._set_up_callers()
        for client in self.clients.values():
            stack.provider.misbehave(client_id=client.client_id, delay_seconds=PROVIDER_SECONDS)
        self._shop = new_shop(stack, harness)

    def _set_up_callers(self) -> tuple[Principal, OAuthClient]:
        role = self._harness.role("fleet", may_invoke="fleet")
        self._harness.caller("fleet", iam=role, client_id="fleet-web", direct=role)
        for name in self.clients:
            self._harness.grant("fleet", name)
        self._harness.apply()
        return role, self._harness.new_client("fleet")

    def ask(self, began: float) -> Iterator[SoakRequest]:
        """One request for each credential over each entry; times count from *began*."""
        deployed = self.stack.deployed
        for name in LIFETIMES:
            at = time.monotonic() - began
            yield SoakRequest(at, "iam", name, ask_signed(deployed, self._role, name))
            yield SoakRequest(at, "oauth2", name, ask_as_client(deployed, self._oauth, name))
            direct = ask_directly(deployed, self._role, "fleet", {"credential": name})
            yield SoakRequest(at, "direct", name, direct)

    def change_a_secret_elsewhere(self) -> None:
        """Write a new version of a secret past the `tokenvend` command."""
        ask_signed(self.stack.deployed, self._role, "turned")
        secrets = self.stack.client("secretsmanager")
        name = f"{self.stack.deployed.outputs['SecretPrefix']}turned"
        value = secrets.get_secret_value(SecretId=name)["SecretString"]
        secrets.put_secret_value(SecretId=name, SecretString=value)

    def connect_and_leave_idle(self) -> None:
        """A user consents, and one token is taken; nobody asks for another."""
        shop: Shop = self._shop
        completed = shop.complete(consent(Browser(), shop.start()))
        if completed.status != 200:
            raise AssertionError(completed.document)
        self.stack.provider.misbehave(
            client_id=self._idle_client(),
            fields={"refresh_token_expires_in": REFRESH_TOKEN_SECONDS},
        )
        request = {"credential": shop.credential, "connection": "ada"}
        ask_directly(self.stack.deployed, shop.role, shop.alias, request)

    def _idle_client(self) -> str:
        return next(
            each.client_id
            for each in self.stack.provider.exchanges()
            if each.client_id.startswith(self._shop.credential)
        )

    def idle_refreshes(self) -> int:
        """How often the idle connection's refresh token was redeemed without a request.

        The code was exchanged first, and one refresh was the request's.
        """
        return len(self.stack.provider.exchanges(self._idle_client())) - 2
