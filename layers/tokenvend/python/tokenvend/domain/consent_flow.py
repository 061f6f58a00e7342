"""What a provider does in its own way when users consent and when tokens are refreshed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentFlow:
    """A description; its defaults do no harm at any provider.

    `refresh_names_scopes`: it has been shown that a refresh which names fewer scopes gives a token
    with those alone, and that the next refresh may name all of them again. Some providers tie the
    refresh token to the scopes of the last refresh, so by default no refresh names any.
    """

    refresh_names_scopes: bool = False

    @property
    def shapes_tokens(self) -> dict[str, object]:
        """What shapes the token of a refresh, and is not as by default."""
        return {"names_scopes": True} if self.refresh_names_scopes else {}


#: What holds where nothing is said.
STANDARD = ConsentFlow()
