"""What the use cases need from the world, and nothing more.

Each port has a fake in tests/fakes and an adapter in `adapters`; one contract suite runs on
both. An adapter translates foreign errors once, into those of `failures`.
"""

from tokenvend.ports.aliases import CallerAliases
from tokenvend.ports.clock import Clock
from tokenvend.ports.connections import ConnectionReader, ConnectionStore, ConsentStore, Kept
from tokenvend.ports.failures import (
    IssuerAwayError,
    KeyAwayError,
    ProviderAwayError,
    SecretUnusableError,
    SigningKeyUnusableError,
    StoreAwayError,
    StoreThrottledError,
)
from tokenvend.ports.providers import ProviderApi, ProviderClient
from tokenvend.ports.registry import (
    CredentialReader,
    CredentialStates,
    CredentialView,
    Findings,
    Lookup,
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
from tokenvend.ports.tokens import NOTHING, TokenItem, TokenStore

__all__ = [
    "NOTHING",
    "AssertionSigner",
    "CallerAliases",
    "Clock",
    "ConnectionReader",
    "ConnectionStore",
    "ConsentStore",
    "CredentialReader",
    "CredentialStates",
    "CredentialView",
    "Findings",
    "IdentityTokens",
    "IssuerAwayError",
    "Kept",
    "KeyAwayError",
    "Lookup",
    "ProviderApi",
    "ProviderAwayError",
    "ProviderClient",
    "PublicKeys",
    "PublishedKeys",
    "SecretCatalog",
    "SecretStore",
    "SecretUnusableError",
    "SecretVersion",
    "SigningKeyUnusableError",
    "StoreAwayError",
    "StoreThrottledError",
    "TokenItem",
    "TokenStore",
    "VendReader",
]
