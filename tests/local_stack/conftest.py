"""The deployed template, for every test in this folder.

Fixtures
    stack           a `tokenvend_local.stack.LocalStack`: the unchanged template in a local AWS
                    with IAM enforced, and the demo provider. One for the whole session.
                      stack.deployed               outputs, `api_url`; give it to the askers below
                      stack.provider               a `ProviderControl`: add_client, misbehave,
                                                   behave, exchanges(client_id), secret_values
                      stack.principals             makes roles, users, sessions
                      stack.client("dynamodb")     boto3, as root; `**role.as_client_arguments()`
                                                   for a client as a role
                      stack.tokenvend("plan", …)   the command, against this stack
                      stack.logs()                 all that functions, AWS, provider, sam logged
                      stack.function_logs()        the functions' lines alone
    harness         a `Harness`: add credentials, callers, grants under names of your own
                    (`harness.name("jobs")`), then `harness.apply()`.
    node_provider   the npm `oidc-provider`, a provider that nobody here wrote.

Asking (from `tokenvend_local.callers`)
    ask_signed(stack.deployed, principal, credential, scope="…")       POST /iam/…
    ask_as_client(stack.deployed, oauth_client, credential, basic=True) POST /oauth2/…
    ask_directly(stack.deployed, principal, alias, event)              lambda:Invoke
    each gives an `Answer`: status, document, headers, seconds, token, error

The stack runs with MemorySeconds=2, so that a test of what lives on in memory need not wait
for long. Under `pytest -n` all tests of this stack run in one process. The modules that do without
it run in another: most start a local AWS of their own, or share what `make deploy` builds.

`keep_out_of_logs` is a set for what no log may hold and nobody here knows of, such as a token that
`node_provider` issued; the last test searches for it all, in every log and in what the tests
themselves have said.
"""

import fcntl
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from tests.local_stack.harness import Harness
from tests.local_stack.node_provider import NodeProvider, node_provider_running

from tokenvend_local.saved_state import FOLDER
from tokenvend_local.stack import LocalStack, local_stack

MEMORY_SECONDS = 2
#: The worker of the tests that start what they need themselves.
OWN_STACKS = "own_stacks"
_HERE = Path(__file__).parent
_said: list[str] = []


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of the stack in one worker, with the search of the logs last.

    First, because xdist's own hook writes the group into each test's id.
    """
    ours = [item for item in items if _HERE in item.path.parents]
    with_stack = {item.path for item in ours if "stack" in _fixtures(item)}
    for item in ours:
        group = "local_stack" if item.path in with_stack else OWN_STACKS
        item.add_marker(pytest.mark.xdist_group(group))
    last = [item for item in ours if item.path.name == "test_nothing_leaks.py"]
    items[:] = [item for item in items if item not in last] + last


def _fixtures(item: pytest.Item) -> Sequence[str]:
    """The names of all fixtures that *item* uses, itself or by way of others."""
    return item.fixturenames if isinstance(item, pytest.Function) else ()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep what each test printed, logged and failed with, for the search at the end."""
    _said.extend([report.capstdout, report.capstderr, report.caplog, report.longreprtext])


@pytest.fixture(scope="session")
def said() -> list[str]:
    """What the tests themselves have printed, logged and failed with so far."""
    return _said


@pytest.fixture(scope="session")
def stack() -> Iterator[LocalStack]:
    folder = FOLDER / "tests"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pytest.fail("another process has this checkout's test stack: are groups in effect?")
        yield from _started(folder)


def _started(folder: Path) -> Iterator[LocalStack]:
    with local_stack(folder, parameters={"MemorySeconds": str(MEMORY_SECONDS)}) as running:
        yield running


@pytest.fixture(scope="session")
def keep_out_of_logs() -> set[str]:
    return set()


@pytest.fixture(scope="session")
def harness(
    stack: LocalStack, tmp_path_factory: pytest.TempPathFactory, keep_out_of_logs: set[str]
) -> Harness:
    return Harness(stack, tmp_path_factory.mktemp("harness"), keep_out_of_logs)


@pytest.fixture(scope="session")
def node_provider(stack: LocalStack) -> Iterator[NodeProvider]:
    jwks_uri = f"{stack.api_url}/.well-known/jwks.json"
    with node_provider_running(stack.folder / "node-provider.log", jwks_uri=jwks_uri) as running:
        yield running
