"""Everything that a traceback with all its local variables shows of the client's own frames."""

import traceback
from pathlib import Path

_TESTS = str(Path(__file__).parent)


def shown_by(error: BaseException) -> str:
    """The text of *error* and of all that led to it, each frame with the locals in it."""
    found, seen = list[str](), set[int]()
    following: list[BaseException | None] = [error]
    while following:
        each = following.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        told = traceback.TracebackException.from_exception(each, capture_locals=True)
        # A test knows the secrets; what leads to it is not the client's doing.
        told.stack[:] = [frame for frame in told.stack if not frame.filename.startswith(_TESTS)]
        found += told.format(chain=False)
        found.append(repr(vars(each)))
        following += [each.__cause__, each.__context__]
    return "".join(found)
