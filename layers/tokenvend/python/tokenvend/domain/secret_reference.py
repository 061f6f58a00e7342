"""A secret that existed before tokenvend, and the names of its fields."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SecretReference:
    """A reference to a secret that existed before tokenvend, in Secrets Manager.

    `arn` is the secret's ARN; the `*_key` fields are the names of the fields in its JSON text. With
    `plain_text` it is not JSON: the whole text is the one field that the credential needs.
    """

    arn: str
    client_id_key: str = "client_id"
    client_secret_key: str = "client_secret"
    api_key_key: str = "api_key"
    private_key_key: str = "private_key"
    key_id_key: str = "key_id"
    plain_text: bool = False

    def key_of(self, field: str) -> str:
        """Return the name of *field* in the secret's JSON text."""
        names = {
            "client_id": self.client_id_key,
            "client_secret": self.client_secret_key,
            "api_key": self.api_key_key,
            "private_key": self.private_key_key,
            "key_id": self.key_id_key,
        }
        return names.get(field, field)
