"""Reset an environment that Lambda restores from a snapshot (SnapStart).

Many environments start as copies of one snapshot. They share the state of the random number
generator, open connections, and cached data from when the snapshot was taken, perhaps weeks ago.
The AWS clients take long to make, so they stay; everything else is built again. Lease ids, nonces
and data keys come from the operating system and from KMS, so they differ in each copy.
"""

import random
from collections.abc import Callable

from tokenvend.adapters.aws_clients import close_connections
from tokenvend.composition.root import composition_root


def after_restore(prepare: Callable[[], object]) -> None:
    """Register `renew`, and *prepare* after it, as Lambda's hooks after a restore.

    Without Lambda's module for hooks nothing is registered: no snapshot is restored there.
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
    """Discard all cached state, close the clients' connections, and seed `random` again.

    The session that made the clients stays, with its AWS credentials; they are fetched again
    once they have expired.
    """
    random.seed()
    close_connections()
    composition_root.cache_clear()
