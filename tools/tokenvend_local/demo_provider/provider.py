"""The provider's paths, and the control listener beside them."""

import hmac
import json
from dataclasses import asdict
from typing import Any

from tokenvend_local.demo_provider import api, authorization_endpoint, token_endpoint
from tokenvend_local.demo_provider.clients import Book, Client, Flavour
from tokenvend_local.demo_provider.http import Answer, NotAFormError, Request, Server, as_json
from tokenvend_local.demo_provider.misbehaviour import (
    Misbehaviour,
    Mood,
    garble,
    instead_of_exchange,
)

#: The path of each flavour's token endpoint.
TOKEN_PATHS = {
    "/identity/oauth/token": Flavour.SMARTRECRUITERS,
    "/oauth2/token": Flavour.STANDARD,
}
#: The path of each flavour's authorization endpoint.
AUTHORIZATION_PATHS = {
    "/identity/oauth/allow": Flavour.SMARTRECRUITERS,
    "/oauth2/authorize": Flavour.STANDARD,
}
REVOCATION_PATH = "/oauth2/revoke"
DISCOVERY_PATHS = ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server")
CONTROL_KEY_HEADER = "x-control-key"
_RECORDS = frozenset({"/exchanges", "/tokens", "/secret-values"})
_LISTS = ("scopes", "targets", "redirect_uris")


class Provider:
    """One provider: `provider` is its public listener, `control` the one for tests."""

    def __init__(self, control_key: str, *, port: int = 0, control_port: int = 0) -> None:
        self.book = Book()
        self.mood = Mood()
        self._limit = api.RateLimit()
        self._control_key = control_key
        self.provider = Server(self.answer, port)
        self.control = Server(self.answer_control, control_port)

    def start(self) -> None:
        """Serve both listeners until `stop`."""
        self.provider.start()
        self.control.start()

    def stop(self) -> None:
        """Stop serving."""
        for server in (self.provider, self.control):
            server.shutdown()
            server.server_close()

    def answer(self, request: Request) -> Answer:
        """Answer one request to the public listener."""
        match request.method, request.path:
            case "POST", path if path in TOKEN_PATHS:
                return self._token(request, TOKEN_PATHS[path])
            case "GET" | "POST", path if path in AUTHORIZATION_PATHS:
                return self._authorize(request, AUTHORIZATION_PATHS[path])
            case "POST", path if path == REVOCATION_PATH:
                return token_endpoint.revoke(self.book, request)
            case "GET", path if path in DISCOVERY_PATHS:
                return as_json(200, self._discovery())
            case "GET", path if path in api.PATHS:
                return api.call(self.book, self._limit, request)
            case _:
                return as_json(404, {"message": "There is nothing here."})

    def _token(self, request: Request, flavour: Flavour) -> Answer:
        began_at = self.book.now()
        client_id = token_endpoint.claimed_client_id(request)
        misbehaviour = self.mood.take(client_id)
        if misbehaviour is None:
            return token_endpoint.token(self.book, request, flavour, began_at=began_at)
        self.mood.wait(misbehaviour)
        if answer := instead_of_exchange(misbehaviour):
            token_endpoint.record(self.book, request, answer.status, began_at=began_at)
            return answer
        again = self.book.last_token(client_id) if misbehaviour.same_token else None
        answer = token_endpoint.token(self.book, request, flavour, again, began_at=began_at)
        return garble(misbehaviour, answer)

    def _authorize(self, request: Request, flavour: Flavour) -> Answer:
        # SmartRecruiters documents no `iss`; the standard flavour announces it (RFC 9207 §3).
        issuer = self.provider.url if flavour is Flavour.STANDARD else None
        try:
            return authorization_endpoint.authorize(self.book, request, flavour, issuer)
        except NotAFormError:
            return Answer(400)

    def _discovery(self) -> dict[str, Any]:
        """Return the metadata of the standard flavour (RFC 8414 §2)."""
        issuer = self.provider.url
        return {
            "issuer": issuer,
            "token_endpoint": f"{issuer}/oauth2/token",
            "revocation_endpoint": f"{issuer}{REVOCATION_PATH}",
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "authorization_endpoint": f"{issuer}/oauth2/authorize",
            "authorization_response_iss_parameter_supported": True,
            "code_challenge_methods_supported": ["S256"],
            "grant_types_supported": ["client_credentials", "authorization_code", "refresh_token"],
            "response_types_supported": ["code"],
        }

    def answer_control(self, request: Request) -> Answer:
        """Answer one request of the tests or the demo, which must send the control key."""
        key = request.headers.get(CONTROL_KEY_HEADER, "")
        if not hmac.compare_digest(key.encode(), self._control_key.encode()):
            return as_json(403, {"message": "Show the key."})
        try:
            document = json.loads(request.body or b"{}")
            return self._control(request, document)
        except (ValueError, TypeError) as error:
            return as_json(400, {"message": str(error)})

    def _control(self, request: Request, document: dict[str, Any]) -> Answer:
        match request.method, request.path:
            case "POST", "/clients":
                lists = {name: tuple(document.get(name, ())) for name in _LISTS}
                flavour = Flavour(document.get("flavour", Flavour.SMARTRECRUITERS))
                client = Client(**{**document, **lists, "flavour": flavour})
                self.book.add_client(client)
                return as_json(201, asdict(client))
            case "POST", "/misbehaviours":
                self.mood.add(Misbehaviour.from_dict(document))
                return Answer(204)
            case "DELETE", "/misbehaviours":
                self.mood.clear(document.get("client_id"))
                return Answer(204)
            case _, path if path in _RECORDS:
                return as_json(200, self._records(path, document))
            case _:
                return as_json(404, {"message": "There is no such control."})

    def _records(self, path: str, document: dict[str, Any]) -> object:
        """Return the exchanges, one issued token, or all secret values, by *path*."""
        match path:
            case "/exchanges":
                found = self.book.exchanges(document.get("client_id"))
                return [exchange.to_dict() for exchange in found]
            case "/tokens":
                issued = self.book.issued(document["token"])
                return None if issued is None else asdict(issued)
            case _:
                return self.book.secret_values()
