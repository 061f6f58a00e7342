"""A credential that acts for users, and a provider that names the user's token in its answer."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.fakes.clock import START
from tests.fakes.provider import json_response
from tests.unit.vending.harness import BILLING, DEFINITION, GRANT, INVOCATION, Harness

from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.oauth.token_request import ProviderRequest
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.request import VendRequest
from tokenvend.domain.secret import Secret
from tokenvend.domain.users import User, UserToken
from tokenvend.vending.vend_result import VendResult
from tokenvend.vending.vendor import Vendor

STAFF, CUSTOMERS, APP = "https://staff.example", "https://customers.example", "our-api"
ADA, BOB = User(STAFF, "ada", APP), User(STAFF, "bob", APP)


def definition_on_behalf(**described: Any) -> CredentialDefinition:
    return replace(DEFINITION, token_request={"on_behalf_of": "token_exchange"} | described)


class OnBehalfHarness(Harness):
    """`Harness` whose credential acts for users of `STAFF` and of `CUSTOMERS`."""

    def __init__(self, definition: CredentialDefinition | None = None) -> None:
        users = {STAFF: APP, CUSTOMERS: APP}
        super().__init__(
            grant=replace(GRANT, users=users), definition=definition or definition_on_behalf()
        )

    def ask(
        self,
        environment: Vendor,
        user: User = ADA,
        *,
        token: str | None = None,
        until: datetime = START + timedelta(hours=1),
        **changes: Any,
    ) -> VendResult:
        """A request with *user*'s token, whose text names the user unless *token* is given."""
        request = replace(VendRequest("jobs", user=user), **changes)
        text = token or f"{user.issuer[8:]}-{user.subject}-{user.audience}"
        return environment.vend(
            BILLING,
            request,
            time_left=INVOCATION,
            user_token=UserToken(Secret(text), until),
        )


def token_named_for_user(request: ProviderRequest) -> ProviderResponse:
    given = request.form.get("subject_token") or request.form["assertion"]
    fields = {"access_token": f"for-{given}", "token_type": "Bearer", "expires_in": 1800}
    return json_response(fields)


@pytest.fixture
def harness() -> OnBehalfHarness:
    return echoing(OnBehalfHarness())


def echoing(harness: OnBehalfHarness) -> OnBehalfHarness:
    """*harness*, whose provider answers each request with a token that names the user's."""
    harness.provider.script(*[token_named_for_user] * 200)
    return harness


def value_of(vended: VendResult) -> str:
    return vended.answer.token.access_token.reveal()
