"""What may fail out there, told apart as far as a use case cares."""

from __future__ import annotations


class StoreAwayError(Exception):
    """A table, key or secret could not be reached or answered with an error of its own.

    Never raised for a condition that did not hold, nor for throttling of a conditional write.
    """


class StoreThrottledError(StoreAwayError):
    """The table asked for patience: it is there, so this is no outage."""


class KeyAwayError(StoreAwayError):
    """The key that opens stored items does not answer, whatever the table says."""


class ProviderAwayError(Exception):
    """The provider could not be reached, or its answer did not arrive whole and in time."""


class IssuerAwayError(Exception):
    """An issuer's keys could not be fetched whole and in time, or its answer holds none."""


class SecretUnusableError(Exception):
    """A secret is missing or lacks a field. The text says which, and never a value."""


class SigningKeyUnusableError(Exception):
    """A key is missing, not ours, or not for the algorithm. The text never holds any of it."""
