"""A `tokenvend.yaml` with one credential under which users consent."""

from typing import Any

from tests.configuration.samples import FIXED

ASKS = FIXED | {"authorization_endpoint": "https://login.acme.example/allow"}


CALLBACK = "https://connect.example/callback/jobs"


CALLERS = {
    "billing": {"identities": [{"client": "billing-web"}]},
    "payroll": {"identities": [{"client": "payroll-web"}]},
}


def consent_file(
    *,
    provider: dict[str, Any] | None = None,
    granted: dict[str, Any] | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """A file with one credential under which users consent."""
    credential = {
        "provider": "acme",
        "kind": "authorization_code",
        "redirect_uri": CALLBACK,
        "scopes": ["read", "write"],
    } | fields
    return {
        "providers": {"acme": ASKS if provider is None else provider},
        "credentials": {"jobs": {key: value for key, value in credential.items() if value}},
        "callers": CALLERS,
        "grants": [
            {"caller": "billing", "credential": "jobs", "scopes": ["read"], **(granted or {})}
        ],
    }
