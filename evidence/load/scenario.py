"""The callers, credentials and grants, and the flows over every entry."""

from collections.abc import Mapping, Sequence
from typing import Any

import requests
from tests.local_stack.harness import Harness

from load.flows import BUSY, TAKEN, TOKEN, Flow, Way
from load.sending import Sender
from tokenvend_local.callers import Answer, OAuthClient
from tokenvend_local.demo_provider.clients import Client, Flavour
from tokenvend_local.stack import LocalStack

#: Short, so that many lifetimes pass in a run; each key has another, so they do not march in step.
LIFETIMES = {"jobs": 20, "reports": 24, "partner": 28, "moody": 22, "shared": 30, "turned": 26}
TENANTS = ("acme", "globex")
SCOPES = ("reports:read", "reports:write")
MIN_TTL_SECONDS = 5
HASTY_A_MINUTE = 6

_MAY_FAIL = frozenset({TOKEN, BUSY})


class LoadScenario:
    """What stands while the load runs. Names are new, so several scenes fit one stack."""

    def __init__(self, stack: LocalStack, harness: Harness) -> None:
        self.stack, self.harness = stack, harness
        self.names = {stem: harness.name(stem) for stem in LIFETIMES}
        self.caller, self.guest, self.hasty = (
            harness.name(stem) for stem in ("fleet", "guest", "hasty")
        )
        self.clients = self._credentials()
        self._send = self._set_up_callers()
        self.flows = (*self._granted(), *self._odd(), *self._refused(), *self._bare())

    def _credentials(self) -> Mapping[str, Client]:
        """The provider's clients, by what they are for."""
        found: dict[str, Client] = {}
        for stem in ("jobs", "moody", "shared", "turned"):
            lifetime = LIFETIMES[stem]
            found[stem] = self.harness.credential(self.names[stem], lifetime_seconds=lifetime)
        found["reports"] = self.harness.credential(
            self.names["reports"],
            flavour=Flavour.STANDARD,
            scopes=SCOPES,
            lifetime_seconds=LIFETIMES["reports"],
        )
        family = self.harness.family(
            self.names["partner"], TENANTS, lifetime_seconds=LIFETIMES["partner"]
        )
        return found | {f"partner/{tenant}": each for tenant, each in family.items()}

    def _set_up_callers(self) -> Sender:
        """Who asks for what; the sender is the fleet's, which was granted nearly everything."""
        harness = self.harness
        role = harness.role(self.caller, may_invoke=self.caller)
        self._guest_role, self._hasty_role = harness.role(self.guest), harness.role(self.hasty)
        harness.caller(self.caller, iam=role, client_id=f"{self.caller}-web", direct=role)
        harness.caller(self.guest, iam=self._guest_role)
        harness.caller(self.hasty, iam=self._hasty_role, requests_per_minute=HASTY_A_MINUTE)
        for stem in ("jobs", "moody", "turned"):
            harness.grant(self.caller, self.names[stem])
        harness.grant(self.caller, self.names["reports"], scopes=list(SCOPES))
        harness.grant(self.caller, self.names["partner"], tenants=list(TENANTS))
        harness.grant(self.hasty, self.names["jobs"])
        self.give_guest_its_grant()
        return Sender(
            stack=self.stack,
            names=self.names,
            caller=self.caller,
            role=role,
            oauth=harness.new_client(self.caller),
        )

    def give_guest_its_grant(self) -> None:
        """Put the guest's grant in the file, and apply it."""
        self.harness.grant(self.guest, self.names["shared"])
        self.harness.apply()

    def take_guests_grant(self) -> None:
        """Take the guest's grant out of the file, and apply it."""
        self.harness.revoke_grants(self.guest)
        self.harness.apply()

    def change_secret(self) -> None:
        """The provider changes a client's secret, and some time later somebody puts it."""
        changed = self.stack.provider.change_secret(self.clients["turned"])
        self.harness.put_secret(self.names["turned"], changed)

    def _granted(self) -> Sequence[Flow]:
        """Over every entry, what the caller was granted."""
        flows: list[Flow] = []
        for stem in ("jobs", "moody", "turned"):
            outcomes = frozenset({TOKEN}) if stem == "jobs" else _MAY_FAIL
            if stem == "turned":
                outcomes |= {"provider_refused"}
            flows += self._over_all(
                stem, {}, stem, ["jobs_read"], outcomes=outcomes, turned=stem == "turned"
            )
        for scope in SCOPES:
            flows += self._over_all("reports", {"scope": scope}, "reports", [scope])
        for tenant in TENANTS:
            flows += self._over_all(
                "partner", {"tenant": tenant}, f"partner/{tenant}", ["jobs_read"]
            )
        return flows

    def _over_all(
        self,
        stem: str,
        form: Mapping[str, str],
        whose: str,
        scopes: Sequence[str],
        **more: Any,
    ) -> Sequence[Flow]:
        """One request over iam, oauth2 and direct invocation."""
        sends = {
            Way.IAM: self._send.signed(stem, form),
            Way.OAUTH2: self._send.as_client(stem, form),
            Way.DIRECT: self._send.directly({"credential": self.names[stem], **form}),
        }
        clients = frozenset({self.clients[whose].client_id})
        return [
            Flow(
                name=" ".join([stem, *form.values()]),
                way=way,
                send=send,
                clients=clients,
                scopes=frozenset(scopes),
                **more,
            )
            for way, send in sends.items()
        ]

    def _odd(self) -> Sequence[Flow]:
        """Batches, tokens that must live on, reports, a guest, and one in a hurry."""
        jobs = frozenset({self.clients["jobs"].client_id})
        read = frozenset({"jobs_read"})
        batch = {
            "requests": [
                {"credential": self.names["jobs"]},
                {"credential": self.names["partner"], "tenant": TENANTS[0]},
                {"credential": "nothing-of-the-kind"},
            ]
        }
        both = jobs | {self.clients[f"partner/{TENANTS[0]}"].client_id}
        wished = {"min_ttl_seconds": str(MIN_TTL_SECONDS)}
        guests = frozenset({self.clients["shared"].client_id})
        return (
            Flow(
                name="a batch of three",
                way=Way.BATCH,
                send=self._send.directly(batch),
                outcomes=frozenset({TOKEN, "unauthorized_client"}),
                clients=both,
                scopes=read,
                weight=3,
            ),
            *self._over_all("jobs", wished, "jobs", ["jobs_read"], min_ttl_seconds=MIN_TTL_SECONDS),
            Flow(
                name="the token is reported",
                way=Way.IAM,
                send=self._send.reports_token("reports", SCOPES[0]),
                outcomes=frozenset({TOKEN, TAKEN, BUSY}),
                clients=frozenset({self.clients["reports"].client_id}),
                scopes=frozenset({SCOPES[0]}),
            ),
            Flow(
                name="the guest",
                way=Way.IAM,
                send=self._send.signed("shared", {}, self._guest_role),
                outcomes=frozenset({TOKEN, "unauthorized_client"}),
                clients=guests,
                scopes=read,
                guest=True,
                weight=4,
            ),
            Flow(
                name="one in a hurry",
                way=Way.IAM,
                send=self._send.signed("jobs", {}, self._hasty_role),
                outcomes=_MAY_FAIL,
                clients=jobs,
                scopes=read,
            ),
        )

    def _refused(self) -> Sequence[Flow]:
        """What must be refused, whatever else goes on."""
        wrong = OAuthClient(self._send.oauth.client_id, "tv_wrong")
        partner = self.names["partner"]
        cases = (
            ("no such credential", Way.IAM, self._send.signed(None, {}), "unauthorized_client"),
            (
                "a scope beyond",
                Way.IAM,
                self._send.signed("reports", {"scope": "x"}),
                "invalid_scope",
            ),
            (
                "a tenant beyond",
                Way.DIRECT,
                self._send.directly({"credential": partner, "tenant": "umbrella"}),
                "invalid_target",
            ),
            (
                "a wrong secret",
                Way.OAUTH2,
                self._send.as_client("jobs", {}, wrong),
                "invalid_client",
            ),
            (
                "malformed",
                Way.OAUTH2,
                self._send.as_client("jobs", {"min_ttl_seconds": "soon"}),
                "invalid_request",
            ),
        )
        return [
            Flow(name=name, way=way, send=send, outcomes=frozenset({code}))
            for name, way, send, code in cases
        ]

    def _bare(self) -> Sequence[Flow]:
        """A function that answers from its path alone, and one that refuses at sight."""
        metadata = f"{self.stack.api_url}/oauth2/jobs/.well-known/openid-configuration"

        def get() -> Sequence[Answer]:
            answer = requests.get(metadata, timeout=30)
            return [Answer(answer.status_code, {}, answer.headers, 0.0)]

        refused = frozenset({"invalid_request"})
        return (
            Flow(
                name="metadata", way=Way.BARE_HTTP, send=get, outcomes=frozenset({TAKEN}), weight=3
            ),
            Flow(
                name="an empty batch",
                way=Way.BARE_DIRECT,
                send=self._send.directly({"requests": []}),
                outcomes=refused,
                weight=2,
            ),
        )
