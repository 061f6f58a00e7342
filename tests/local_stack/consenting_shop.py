"""A caller of the deployed stack whose users consent, and what such a user does."""

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from tests.local_stack.harness import Harness

from tokenvend_local.browsing import Browser, Page
from tokenvend_local.callers import Answer, connect_signed
from tokenvend_local.demo_provider.clients import Flavour
from tokenvend_local.principals import Principal
from tokenvend_local.stack import LocalStack

RETURN_URL = "http://127.0.0.1:9/connected"


@dataclass
class Shop:
    """A caller whose users consent."""

    stack: LocalStack
    credential: str
    role: Principal
    alias: str

    def connections(self, action: str, **form: str) -> Answer:
        return connect_signed(self.stack.deployed, self.role, self.credential, action, **form)

    def start(self, connection: str = "ada") -> str:
        """The link for a user."""
        started = self.connections("start", connection=connection, return_url=RETURN_URL)
        assert started.status == 200, started.document
        return str(started.document["connect_url"])

    def complete(self, returned: Page, connection: str = "ada", **more: str) -> Answer:
        """What the application does with what came back."""
        return self.connections("complete", connection=connection, code=code_in(returned), **more)


def code_in(returned: Page) -> str:
    assert returned.moves_to is not None
    assert returned.moves_to.startswith(RETURN_URL)
    return parse_qs(urlsplit(returned.moves_to).query)["code"][0]


def consent(browser: Browser, connect_url: str, *, user: str = "ada", press: str = "Allow") -> Page:
    """All that a user does, from the link to the page that leads back."""
    asked = browser.open(connect_url)
    left = browser.press(asked, next(iter(asked.forms[0].buttons)))
    return browser.press(browser.go_on(left), press, {"user": user})


def new_shop(
    stack: LocalStack,
    harness: Harness,
    flavour: Flavour = Flavour.SMARTRECRUITERS,
    *,
    own_path: bool = False,
) -> Shop:
    """A shop; with *own_path* its provider has a path for each customer: `{tenant.realm}`."""
    credential, name = harness.name("hiring"), harness.name("shop")
    scopes = ["jobs_read", "user_me_read"]
    harness.consent_credential(credential, flavour=flavour, scopes=scopes)
    if own_path:
        provider = harness.configuration["providers"][credential]
        for key in ("authorization_endpoint", "token_endpoint"):
            provider[key] = provider[key].replace("/identity/", "/{tenant.realm}/")
        provider["tenant_values"] = {"realm": ["identity", "identity-*"]}
    role = harness.role(name, may_invoke=name)
    harness.caller(name, iam=role, direct=role, title="Careers site")
    harness.grant(name, credential, return_urls=[RETURN_URL])
    harness.apply()
    return Shop(stack, credential, role, name)
