"""What to renew in an environment that Lambda restores from a snapshot (SnapStart).

Many environments begin as copies of one: with the same state of the random number generator, the
same open connections, and what was known when the snapshot was taken, perhaps weeks ago. The
clients, which are dear to make, stay; all else is built anew. Lease ids, nonces and data keys come
from the operating system and from KMS, which give each copy its own.
"""

import random
from collections.abc import Callable

from tokenvend.adapters.aws_clients import close_connections
from tokenvend.composition.root import composition_root


def after_restore(prepare: Callable[[], None]) -> None:
    """Have Lambda run `renew`, and *prepare* after it, in each environment that it restores.

    Without Lambda's own module for that, nothing is restored either.
    """
    try:
        from snapshot_restore_py import (  # type: ignore[import-untyped]
            register_after_restore,
        )
    except ImportError:
        return
    register_after_restore(renew)
    register_after_restore(prepare)


def renew() -> None:
    """Forget what was decided, read and learned; share no client's connection, no random number.

    The session that the clients come from stays: with it the AWS credentials, which are fetched
    again once they have expired.
    """
    random.seed()
    close_connections()
    composition_root.cache_clear()
