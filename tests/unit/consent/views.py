"""What the registry says of a caller that may have connections."""

from dataclasses import replace

from tests.unit.consent.harness import DEFINITION, RETURN_URL

from tokenvend.domain.registry import Caller, Grant, RegistryView

READ = frozenset({"jobs_read"})


GRANT = Grant(caller="shop", credential="hiring", scopes=READ, return_urls=frozenset({RETURN_URL}))


VIEW = RegistryView(caller=Caller(name="shop"), grant=GRANT, definition=DEFINITION)


def granted(**changes: object) -> RegistryView:
    return replace(VIEW, grant=replace(GRANT, **changes))  # type: ignore[arg-type]
