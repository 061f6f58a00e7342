"""Publish the public keys by which providers verify our client assertions (RFC 7517 §5)."""

from collections.abc import Callable
from datetime import datetime

from tokenvend.domain import bounds
from tokenvend.domain.signing import PublishedKey
from tokenvend.ports import (
    Clock,
    PublicKeys,
    PublishedKeys,
    SigningKeyUnusableError,
    StoreAwayError,
)

type Jwks = dict[str, list[dict[str, str]]]


class JwksPublisher:
    """Reads the key set, and caches it for `bounds.JWKS_CACHE`; longer if AWS is away.

    A key that cannot be read is left out and reported, so that the others are still published.
    """

    def __init__(
        self,
        *,
        published: PublishedKeys,
        public: PublicKeys,
        clock: Clock,
        on_unusable: Callable[[str], None],
    ) -> None:
        self._published = published
        self._public = public
        self._clock = clock
        self._on_unusable = on_unusable
        self._held: tuple[datetime, Jwks] | None = None

    def jwks(self) -> Jwks:
        """Return the key set.

        Raises:
            StoreAwayError: AWS is away, and there is no cached key set.
        """
        now = self._clock.now()
        if self._held is not None and now < self._held[0] + bounds.JWKS_CACHE:
            return self._held[1]
        try:
            self._held = now, self._read()
        except StoreAwayError:
            if self._held is None:
                raise
        return self._held[1]

    def _read(self) -> Jwks:
        found = [self._jwk(key) for key in self._published.read()]
        return {"keys": [jwk for jwk in found if jwk is not None]}

    def _jwk(self, key: PublishedKey) -> dict[str, str] | None:
        try:
            return self._public.read(key)
        except SigningKeyUnusableError as error:
            self._on_unusable(str(error))
            return None
