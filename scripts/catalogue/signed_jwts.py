"""Turn the catalogue's templates of JWTs that the client signs into the file's descriptions."""

import re
from collections.abc import Mapping
from typing import Any

from scripts.catalogue.placeholders import CannotSayError, Placeholders

#: A part of a field, such as the id in a key of the form id:secret. Whoever writes the secret
#: splits it.
_PART = re.compile(r"\$\{credentials\.(\w+)\.(\w)(\w*)\}")
#: The fingerprint of the public key. It never changes between two tokens, so it is in the secret.
_FINGERPRINT = re.compile(r"\$\{fingerprint\(\$\{credentials\.\w+\}\)\}")
#: What the key may be made of: fields of the secret, which whoever writes it joins.
_KEY = re.compile(r"(?:\$\{credentials\.[\w.]+\}|[^${}])+")
#: How the catalogue's client decodes a shared key, unless the entry says otherwise.
_ENCODINGS = {None: "hex", "hex": "hex", "utf8": "utf-8", "base64": "base64"}

#: Claims that have a key of their own, or that tokenvend sets.
_CLAIMS = frozenset({"iss", "sub", "aud", "exp", "iat", "jti", "nbf", "scope"})


def request_with_assertion(entry: Mapping[str, Any], placeholders: Placeholders) -> dict[str, Any]:
    """Return the request of *entry*, whose grant is a signed assertion (RFC 7523 §2.1).

    Raises:
        CannotSayError: the file cannot express it.
    """
    if (entry.get("signature") or {}).get("protocol") == "HMAC":
        raise CannotSayError("an assertion under a key that both sides have")
    payload = entry["token"]["payload"]
    claims = {name: each for name, each in payload.items() if name not in _CLAIMS}
    said = {"issuer": payload.get("iss"), "subject": payload.get("sub"), "claims": claims}
    said["audience"] = payload.get("aud")
    assertion = placeholders.of_secret({name: each for name, each in said.items() if each})
    return {"client_authentication": "none", "token_request": {"assertion": assertion}}


def signed_jwt_of(entry: Mapping[str, Any], placeholders: Placeholders) -> dict[str, Any]:
    """Return the token of *entry*, which its client signs.

    Raises:
        CannotSayError: the file cannot express it.
    """
    token, signature = entry["token"], entry["signature"]
    if _KEY.fullmatch(token["signing_key"]) is None:
        raise CannotSayError("the key that signs is computed")
    header = dict(token["header"])
    said: dict[str, Any] = {
        "algorithm": header.pop("alg"),
        "lifetime_seconds": token["expires_in_ms"] // 1000,
        "header": placeholders.of_secret(_whole(header)),
        "claims": placeholders.of_secret(_whole(token["payload"])),
    }
    if signature["protocol"] == "HMAC":
        said["key_encoding"] = _ENCODINGS[signature.get("hmac_secret_encoding")]
    return said


def _whole(template: Any) -> Any:
    """Return *template* with one field in place of each part of a field, and of a fingerprint."""
    match template:
        case str():
            text = _FINGERPRINT.sub("${credentials.publicKeyFingerprint}", template)
            return _PART.sub(lambda found: f"${{credentials.{_joined(found)}}}", text)
        case Mapping():
            return {name: _whole(each) for name, each in template.items()}
        case list():
            return [_whole(each) for each in template]
        case _:
            return template


def _joined(found: re.Match[str]) -> str:
    return f"{found[1]}{found[2].upper()}{found[3]}"
