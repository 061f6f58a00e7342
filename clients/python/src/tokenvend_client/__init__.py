"""Tokens from tokenvend in one line.

>>> from tokenvend_client import Client
>>> client = Client()                                                # doctest: +SKIP
>>> client.token("sr-jobs", scope="jobs_read").headers               # doctest: +SKIP
"""

from tokenvend_client.client import Client
from tokenvend_client.connections import Connection, Connections, ConsentLink
from tokenvend_client.errors import (
    AccountChangedError,
    CallerNotProvenError,
    ConfigurationError,
    ConsentRequiredError,
    ProviderRefusedError,
    RefusedError,
    TemporarilyUnavailableError,
    TokenvendError,
)
from tokenvend_client.token import Token
from tokenvend_client.user_connection import UserConnection
from tokenvend_client.ways_in.direct import DirectInvocation
from tokenvend_client.ways_in.oauth_client import OAuthClient
from tokenvend_client.ways_in.signed import SignedRequests
from tokenvend_client.ways_in.workload import WorkloadToken

__all__ = [
    "AccountChangedError",
    "CallerNotProvenError",
    "Client",
    "ConfigurationError",
    "Connection",
    "Connections",
    "ConsentLink",
    "ConsentRequiredError",
    "DirectInvocation",
    "OAuthClient",
    "ProviderRefusedError",
    "RefusedError",
    "SignedRequests",
    "TemporarilyUnavailableError",
    "Token",
    "TokenvendError",
    "UserConnection",
    "WorkloadToken",
]
__version__ = "0.1.0"
