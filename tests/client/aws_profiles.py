"""Profiles that botocore reads, and the SSO and STS that it asks."""

import hashlib
import http.server
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore.credentials import SSOProvider
from botocore.tokens import SSOTokenProvider
from tests.loopback import serving

SSO_TOKEN, SECRET = "sso-token-of-the-user", "wJalrXUtnFEMI"
START = "https://example.awsapps.com/start"
_START = f"sso_start_url = {START}\nsso_region = eu-west-1\n"
_ROLE = "sso_account_id = 111122223333\nsso_role_name = billing\n"
PROFILE = "[default]\naws_access_key_id = AKID\naws_secret_access_key = secret\n"


@pytest.fixture
def config(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The file of AWS's settings: the only place where botocore finds anything."""
    for name in [each for each in os.environ if each.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    return tmp_path / "config"


@dataclass
class Aws:
    """Answers as SSO does, and as STS does where it refuses."""

    url: str = ""
    status: int = 200
    code: str = ""
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def of_sso(self) -> str:
        role = {"accessKeyId": "AKIDSSO", "secretAccessKey": SECRET, "sessionToken": "session"}
        until = 4_000_000_000_000
        found = {"roleCredentials": {**role, "expiration": until}}
        return json.dumps({"message": SSO_TOKEN} if self.code else found)

    def of_sts(self) -> str:
        error = f"<Code>{self.code}</Code><Message>{SECRET}</Message>"
        return f"<ErrorResponse><Error>{error}</Error></ErrorResponse>"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """The two services; botocore asks them here."""
    found = Aws()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append((self.path, self.headers["x-amz-sso_bearer_token"]))
            self._say(found.of_sso())

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._say(found.of_sts())

        def _say(self, text: str) -> None:
            self.send_response(found.status)
            self.send_header("x-amzn-ErrorType", found.code)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            pass

    with serving(Handler) as url:
        found.url = url
        monkeypatch.setenv("AWS_ENDPOINT_URL_SSO", found.url)
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", found.url)
        yield found


def sso(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile of a user who has signed in: `aws sso login` leaves the token in a file."""
    monkeypatch.setattr(SSOProvider, "_SSO_TOKEN_CACHE_DIR", str(config.parent))
    signed_in(config.parent, START)
    config.write_text(f"[default]\n{_START}{_ROLE}")


def sso_session(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same by a session that several profiles share."""
    monkeypatch.setattr(SSOTokenProvider, "_SSO_TOKEN_CACHE_DIR", str(config.parent))
    signed_in(config.parent, "work")
    config.write_text(f"[sso-session work]\n{_START}[default]\nsso_session = work\n{_ROLE}")


def signed_in(folder: Path, name: str, *, until: str = "2099-01-01T00:00:00Z") -> None:
    """Leave the token of a sign-in where botocore finds it."""
    file = hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest() + ".json"
    (folder / file).write_text(json.dumps({"accessToken": SSO_TOKEN, "expiresAt": until}))


def assumed_role(config: Path, _: pytest.MonkeyPatch) -> None:
    role = "role_arn = arn:aws:iam::111122223333:role/billing\nsource_profile = base\n"
    config.write_text(
        f"[default]\nregion = eu-west-1\n{role}" + PROFILE.replace("default", "profile base")
    )


@pytest.fixture(params=[sso, assumed_role], ids=lambda each: each.__name__)
def profile(request: pytest.FixtureRequest, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    request.param(config, monkeypatch)
