"""What the client's pages show is run as it stands there, against the fake server."""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import django
import httpx
import pytest
import requests
from django.conf import settings
from django.http import HttpResponse
from django.test import RequestFactory
from tests.client.api import Api, serving_api

from tokenvend_client import Client, TokenvendError
from tokenvend_client.testing import FakeTokenvend, user_token

DOCS = Path(__file__).parents[2] / "docs"
CODE = "fake-one-time-code-"


def blocks(page: str, section: str) -> list[str]:
    text = (DOCS / page).read_text(encoding="utf-8").partition(f"## {section}\n")[2]
    return re.findall(r"```python\n(.*?)```", text.partition("\n## ")[0], re.DOTALL)


def run(source: str, **names: Any) -> dict[str, Any]:
    namespace: dict[str, Any] = {"__name__": "page", **names}
    exec(compile(source, "page", "exec"), namespace)  # noqa: S102 - our own pages
    return namespace


@pytest.fixture
def api() -> Iterator[Api]:
    with serving_api() as running:
        running.accepted = {"Bearer fake-hiring-1"}
        yield running


@pytest.fixture
def served(fake: FakeTokenvend, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeTokenvend]:
    with fake.serve() as url:
        monkeypatch.setenv("TOKENVEND_URL", url)
        monkeypatch.setenv("TOKENVEND_CLIENT_ID", "careers")
        monkeypatch.setenv("TOKENVEND_CLIENT_SECRET", "tv_secret")
        yield fake


def test_flask_goes_from_consent_to_the_api(served: FakeTokenvend, api: Api) -> None:
    (code,) = blocks("client-frameworks.md", "Flask")
    app = run(code)["app"]
    app.secret_key, app.config["API"] = "test", api.url
    browser = app.test_client()
    with browser.session_transaction() as session:
        session["user"] = "user-17"

    assert browser.get("/jobs").location == "/connect"
    link = browser.get("/connect").location
    assert browser.get("/connected?connection=user-17&error=access_denied").status_code == 403
    one_time = served.consent(link)
    assert browser.get(f"/connected?connection=evil&code={one_time}").location == "/jobs"

    assert browser.get("/jobs").status_code == 200
    assert [each.headers["authorization"] for each in api.received] == ["Bearer fake-hiring-1"]


def test_django_goes_from_consent_to_the_api(served: FakeTokenvend, api: Api) -> None:
    if not settings.configured:
        settings.configure(ALLOWED_HOSTS=["testserver"], SECRET_KEY="test", DEFAULT_CHARSET="utf-8")
        django.setup()
    settings.API = api.url
    (code,) = blocks("client-frameworks.md", "Django")
    patterns = run(code)["urlpatterns"]
    settings.ROOT_URLCONF = tuple(patterns)
    views = {str(each.pattern): each.callback for each in patterns}

    def browse(path: str, **query: str) -> HttpResponse:
        request = RequestFactory().get(f"/{path}", query)
        request.user = SimpleNamespace(pk=17, is_authenticated=True)
        answer: HttpResponse = views[path](request)
        return answer

    assert browse("jobs").headers["Location"] == "/connect"
    link = browse("connect").headers["Location"]
    assert browse("connected", error="access_denied").status_code == 403
    done = browse("connected", connection="evil", code=served.consent(link))
    assert done.headers["Location"] == "/jobs"

    assert browse("jobs").status_code == 200
    assert [each.headers["authorization"] for each in api.received] == ["Bearer fake-hiring-1"]


def test_fastapi_goes_from_consent_to_the_api(served: FakeTokenvend, api: Api) -> None:
    (code,) = blocks("client-frameworks.md", "FastAPI")
    page = run(code)
    app = page["app"]
    app.state.api = api.url

    def browse(path: str) -> httpx.Response:
        async def get() -> httpx.Response:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://web") as browser:
                return await browser.get(path)

        return asyncio.run(get())

    assert browse("/connect").status_code == 401
    app.dependency_overrides[page["signed_in_user"]] = lambda: "user-17"

    assert browse("/jobs").headers["location"] == "/connect"
    link = browse("/connect").headers["location"]
    assert browse("/connected?error=access_denied").status_code == 403
    one_time = served.consent(link)
    done = browse(f"/connected?connection=evil&code={one_time}")
    assert done.headers["location"] == "/jobs"

    assert browse("/jobs").status_code == 200
    assert [each.headers["authorization"] for each in api.received] == ["Bearer fake-hiring-1"]


def test_the_first_lines_of_the_page_work(served: FakeTokenvend) -> None:
    text = (DOCS / "client.md").read_text(encoding="utf-8")
    first = re.findall(r"```python\n(.*?)```", text, re.DOTALL)[0]

    assert text.index("```python") < 60
    assert len([line for line in first.splitlines() if line]) == 3
    assert run(first)["headers"] == {"Authorization": "Bearer fake-sr-jobs-1"}
    assert len(served.calls) == 1


@pytest.mark.parametrize("page", ["README.md", "clients/python/README.md"])
def test_the_readme_says_the_same(served: FakeTokenvend, page: str) -> None:
    readme = DOCS.parent / page
    (code,) = re.findall(r"```python\n(.*?)```", readme.read_text(encoding="utf-8"), re.DOTALL)

    assert run(code)["headers"] == {"Authorization": "Bearer fake-sr-jobs-1"}
    assert len(served.calls) == 1


def test_each_way_to_put_a_token_on_a_request_works(
    client: Client, api: Api, fake: FakeTokenvend
) -> None:
    api.accepted = {f"Bearer fake-sr-jobs-{number}" for number in (2, 4, 6)}
    found = blocks("client.md", "On each request, and when an API answers 401")

    for number, code in enumerate(found, start=1):
        page = run(
            code.replace("https://api.example.com", api.url), client=client, requests=requests
        )
        assert page["answer"].status_code == 200, code
        for sender in {"session", "api"} & page.keys():
            page[sender].close()
        assert fake.exchanges == 2 * number
        fake._issued.clear()
        client._cache._slots.clear()
        client._known.clear()
    assert len(found) == 3


def test_the_consent_that_the_page_shows_works(client: Client, fake: FakeTokenvend) -> None:
    code, _ = blocks("client.md", "Users who consent")
    start, complete = code.split("# Send")
    page = run(start, client=client)

    done = run(
        "# Send" + complete,
        client=client,
        hiring=page["hiring"],
        code=fake.consent(page["link"].connect_url),
    )

    assert done["token"].reveal() == "fake-hiring-1"


def test_the_users_own_token_takes_the_names_place_as_the_page_shows(
    client: Client, fake: FakeTokenvend
) -> None:
    _, code = blocks("client.md", "Users who consent")
    start, complete = code.split("# With")
    ada = user_token("ada")
    page = run(start, client=client, id_token=ada)

    given = {"code": fake.consent(page["link"].connect_url), "id_token": ada}
    done = run("# With" + complete, client=client, **given)

    assert done["token"].reveal() == "fake-hiring-1"


def test_the_test_that_the_page_shows_works() -> None:
    (code,) = blocks("client.md", "Your own tests")

    with pytest.raises(TokenvendError, match="temporarily_unavailable"):
        run(code + "client.token('another')")


def test_the_page_names_every_error_and_no_other() -> None:
    text = (DOCS / "client.md").read_text(encoding="utf-8")
    section = text.partition("## When something is wrong")[2].partition("\n## ")[0]

    def below(kind: type[TokenvendError]) -> set[str]:
        return {kind.__name__}.union(*(below(each) for each in kind.__subclasses__()))

    assert set(re.findall(r"`(\w+Error)`", section)) == below(TokenvendError)


def test_what_the_page_says_of_time_is_what_the_code_has() -> None:
    from tokenvend_client import cached_token, fetching, waiting
    from tokenvend_client.cache import ENTRIES_DEFAULT

    text = " ".join((DOCS / "client.md").read_text(encoding="utf-8").split())
    shares = (
        f"{cached_token.STALE_SHARE_LEAST * 100:.0f} to {cached_token.STALE_SHARE_MOST * 100:.0f} %"
    )

    assert f"the last {shares} of the time" in text
    assert f"in at most {fetching.AHEAD_SECONDS:.0f} s" in text
    assert f"gives up after {fetching.TOTAL_SECONDS_DEFAULT:.0f} s" in text
    assert f"believes at most {waiting.RETRY_AFTER_MAXIMUM:.0f} s" in text
    assert f"keeps {json.dumps(ENTRIES_DEFAULT)[0]} 000 tokens" in text
