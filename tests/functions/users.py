"""Shop, whose grant goes by its signed-in users' tokens, behind each entry; and its users."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.issuer import TRUSTED, FakeIssuer, InMemoryTrustedIssuers, users_of, workloads_of
from tests.fakes.provider import json_response
from tests.functions.entries import ask
from tests.unit.consent.harness import RETURN_URL, SHOP, Harness
from tests.unit.vending.harness import Harness as VendingHarness

from tokenvend.adapters.clock import SystemClock
from tokenvend.domain.registry import SUBJECT_CONNECTIONS
from tokenvend.domain.secret import Secret

ENTRIES = ["iam", "oauth2", "direct"]
STAFF, CUSTOMERS, FOREIGN = (
    f"https://{name}.example" for name in ("staff", "customers", "foreign")
)
APP = "shop-app"
JWT = "urn:ietf:params:oauth:token-type:jwt"


class UserWorld:
    """Shop may bring users of `STAFF` and of `CUSTOMERS`; `FOREIGN` is another application's."""

    def __init__(self) -> None:
        self.consent = Harness()
        self.clock = self.consent.clock
        self.clock.set_wall(SystemClock().now())
        reader = self.consent.reader
        self.grant = replace(
            reader.grants[SHOP.identity, "hiring"],
            connections=SUBJECT_CONNECTIONS,
            users={STAFF: APP, CUSTOMERS: APP},
        )
        for identity in (SHOP.identity, "client:shop", "alias:shop"):
            reader.callers[identity] = reader.callers[SHOP.identity]
            reader.grants[identity, "hiring"] = self.grant
        reader.client_secret_hashes["client:shop"] = (Secret("tv_example").sha256,)
        self.issuers = InMemoryTrustedIssuers()
        self.issuers.trust(TRUSTED)
        for url in (STAFF, CUSTOMERS, FOREIGN):
            self.issuers.trust(
                replace(TRUSTED, name=url[8:].split(".")[0], issuer=url, of_users=True, rules=())
            )
        self.parts = self.new_environment()

    def new_environment(self) -> SimpleNamespace:
        """A cold environment, on the same tables and provider."""
        consent, vending = self.consent, VendingHarness()
        vending.clock, vending.provider = consent.clock, consent.provider
        vending.secrets, vending.connections = consent.secrets, consent.connections
        vending.reader = consent.reader
        vending.tokens, vending.states = consent.reader.tokens, consent.reader.states
        parts = vending.parts()
        return SimpleNamespace(
            vendor=parts.vendor,
            rejection_recorder=parts.rejection_recorder,
            connections=consent.caller_side,
            workloads=workloads_of(self.issuers, self.clock),
            users=users_of(self.issuers, self.clock),
        )

    def token(self, sub: str = "ada", *, iss: str = STAFF, aud: Any = APP, **claims: Any) -> str:
        """A user's token, as its identity provider gave it to the application."""
        issuer = FakeIssuer(self.clock.now(), url=iss)
        return issuer.token(sub=sub, aud=aud, **claims).reveal()

    def consented(self, connect_url: str, account: str = "ada") -> str:
        """What the user does in a browser; the one-time code."""
        redirect = self.consent.pages.proceed(Secret(connect_url.rpartition("/")[2]))
        self.consent.consent()
        self.consent.provider.account = {"id": account}
        returned = self.consent.come_back(redirect)
        return parse_qs(urlsplit(returned.url).query)["code"][0]

    def connect(self, entry: str, sub: str = "ada", **claims: Any) -> dict[str, Any]:
        """All that leads to a connection of the user *sub*."""
        started = start(entry, self.token(sub, **claims))[1]
        code = self.consented(started["connect_url"], account=sub)
        return ask_for(entry, "complete", self.token(sub, **claims), code=code)[1]

    def refreshed(self, access_token: str) -> None:
        """What the provider's next refresh gives."""
        self.consent.provider.script(
            json_response(
                {
                    "access_token": access_token,
                    "token_type": "Bearer",
                    "expires_in": 1800,
                    "refresh_token": f"after-{access_token}",
                }
            )
        )


def start(entry: str, token: str, **parameters: str) -> tuple[int, dict[str, Any]]:
    return ask_for(entry, "start", token, return_url=RETURN_URL, **parameters)


def ask_for(
    entry: str, action: str, token: str | None, **parameters: str
) -> tuple[int, dict[str, Any]]:
    """One step of a consent, or with `token` as the *action* a token, for a user or nobody."""
    carried = {"subject_token": token, "subject_token_type": JWT} if token else {}
    return ask(entry, action, **carried, **parameters)
