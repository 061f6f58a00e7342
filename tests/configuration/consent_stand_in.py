"""An authorization server that behaves as a profile's facts say, with a user who agrees at once.

Like `provider_stand_in`, it reads the facts by itself.
"""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.configuration.described import ReceivedRequest
from tests.configuration.provider_stand_in import ACCESS_TOKEN, REFRESH_TOKEN, StandIn

_CODE = "the-code"


@dataclass
class ConsentStandIn(StandIn):
    """Takes one code exchange, then refreshes and revocations, each as *facts* describe it.

    `facts` and `parameters` are those of the request that is expected next; `whole` are all facts.
    """

    scope: str = ""
    callback: str = ""
    whole: Mapping[str, Any] = field(default_factory=dict)
    challenge: str | None = None
    is_consented: bool = False

    @property
    def flow(self) -> dict[str, Any]:
        """How its consents differ from the standard."""
        model = self.whole.get("consent_flow")
        return {} if model is None else dict(model.document())

    def authorize(self, url: str) -> dict[str, str]:
        """Check the authorization request, and return the parameters of the callback."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        wanted = {
            "response_type": "code",
            "client_id": self.secret["client_id"],
            "redirect_uri": self.callback,
            "scope": self.scope,
            **self.whole.get("authorization_parameters", {}),
        }
        endpoint = self.whole.get("authorization_endpoint", self.whole.get("issuer"))
        if url.partition("?")[0] != endpoint:
            self.complaints.append(f"authorization endpoint: {url.partition('?')[0]}")
        self.complaints += [
            f"{name}: {asked.get(name)!r}" for name in wanted if asked.get(name) != wanted[name]
        ]
        self.challenge = asked.get("code_challenge")
        if (self.challenge is None) is not ("without_pkce" in self.flow):
            self.complaints.append("code_challenge")
        more = {"iss": self.whole["issuer"]} if "issuer" in self.whole else {}
        return {"state": asked["state"], self.flow.get("code_in_callback", "code"): _CODE} | more

    def _wrong_with(self, asked: ReceivedRequest) -> list[str]:
        if asked.method == "GET":
            bearer = asked.headers.get("authorization")
            return [] if bearer == f"Bearer {ACCESS_TOKEN}" else ["account: no bearer token"]
        self._expect(asked)
        wrong = super()._wrong_with(asked)
        if self.parameters.get("grant_type") == "authorization_code" and not wrong:
            self.is_consented = True
        return wrong

    def _expect(self, asked: ReceivedRequest) -> None:
        """Turn to the request that has to come now."""
        endpoint = self.whole["token_endpoint"]
        revoked_at = self.whole.get("revocation_endpoint")
        if not self.is_consented:
            self.parameters = self._code_exchange(asked)
        elif revoked_at is not None and asked.path == urlsplit(revoked_at).path:
            endpoint = revoked_at
            self.parameters = {"token": REFRESH_TOKEN, "token_type_hint": "refresh_token"}
        else:
            endpoint = self.flow.get("refresh_endpoint", endpoint)
            self.parameters = {"grant_type": "refresh_token", "refresh_token": REFRESH_TOKEN}
        self.facts = {**self.whole, "token_endpoint": endpoint}

    def _code_exchange(self, asked: ReceivedRequest) -> dict[str, str]:
        wanted = {"grant_type": "authorization_code", "redirect_uri": self.callback}
        wanted[self.flow.get("code_parameter", "code")] = _CODE
        if self.challenge is None:
            return wanted
        sent = asked.json if asked.is_json else asked.form
        verifier = str(sent.get("code_verifier"))
        # RFC 7636 §4.6: only the verifier of this challenge is taken.
        digest = urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")
        return wanted | {"code_verifier": verifier if digest == self.challenge else "another"}
