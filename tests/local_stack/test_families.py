"""A partner: a master credential, and one tenant for each of hundreds of customers."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import batched

import pytest
import requests
from tests.local_stack.world import World

from tokenvend_cli.deployment.secret_status import parse_secret_name
from tokenvend_cli.deployment.secrets import Secrets
from tokenvend_cli.deployment.stack import Deployment
from tokenvend_cli.place import Place
from tokenvend_local import places
from tokenvend_local.asking import Answer, ask_directly, ask_signed, items
from tokenvend_local.demo_provider.clients import Client
from tokenvend_local.principals import Principal
from tokenvend_local.stack import LocalStack

_CUSTOMERS = 300
_BATCH = 25


@dataclass(frozen=True, slots=True)
class Partner:
    """The integration that acts for every customer, and a caller that acts for one of them."""

    master: str
    family: str
    customers: Mapping[str, Client]
    integration: str
    everything: Principal
    one_customer: Principal


@pytest.fixture(scope="module")
def partner(stack: LocalStack, world: World) -> Partner:
    master, family = world.name("master"), world.name("customers")
    integration, portal = world.name("integration"), world.name("portal")
    world.credential(master, scopes=["jobs_read", "configuration_read"])
    world.family(family, [])
    everything = world.role(integration, may_invoke=integration)
    one_customer = world.role(portal)
    world.caller(integration, iam=everything, direct=everything)
    world.caller(portal, iam=one_customer)
    world.grant(integration, master)
    world.grant(integration, family, tenants="all")
    world.grant(portal, family, tenants=["customer-7"])
    world.apply()
    customers = _onboard(stack, family)
    return Partner(master, family, customers, integration, everything, one_customer)


def _onboard(stack: LocalStack, family: str) -> dict[str, Client]:
    """What `tokenvend secret put` does, for all of them in one process."""
    names = [f"customer-{number}" for number in range(_CUSTOMERS)]
    customers = {
        name: stack.provider.add_client(name, scopes=["jobs_read"], company=name) for name in names
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in stack.environment().items():
            patch.setenv(name, value)
        secrets = Secrets(Deployment(Place(stack=places.STACK_NAME)))

        def put(name: str) -> None:
            client = customers[name]
            value = {"client_id": client.client_id, "client_secret": client.client_secret}
            target = parse_secret_name(f"{family}/{name}")
            secrets.put(secrets.look(target, secrets.definition_of(target)), value)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(put, names))
    return customers


def _company(stack: LocalStack, token: str) -> str:
    answer = requests.get(
        f"{stack.provider.url}/jobs", headers={"Authorization": f"Bearer {token}"}, timeout=30
    )
    return str(answer.json()["company"])


def test_each_of_hundreds_of_customers_has_its_own_token(
    stack: LocalStack, partner: Partner
) -> None:
    tokens: dict[str, str] = {}
    for names in batched(partner.customers, _BATCH):
        asked = [{"credential": partner.family, "tenant": name} for name in names]
        answers = items(
            ask_directly(
                stack.deployed, partner.everything, partner.integration, {"requests": asked}
            )
        )
        tokens |= {
            name: answer["access_token"] for name, answer in zip(names, answers, strict=True)
        }

    assert len(set(tokens.values())) == _CUSTOMERS
    for name in ("customer-0", "customer-7", f"customer-{_CUSTOMERS - 1}"):
        assert _company(stack, tokens[name]) == name
        client = partner.customers[name]
        assert len(stack.provider.exchanges(client.client_id)) == 1


def test_customer_is_onboarded_without_a_commit(
    stack: LocalStack, world: World, partner: Partner
) -> None:
    client = stack.provider.add_client("newcomer", scopes=["jobs_read"], company="newcomer")
    file = world.file.read_text()

    def ask() -> Answer:
        return ask_signed(stack.deployed, partner.everything, partner.family, tenant="newcomer")

    before = ask()
    secret = {"client_id": client.client_id, "client_secret": client.client_secret}
    stack.tokenvend("secret", "put", f"{partner.family}/newcomer", stdin=json.dumps(secret))
    after = ask()

    assert before.error == "credential_not_ready"
    assert _company(stack, after.token) == "newcomer"
    assert world.file.read_text() == file


def test_one_customer_cannot_act_as_another(stack: LocalStack, partner: Partner) -> None:
    own = ask_signed(stack.deployed, partner.one_customer, partner.family, tenant="customer-7")
    refused = [
        ask_signed(stack.deployed, partner.one_customer, partner.family, **asked)
        for asked in ({"tenant": "customer-8"}, {"tenant": "nobody"}, {})
    ]

    assert _company(stack, own.token) == "customer-7"
    assert [answer.error for answer in refused] == ["invalid_target"] * 3
    # Nor can it tell a customer that is there from one that is not.
    assert refused[0].document == refused[1].document


def test_customers_are_not_reached_with_the_masters_credential_nor_the_other_way(
    stack: LocalStack, partner: Partner
) -> None:
    asked = [
        {"credential": partner.master, "tenant": "customer-7"},
        {"credential": f"{partner.family}/customer-7"},
        {"credential": partner.family, "tenant": "../" + partner.master},
    ]

    answers = items(
        ask_directly(stack.deployed, partner.everything, partner.integration, {"requests": asked})
    )

    assert [answer["error"] for answer in answers] == [
        *("invalid_target", "invalid_request", "invalid_request")
    ]


def test_secrets_of_all_customers_are_listed_without_a_value(
    stack: LocalStack, partner: Partner
) -> None:
    rows = json.loads(stack.tokenvend("secret", "status", f"{partner.family}/customer-7", "--json"))

    assert [row["ready"] for row in rows] == [True]
    assert partner.customers["customer-7"].client_secret not in json.dumps(rows)
