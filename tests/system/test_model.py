"""spin finds nothing in the models, and finds each thing that is broken on purpose."""

import pytest

from models.catalogue import Search, broken_searches, searches
from models.spin import run


@pytest.mark.parametrize(
    "search",
    [pytest.param(search, id=f"{search.model}: {search.promise}") for search in searches()],
)
def test_every_promise_of_the_model_holds_in_every_state(search: Search) -> None:
    found = run(search)

    assert found.violation is None
    assert found.errors == 0
    assert found.states > 1_000


@pytest.mark.parametrize(
    "search", [pytest.param(search, id=str(search.broken)) for search in broken_searches()]
)
def test_what_is_broken_on_purpose_is_caught(search: Search) -> None:
    found = run(search)

    assert found.errors > 0
    assert found.violation is not None
    assert "assertion violated" in found.violation
