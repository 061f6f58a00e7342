"""The one read that decides, on a full store against a nearly empty one; and memory's bound."""

import base64
import gc
import json
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.adapters.aws import Aws, Tables
from tests.adapters.registry_samples import CALLER, DEFINITION, GRANT
from tests.adapters.samples import KEY, SPEC, TOKEN, new_lease
from tests.adapters.stores import dynamodb_reader, dynamodb_store
from tests.unit.vending.harness import BILLING, REQUEST, Harness

from benchmarks.measure import Row, side_by_side
from tokenvend.adapters.dynamodb.definition_items import build_definition
from tokenvend.adapters.dynamodb.registry_items import build_caller, build_grant
from tokenvend.domain import bounds
from tokenvend.domain.registry import Caller
from tokenvend.ports import Lookup
from tokenvend_local import local_aws
from tokenvend_local.saved_state import FOLDER

REGISTRY_ITEMS, TOKEN_ITEMS, FEW = 1_000_000, 100_000, 10
_IDENTITY = "iam:111122223333:role/service-{n}"
_READS = 20
_SERVER = Path(__file__).with_name("full_store.py")


def rows() -> Iterator[Row]:
    """A lookup among many against one among few; many different requests against the bound."""
    with _store() as aws:
        many, few = (_lookup(aws, size) for size in ("many", "few"))
        _check_full(aws)
        times = side_by_side(many, few, calls=_READS)
    name = f"lookup among {REGISTRY_ITEMS:_} registry items and {TOKEN_ITEMS:_} tokens"
    yield Row(name.replace("_", " "), *times, f"the same among {FEW}", 1.1, "µs")
    most, requested = 100 * bounds.MEMORY_ENTRIES, bounds.MEMORY_ENTRIES
    yield Row(
        f"memory after {most:_} different requests".replace("_", " "),
        _kilobytes_after(most),
        _kilobytes_after(requested),
        f"after {requested:_}".replace("_", " "),
        1.1,
        "kB",
    )


@contextmanager
def _store() -> Iterator[Aws]:
    """A local AWS whose tables named `…-many` are full, and `…-few` nearly empty."""
    grant = build_grant(_IDENTITY, replace(GRANT, tenants=frozenset())).to_item()
    fill: dict[str, Any] = {}
    for size, registry, tokens in (("many", REGISTRY_ITEMS, TOKEN_ITEMS), ("few", FEW, FEW)):
        fill[f"registry-{size}"] = {"count": registry, "item": grant}
        fill[f"tokens-{size}"] = {"count": tokens, "item": _sealed_like()}
    variables = {"TOKENVEND_FILL": json.dumps(fill), "AUTH": "false"}
    with local_aws.running(FOLDER / "scale", server=_SERVER, variables=variables) as endpoint:
        yield Aws(endpoint)


def _check_full(aws: Aws) -> None:
    for table, wanted in (("registry-many", REGISTRY_ITEMS), ("tokens-many", TOKEN_ITEMS)):
        found = aws.dynamodb.describe_table(TableName=table)["Table"]["ItemCount"]
        if found < wanted:
            raise RuntimeError(f"{table} holds {found} items, not {wanted}")


def _sealed_like() -> dict[str, Any]:
    """A token's item of the usual size. Nobody opens it: it is there to be passed over."""
    sealed = base64.b64encode(bytes(1_100)).decode()
    wrapped = base64.b64encode(bytes(184)).decode()
    return {
        "pk": {"S": "token#{n:064x}"},
        "token": {"B": sealed},
        "wrapped_key": {"B": wrapped},
        "token_ttl": {"N": "1900000000"},
        "ttl": {"N": "1900000000"},
    }


def _lookup(aws: Aws, size: str) -> Callable[[], None]:
    """Reads one grant and its token, as a warm environment does."""
    tables = Tables(
        aws.dynamodb, f"registry-{size}", f"tokens-{size}", f"connections-{size}"
    ).create()
    identity = _IDENTITY.format(n=REGISTRY_ITEMS)
    for item in (
        build_caller(identity, CALLER),
        build_grant(identity, GRANT),
        build_definition(DEFINITION),
    ):
        tables.put_registry_item(item.to_item())
    store, lease = dynamodb_store(aws, tables), new_lease()
    store.acquire_lease(KEY, lease, instead_of=None)
    store.put_token(KEY, TOKEN, spec=SPEC, lease=lease)
    reader = dynamodb_reader(aws, tables, client=aws.client("dynamodb"))
    lookup = Lookup(identity=identity, credential=DEFINITION.name, token_key=KEY)

    def read() -> None:
        findings = reader.read(lookup)
        if findings.view.grant is None or findings.item.token is None:
            raise RuntimeError("the lookup did not find what was put")

    return read


def _kilobytes_after(requests: int) -> float:
    """What an environment holds on to after so many requests, each by another caller."""
    harness = Harness()
    proofs = [replace(BILLING, identity=_IDENTITY.format(n=n)) for n in range(requests)]
    grant = harness.reader.grants[BILLING.identity, REQUEST.credential]
    for proof in proofs:
        harness.reader.callers[proof.identity] = Caller(name="billing")
        harness.reader.grants[proof.identity, REQUEST.credential] = grant
    environment = harness.environment()
    gc.collect()
    tracemalloc.start()
    for proof in proofs:
        environment.vend(proof, REQUEST, time_left=timedelta(seconds=20))
    # The fake's own diary is not the environment's.
    harness.reader.lookups.clear()
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held / 1024
