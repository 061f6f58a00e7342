"""The ports: the interfaces through which the use cases reach everything outside of the process.

Each port has a fake in tests/fakes and an adapter in `adapters`; one contract suite runs on
both. An adapter translates the errors of its library once, into those of `failures`.
"""

from tokenvend.ports.aliases import CallerAliases
from tokenvend.ports.clock import Clock
from tokenvend.ports.connection_store import (
    ConnectionReader,
    ConnectionStore,
    ConsentSessionStore,
    StoreResult,
)
from tokenvend.ports.failures import (
    IssuerAwayError,
    KeyAwayError,
    ProviderAwayError,
    SecretUnusableError,
    SigningKeyUnusableError,
    StoreAwayError,
    StoreThrottledError,
)
from tokenvend.ports.providers import OAuthEndpointClient, ProviderApiClient
from tokenvend.ports.registry import (
    CredentialReader,
    CredentialStates,
    CredentialView,
    Lookup,
    LookupResult,
    VendReader,
)
from tokenvend.ports.secrets import (
    AssertionSigner,
    IdentityTokens,
    PublicKeys,
    PublishedKeys,
    SecretCatalog,
    SecretStore,
    SecretVersion,
)
from tokenvend.ports.tokens import EMPTY_ITEM, TokenItem, TokenStore

__all__ = [
    "EMPTY_ITEM",
    "AssertionSigner",
    "CallerAliases",
    "Clock",
    "ConnectionReader",
    "ConnectionStore",
    "ConsentSessionStore",
    "CredentialReader",
    "CredentialStates",
    "CredentialView",
    "IdentityTokens",
    "IssuerAwayError",
    "KeyAwayError",
    "Lookup",
    "LookupResult",
    "OAuthEndpointClient",
    "ProviderApiClient",
    "ProviderAwayError",
    "PublicKeys",
    "PublishedKeys",
    "SecretCatalog",
    "SecretStore",
    "SecretUnusableError",
    "SecretVersion",
    "SigningKeyUnusableError",
    "StoreAwayError",
    "StoreResult",
    "StoreThrottledError",
    "TokenItem",
    "TokenStore",
    "VendReader",
]
