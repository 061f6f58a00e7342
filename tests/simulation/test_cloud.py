"""The project's own vending core, run as interleaved tasks over simulated services."""

from simulation.cloud import Cloud, SimulatedEnvironment
from simulation.kernel import Kernel, State, Task
from simulation.load import Kind, Limits
from tokenvend.domain import bounds
from tokenvend.domain.credential_definition import CredentialDefinition, ScopeMode
from tokenvend.domain.errors import TokenVendError
from tokenvend.domain.identity import Proof
from tokenvend.domain.registry import Grant
from tokenvend.domain.request import VendRequest
from tokenvend.vending.vend_result import VendResult

READ = frozenset({"jobs_read"})
DEFINITION = CredentialDefinition(
    name="jobs",
    provider="acme",
    token_endpoint="https://login.acme.example/token",
    scopes=READ,
    scope_mode=ScopeMode.NARROWS,
)
GRANT = Grant(caller="billing", credential="jobs", scopes=READ)


class Run:
    """A cloud with one credential, and what its environments answered."""

    def __init__(self, *, limits: Limits | None = None) -> None:
        self.kernel = Kernel(seed=1)
        self.cloud = Cloud(self.kernel, limits=limits) if limits else Cloud(self.kernel)
        self.cloud.add_credential(DEFINITION)
        self.proof: Proof = self.cloud.add_grant(GRANT)
        self.vended: list[VendResult] = []
        self.refused: list[TokenVendError] = []

    def ask(self, environment: SimulatedEnvironment | None = None, *, after: float = 0.0) -> Task:
        asked = environment or self.cloud.environment()

        def vend() -> None:
            left = bounds.FUNCTION_TIMEOUT
            try:
                self.vended.append(
                    asked.vendor.vend(self.proof, VendRequest("jobs"), time_left=left)
                )
            except TokenVendError as error:
                self.refused.append(error)

        return self.kernel.spawn(vend, after=after)

    def run_up_to(self, task: Task, *, waits_for: str) -> None:
        while task.waits_for != waits_for:
            self.kernel.resume(task)


def test_two_hundred_cold_environments_make_one_exchange() -> None:
    run = Run()
    for _ in range(200):
        run.ask()

    run.kernel.run()

    assert len(run.vended) == 200
    assert len({vended.answer.token.access_token.reveal() for vended in run.vended}) == 1
    assert run.cloud.provider.inner.exchanges == 1


def test_every_call_of_the_vend_path_is_a_place_to_switch() -> None:
    run = Run()
    task = run.ask()
    places = []

    while not task.is_over:
        places.append(task.waits_for)
        run.kernel.resume(task)

    assert places == [
        "start",
        *("table.lookup →", "table.lookup ←", "table.read →", "table.read ←"),
        *("table.acquire →", "table.acquire ←", "secrets.read →", "secrets.read ←"),
        *("provider.token →", "provider.token ←", "table.put →", "table.put ←"),
        *("table.state →", "table.state ←"),
    ]


def test_holder_that_crashes_leaves_its_lease_and_no_token() -> None:
    run = Run()
    holder = run.ask()
    run.run_up_to(holder, waits_for="provider.token ←")

    run.kernel.kill(holder)
    later = run.ask(after=bounds.FUNCTION_TIMEOUT.total_seconds() + 31)
    run.kernel.run()

    assert (holder.state, later.state) == (State.CRASHED, State.DONE)
    assert len(run.vended) == 1
    assert run.cloud.provider.inner.exchanges == 2
    assert run.cloud.provider.in_flight == {}


def test_put_whose_answer_is_lost_was_still_a_put() -> None:
    run = Run()
    holder = run.ask()
    run.run_up_to(holder, waits_for="table.put →")

    run.cloud.store_network.loses_answer_of.add(holder)
    run.ask(after=5)
    run.kernel.run()

    assert len(run.vended) == 2
    assert run.cloud.provider.inner.exchanges == 1


def test_partition_refuses_what_is_beyond_its_units_in_one_second() -> None:
    run = Run(limits=Limits(read=10))
    for _ in range(20):
        run.ask()

    run.kernel.run()

    assert run.cloud.meter.throttled(Kind.READ) > 0
    peaks = [load.peak for (kind, _), load in run.cloud.meter.loads.items() if kind is Kind.READ]
    assert max(peaks) == 10
    assert len(run.vended) == 20, "they were patient"
