"""Every bound of tokenvend: one table here, the same table in docs/bounds.md.

A bound with a setting can be changed by the template's parameter of that name, within
its maximum; the others are fixed because other bounds rest on them.
"""

from datetime import timedelta

# What an environment remembers
MEMORY_SECONDS_DEFAULT = 30
MEMORY_SECONDS_MAXIMUM = 60
OUTAGE_GRACE_SECONDS_DEFAULT = 900
OUTAGE_GRACE_SECONDS_MAXIMUM = 3600
UNKNOWN_CLIENT_REMEMBERED = timedelta(seconds=30)
MEMORY_ENTRIES = 1_000

# AWS calls
AWS_CONNECT_SECONDS = 1
AWS_READ_SECONDS = 2
AWS_ATTEMPTS = 2

# Provider calls
PROVIDER_CONNECT_SECONDS = 3
PROVIDER_TOTAL_SECONDS = 8
PROVIDER_ANSWER_BYTES = 100 * 1024

# Leases. A holder has this long from acquisition to its put; a waiter waits no longer.
LEASE = timedelta(seconds=12)
LEASE_WAIT = timedelta(seconds=12)
FUNCTION_TIMEOUT = timedelta(seconds=20)
EXCHANGE_NEEDS = timedelta(seconds=11)

# A token's life, as shares of its lifetime
RENEWAL_DUE = 0.75
OVERDUE = 0.90
JITTER = 0.03
LIFETIME_MAXIMUM = timedelta(days=30)
DEFAULT_LIFETIME_SECONDS = 300
API_KEY_LIFETIME = timedelta(minutes=5)
CLOCK_SKEW = timedelta(seconds=30)
CLOCK_SKEW_SHARE = 0.10

# Back-off after a provider's failure
BACKOFF_FIRST = timedelta(seconds=1)
BACKOFF_MAXIMUM = timedelta(minutes=15)

# What a request may be
BODY_BYTES = 16 * 1024
BATCH_REQUESTS = 25
SCOPES = 200

# How long observing may stand in for enforcing
OBSERVE_DAYS = 30
