"""`tokenvend probe` on a provider that nobody here wrote."""

import json

import yaml
from tests.local_stack.node_provider import SCOPES, NodeProvider
from tests.local_stack.world import World

from tokenvend_local.stack import LocalStack


def test_probe_tells_what_the_provider_does_and_shows_no_token(
    stack: LocalStack, world: World, node_provider: NodeProvider
) -> None:
    name, client = world.name("probed"), node_provider.basic
    world.foreign_credential(
        name,
        {"issuer": node_provider.issuer, "client_authentication": client.method},
        client_id=client.client_id,
        client_secret=client.client_secret,
        scopes=SCOPES,
    )
    world.apply()
    asked = len(node_provider.exchanges(client.client_id))

    printed = stack.tokenvend(
        *("probe", name, "--json"),
        *("--introspection-endpoint", f"{node_provider.issuer}/token/introspection"),
    )

    document = json.loads(printed)
    found = {each["question"]: each["answer"] for each in document["found"]}
    assert found["a token lives for"] == "600 s"
    assert found["a second request gives"] == "another token"
    assert found["the former token, when there is a new one"] == "stays valid"
    assert found["asked for one scope, a token carries"] == "that one"
    assert yaml.safe_load(document["suggestion"])["providers"][name]["scope_mode"] == "narrows"
    assert document["requests"] == 6
    assert len(node_provider.exchanges(client.client_id)) - asked == 4
    assert client.client_secret not in printed
