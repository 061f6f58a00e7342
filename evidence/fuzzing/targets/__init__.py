"""Everything that is fuzzed, by the name that a person gives."""

from collections.abc import Mapping

from fuzzing.target import FuzzTarget
from fuzzing.targets import (
    api_requests,
    entries,
    files,
    pages,
    providers,
    registry_items,
    requests,
    sealed_items,
    secrets,
    signed_jwts,
    tenants,
    token_answers,
    workloads,
)

TARGETS: Mapping[str, FuzzTarget] = {
    target.name: target
    for module in (
        entries,
        workloads,
        pages,
        token_answers,
        providers,
        requests,
        api_requests,
        signed_jwts,
        tenants,
        registry_items,
        sealed_items,
        secrets,
        files,
    )
    for target in module.TARGETS
}
