"""Who runs what here, and the stack of `make up`, for tests that need one with the demo in it.

Three workers share the modules; the soak comes first, because it waits most. A module that runs
`make up` is in the group `up`, because a checkout keeps one such stack. So is each that is not in
`_GROUPS`.
"""

import os
import shlex
import subprocess
from collections.abc import Iterator
from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.system.page import Way, run

from tokenvend_local import places, saved_state

_HERE = Path(__file__).parent
_UP = "up"
#: The groups in the order in which workers take them. At the start xdist gives each worker one
#: group, and the soak's worker one more, the fourth: so that one is short.
_GROUPS = (
    *("test_soak", "test_model", _UP, "test_examples"),
    *("test_consent_in_a_browser", "test_demo", "test_site"),
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put each test into its group, before xdist's own hook writes the group into the test's id."""
    ours = [item for item in items if _HERE in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.xdist_group(_group(item)))
    others = [item for item in items if item not in ours]
    items[:] = others + sorted(ours, key=_when)


def _group(item: pytest.Item) -> str:
    return item.path.stem if item.path.stem in _GROUPS else _UP


def _when(item: pytest.Item) -> tuple[int, bool, bool]:
    """What uses `up` comes last in its group, since other tests need that no stack is up."""
    uses_up = "up" in getattr(item, "fixturenames", ())
    return _GROUPS.index(_group(item)), uses_up, item.path.name == "test_up.py"


def make(target: str) -> str:
    """Run `make` for *target*; what it printed."""
    done = subprocess.run(
        ["make", target], cwd=places.ROOT, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def up() -> Iterator[str]:
    """What `make up` printed; the stack runs until the last test that needs it."""
    assert saved_state.state() is None, "a local stack is up: run `make down` first"
    yield make("up")
    make("down")


@dataclass(frozen=True)
class Demo:
    """What the files of `make up` say."""

    settings: dict[str, str]

    @property
    def provider_url(self) -> str:
        """Where the demo provider's API is."""
        return self.settings["DEMO_PROVIDER_URL"]

    def apply(self, configuration: str) -> None:
        """Apply *configuration*, the text of a `tokenvend.yaml`."""
        file = saved_state.FOLDER / "applied.yaml"
        file.write_text(configuration, encoding="utf-8")
        command = places.VENV / "bin" / "tokenvend"
        environ = places.environment(self.settings, inherited=os.environ)
        done = run([str(command), "apply", "--yes", "--file", str(file)], environ)
        assert done.returncode == 0, done.stdout + done.stderr

    def environment(self, **extra: str) -> dict[str, str]:
        """What a service's process has in its environment, whoever it is."""
        shown = {
            "AWS_ENDPOINT_URL": self.settings["AWS_ENDPOINT_URL"],
            "TOKENVEND_URL": self.settings["VENDING_API_URL"],
            "TOKENVEND_REGION": places.REGION,
            # The service's own Region is not that of tokenvend.
            "AWS_REGION": "us-west-2",
        }
        return places.environment(shown | extra, inherited=os.environ)

    def environment_of(self, way: Way) -> dict[str, str]:
        """The environment of the service that asks in *way*."""
        return self._as_role(way.role) if way.role else self._as_client()

    def _as_client(self) -> dict[str, str]:
        text = (saved_state.FOLDER / "dashboard.curl").read_text(encoding="utf-8")
        user = text.rpartition("user = ")[2].strip().strip('"')
        client_id, _, client_secret = user.partition(":")
        return self.environment(
            TOKENVEND_CLIENT_ID=client_id, TOKENVEND_CLIENT_SECRET=client_secret
        )

    def _as_role(self, name: str) -> dict[str, str]:
        profiles = ConfigParser(interpolation=None)
        profiles.read(saved_state.FOLDER / "aws-credentials", encoding="utf-8")
        role = {key.upper(): value for key, value in profiles[name].items()}
        function = f"{self.settings['VEND_DIRECT_FUNCTION']}:{name}"
        return self.environment(TOKENVEND_FUNCTION=function, **role)


@pytest.fixture(scope="session")
def demo(up: str) -> Demo:
    """The callers of the demo, as services that run beside the stack of `make up`."""
    assert up
    words = [shlex.split(line) for line in (saved_state.FOLDER / "env").read_text().splitlines()]
    settings = dict(word[1].split("=", 1) for word in words if word[:1] == ["export"])
    return Demo(settings)
