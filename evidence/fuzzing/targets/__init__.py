"""Everything that is fuzzed, by the name that a person gives."""

from collections.abc import Mapping

from fuzzing.target import FuzzTarget
from fuzzing.targets import entries, files, items, pages, providers, requests, tenants, workloads

TARGETS: Mapping[str, FuzzTarget] = {
    target.name: target
    for module in (entries, workloads, pages, providers, requests, tenants, items, files)
    for target in module.TARGETS
}
