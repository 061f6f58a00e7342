"""Callers: who asks for what, and what came of each request."""

from collections.abc import Callable
from dataclasses import dataclass

from simulation.cloud import Cloud, SimulatedEnvironment
from tokenvend.domain import bounds
from tokenvend.domain.credential_definition import CredentialDefinition, ScopeMode
from tokenvend.domain.errors import TokenVendError
from tokenvend.domain.identity import Proof
from tokenvend.domain.registry import Grant
from tokenvend.domain.request import VendRequest
from tokenvend.vending.vend_result import VendResult

_SCOPES = frozenset({"read"})


@dataclass(frozen=True, slots=True)
class TokenDemand:
    """A token that one caller asks for. Its provider lets tokens live *lifetime* seconds."""

    name: str
    lifetime: int
    proof: Proof
    request: VendRequest


@dataclass(frozen=True, slots=True)
class RequestOutcome:
    """A request, from its arrival to its end; `vended` is `None` if it was refused."""

    wish: TokenDemand
    requested_at: float
    ended_at: float
    vended: VendResult | None


def add_wish(cloud: Cloud, name: str, *, lifetime: int) -> TokenDemand:
    """A credential of its own, a caller, and the grant between them."""
    url = f"https://login.{name}.example/token"
    cloud.add_credential(
        CredentialDefinition(
            name=name,
            provider=name,
            token_endpoint=url,
            scopes=_SCOPES,
            scope_mode=ScopeMode.NARROWS,
        )
    )
    cloud.provider.lives[url] = lifetime
    proof = cloud.add_grant(Grant(caller=f"caller-{name}", credential=name, scopes=_SCOPES))
    return TokenDemand(name, lifetime, proof, VendRequest(name))


def asking(
    cloud: Cloud,
    environment: SimulatedEnvironment,
    wish: TokenDemand,
    done: Callable[[RequestOutcome], None],
) -> Callable[[], None]:
    """One request, to be run as a task."""

    def ask() -> None:
        requested_at = cloud.kernel.now
        try:
            vended = environment.vendor.vend(
                wish.proof, wish.request, time_left=bounds.FUNCTION_TIMEOUT
            )
        except TokenVendError:
            vended = None
        done(RequestOutcome(wish, requested_at, cloud.kernel.now, vended))

    return ask
