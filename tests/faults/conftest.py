"""A stack of its own, with a proxy between its functions and each service of the local AWS.

The workers inherit `AWS_ENDPOINT_URL_<SERVICE>` from the local AWS's process; the template
knows nothing of it. `scenario` gives each test its own credential and caller; `table` takes what
was seen, and the last test holds docs/faults.md to it.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.faults.scenario import SERVICES, Scenario
from tests.faults.table import Table
from tests.local_stack.conftest import OWN_STACKS
from tests.local_stack.harness import Harness

from tokenvend_local.fault_proxy import FaultProxy
from tokenvend_local.saved_state import FOLDER
from tokenvend_local.stack import LocalStack, local_stack

MEMORY_SECONDS = 2
_HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep this folder's tests in one worker, and the table's test last.

    First, because xdist's own hook writes the group into each test's id.
    """
    ours = [item for item in items if _HERE in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.xdist_group(OWN_STACKS))
    last = [item for item in ours if item.path.name == "test_table.py"]
    items[:] = [item for item in items if item not in last] + last


#: A scheduled run that meets a fault of the tables fails, and Lambda runs it again. Callers see
#: nothing of it.
A_RUN_DURING_A_FAULT = r"^Traceback(.*\n)+.*StoreAwayError: dynamodb:\w+ failed with \w+"


@pytest.fixture(scope="session")
def proxies() -> Iterator[dict[str, FaultProxy]]:
    with ExitStack() as running:
        yield {name: running.enter_context(FaultProxy()) for name in SERVICES}


@pytest.fixture(scope="session")
def faulty_stack(proxies: dict[str, FaultProxy]) -> Iterator[LocalStack]:
    variables = {f"AWS_ENDPOINT_URL_{SERVICES[name]}": p.url for name, p in proxies.items()}
    parameters = {"MemorySeconds": str(MEMORY_SECONDS)}
    with local_stack(FOLDER / "faults", parameters=parameters, variables=variables) as running:
        running.expected_errors.add(A_RUN_DURING_A_FAULT)
        for proxy in proxies.values():
            proxy.upstream = running.endpoint
        yield running


@pytest.fixture(scope="session")
def faulty_harness(faulty_stack: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> Harness:
    return Harness(faulty_stack, tmp_path_factory.mktemp("faults"), set())


@pytest.fixture(scope="session")
def table() -> Table:
    return Table()


@pytest.fixture
def scenario(
    faulty_stack: LocalStack,
    faulty_harness: Harness,
    proxies: dict[str, FaultProxy],
    table: Table,
) -> Iterator[Scenario]:
    yield Scenario(faulty_stack, faulty_harness, proxies, table)
    for proxy in proxies.values():
        proxy.behave()
