"""The errors that ports raise: one class for each case that a use case handles differently."""

from __future__ import annotations


class StoreAwayError(Exception):
    """A table, key or secret could not be reached, or answered with a server error.

    It is never raised for a failed condition, nor for a conditional write that was throttled.
    """


class StoreThrottledError(StoreAwayError):
    """The table throttles requests: it answers, so this is no outage."""


class KeyAwayError(StoreAwayError):
    """The KMS key that decrypts stored items does not answer; the table itself may answer."""


class ProviderAwayError(Exception):
    """The provider could not be reached, or its response was not complete in time."""


class IssuerAwayError(Exception):
    """An issuer's keys could not be fetched completely and in time, or its response has none."""


class SecretUnusableError(Exception):
    """A secret is missing or lacks a field. The text names the field, and never holds a value."""


class SigningKeyUnusableError(Exception):
    """A key is missing, not ours, or not for the algorithm. The text holds no part of the key."""
