"""How a provider's consents and refreshes differ from the standards."""

from dataclasses import dataclass

#: RFC 6749 §4.1.2 and §4.1.3.
CODE = "code"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentFlow:
    """A provider's differences from the standards; the defaults are safe at any provider.

    - `refresh_names_scopes`: a refresh may request fewer scopes than the user consented to. True
      only if it was shown that the token then has those alone, and that the next refresh may
      request all of them again. Some providers tie the refresh token to the scopes of the last
      refresh, so by default a refresh requests none.
    - `refresh_endpoint`: where a refresh is sent, if not to the token endpoint. It has the same
      host.
    - `code_in_callback` and `code_parameter`: the code's parameter in the callback's URL and in the
      token request.
    - `fragment`: the path of the authorization page in the endpoint's fragment, for a provider
      whose page reads the request there although RFC 6749 §3.1 has no fragment.
    - `without_pkce`: the reason why PKCE (RFC 7636) is not used; `None`: it is used.
    """

    refresh_names_scopes: bool = False
    refresh_endpoint: str | None = None
    code_in_callback: str = CODE
    code_parameter: str = CODE
    fragment: str | None = None
    without_pkce: str | None = None

    @property
    def shapes_tokens(self) -> dict[str, object]:
        """The settings that change which token a refresh gives, unless they are the defaults."""
        shaping = {
            "names_scopes": self.refresh_names_scopes,
            "refresh_endpoint": self.refresh_endpoint,
        }
        return {name: value for name, value in shaping.items() if value}


#: The flow of a provider that differs in nothing.
STANDARD = ConsentFlow()
