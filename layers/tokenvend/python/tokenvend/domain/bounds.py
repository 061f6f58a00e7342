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
ASSERTION_LIFETIME = timedelta(seconds=60)
ASSERTION_LIFETIME_MAXIMUM = timedelta(hours=1)
SIGNED_JWT_LIFETIME = timedelta(minutes=5)
SIGNED_JWT_LIFETIME_MAXIMUM = timedelta(hours=1)
JWKS_CACHE = timedelta(minutes=5)

# Subject tokens and their issuers' keys
SUBJECT_TOKEN_BYTES = 8 * 1024
SUBJECT_TOKEN_AGE = timedelta(hours=1)
SUBJECT_TOKEN_AGE_MAXIMUM = timedelta(days=1)
ISSUER_KEYS = 100
ISSUER_KEYS_FRESH = timedelta(hours=1)
ISSUER_KEYS_USABLE = timedelta(days=1)
ISSUER_FETCHED_AGAIN_AFTER = timedelta(seconds=30)
ISSUER_TOTAL_SECONDS = 3

# Leases: the time that a holder has from acquiring the lease to storing the token, and the
# longest time that a request waits for it
LEASE = timedelta(seconds=12)
LEASE_WAIT = timedelta(seconds=12)
#: Long enough to wait for a holder whose invocation ended, and then to exchange.
FUNCTION_TIMEOUT = timedelta(seconds=24)
EXCHANGE_NEEDS = timedelta(seconds=11)
#: A request that waits for another's exchange gives up this long before its invocation ends, so
#: that it can still answer.
ANSWER_NEEDS = timedelta(seconds=1)

# Scheduled renewal: a run each minute, for each of the shards
RENEWAL_SHARDS = 16
RENEWAL_EVERY = timedelta(minutes=1)
#: The longest time from the start of one run to the end of the next. Runs start at about the same
#: second of each minute.
RENEWAL_RUNS_APART = timedelta(seconds=75)
#: How far back a run looks for tokens that earlier runs left.
RENEWAL_LOOKS_BACK = timedelta(minutes=5)

# A token's life, as shares of its lifetime
RENEWAL_DUE = 0.75
OVERDUE = 0.90
#: A token is overdue at the latest `EXCHANGE_NEEDS` before its end, or this share if that is less.
OVERDUE_BEFORE_END = 0.05
RENEWAL_DUE_REPEATED = 0.90
OVERDUE_REPEATED = 0.97
JITTER = 0.03
LIFETIME_MAXIMUM = timedelta(days=30)
#: Of the headers, query, path and body of an API request together, without the token.
API_REQUEST_CHARACTERS = 16 * 1024
#: Of what an API request carries of the token answer beside the token, each place counted.
ANSWER_VALUES_CHARACTERS = 4096
DEFAULT_LIFETIME_SECONDS = 300
API_KEY_LIFETIME = timedelta(minutes=5)
CLOCK_SKEW = timedelta(seconds=30)
CLOCK_SKEW_SHARE = 0.10
#: A local clock that differs from AWS's by more than this is corrected.
CLOCK_TOLERANCE = timedelta(seconds=2)

# Back-off after a provider's failure
BACKOFF_FIRST = timedelta(seconds=1)
BACKOFF_MAXIMUM = timedelta(minutes=15)

# A provider is reported to the operator as away after this many failures in a row, over this time
PROVIDER_AWAY_FAILURES = 2
PROVIDER_AWAY_AFTER = timedelta(minutes=15)

# While the tables are away
OUTAGE_READS_AGAIN_AFTER = timedelta(seconds=5)
OUTAGE_EXCHANGES_A_MINUTE = 10

# Tokens that an API refused
REJECTIONS_A_MINUTE = 10
REJECTION_AGAIN_AFTER = 0.25

# Callers' quotas: how long an environment may use the permits that it drew, and the least burst
# of a quota that states none
QUOTA_BATCH_HELD = timedelta(seconds=30)
QUOTA_BURST_LEAST = 10
#: When the bucket's table is away, an environment counts by itself for this long.
QUOTA_STORE_AGAIN_AFTER = timedelta(seconds=30)

# Consent: how long the ticket of each step is valid, for one use
CONNECT_LINK = timedelta(minutes=10)
CONSENT_AT_PROVIDER = timedelta(minutes=10)
COMPLETION_CODE = timedelta(minutes=10)
#: A consent that was never completed is deleted this long after its code expired.
PENDING_CONSENT_RETAINED = timedelta(hours=1)

# Idle connections, as shares of their refresh token's lifetime
KEEP_ALIVE_DUE = 0.5
REFRESH_TOKEN_LIFE_UNKNOWN = timedelta(days=14)
#: A forecast warns when this share of the lifetime is left, or this time if that is less.
CONSENT_AT_RISK_SHARE = 0.25
CONSENT_AT_RISK = timedelta(days=7)
#: A forecast also warns when a refresh is late by this share of the lifetime.
KEEP_ALIVE_OVERDUE = 0.1

# Limits of a request
BODY_BYTES = 16 * 1024
BATCH_REQUESTS = 25
SCOPES = 200

# The largest item that DynamoDB stores: 400 KB. One vend reads nine items at most, of the 16 MB
# that DynamoDB returns at once.
REGISTRY_ITEM_BYTES = 400 * 1024

# The longest time for which scopes beyond a grant may be counted instead of refused
OBSERVE_DAYS = 30
