"""What a provider does in its own way when users consent and when tokens are refreshed."""

from dataclasses import dataclass

#: RFC 6749 §4.1.2 and §4.1.3.
CODE = "code"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentFlow:
    """A description; its defaults are the standard's, and do no harm at any provider.

    `refresh_names_scopes`: it has been shown that a refresh which names fewer scopes gives a token
    with those alone, and that the next refresh may name all of them again. Some providers tie the
    refresh token to the scopes of the last refresh, so by default no refresh names any.
    `refresh_endpoint` is where a refresh goes, if not to the token endpoint; it has the same host.
    `code_in_callback` and `code_parameter` are what the code is called where it comes back, and
    where it is exchanged. `without_pkce` is why no PKCE (RFC 7636) is used; `None`: it is used.
    """

    refresh_names_scopes: bool = False
    refresh_endpoint: str | None = None
    code_in_callback: str = CODE
    code_parameter: str = CODE
    without_pkce: str | None = None

    @property
    def shapes_tokens(self) -> dict[str, object]:
        """What shapes the token of a refresh, and is not as by default."""
        shaping = {
            "names_scopes": self.refresh_names_scopes,
            "refresh_endpoint": self.refresh_endpoint,
        }
        return {name: value for name, value in shaping.items() if value}


#: What holds where nothing is said.
STANDARD = ConsentFlow()
