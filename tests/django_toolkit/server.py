"""Django OAuth Toolkit as an authorization server, in one process and with its data in memory.

Configured by one JSON text in DJANGO_OAUTH_TOOLKIT:
  {port, scopes: {name: words}, rotates, client: {client_id, client_secret, redirect_uris}}
Its one user is signed in and agrees to everything, so a test needs no pages. Writes a line of JSON
once it listens, and one for each token request, without the tokens: {status, error, scope}.
"""

import json
import os
import sys
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.urls import include, path

SETTINGS = json.loads(os.environ["DJANGO_OAUTH_TOOLKIT"])
USER = "ada"

settings.configure(
    SECRET_KEY=os.urandom(32).hex(),
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=[
        *("django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"),
        "oauth2_provider",
    ],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware", __name__ + ".signed_in"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": "file:provider?mode=memory&cache=shared",
            "OPTIONS": {"uri": True, "timeout": 10},
        }
    },
    OAUTH2_PROVIDER={
        "SCOPES": SETTINGS["scopes"],
        "ROTATE_REFRESH_TOKEN": SETTINGS["rotates"],
        "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
        "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
    },
    USE_TZ=True,
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from oauth2_provider.models import get_application_model  # noqa: E402

urlpatterns = [path("o/", include("oauth2_provider.urls", namespace="oauth2_provider"))]


def signed_in(get_response: Any) -> Any:
    """Middleware: whoever comes is the one user."""

    def middleware(request: Any) -> Any:
        request.user = User.objects.get(username=USER)
        response = get_response(request)
        if request.path == "/o/token/":
            answer = json.loads(response.content)
            line = {"status": response.status_code, "error": answer.get("error")}
            tell(line | {"scope": request.POST.get("scope")})
        return response

    return middleware


def tell(line: dict[str, Any]) -> None:
    """Write one line of JSON."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


class Server(ThreadingMixIn, WSGIServer):
    """A thread for each request."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """No line for each request: URLs hold codes."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> None:
    """Serve until the process is stopped."""
    call_command("migrate", verbosity=0)
    client = SETTINGS["client"]
    application = get_application_model()
    application.objects.create(
        client_id=client["client_id"],
        client_secret=client["client_secret"],
        client_type=application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=application.GRANT_AUTHORIZATION_CODE,
        redirect_uris=" ".join(client["redirect_uris"]),
        skip_authorization=True,
        user=User.objects.create(username=USER),
    )
    server = make_server("127.0.0.1", SETTINGS["port"], get_wsgi_application(), Server, Quiet)
    tell({"listening": SETTINGS["port"]})
    server.serve_forever()


if __name__ == "__main__":
    main()
