"""Write `docs/providers.md` from the profiles: `python -m scripts.providers_page`."""

import json
from collections import Counter
from collections.abc import Iterator

from scripts.catalogue.measure import RESULT
from scripts.envs import ROOT
from tokenvend_cli.configuration.profile_facts import fact_rows, least_sure
from tokenvend_cli.configuration.profile_models import CERTAINTIES, Area, Certainty, Profile
from tokenvend_cli.configuration.profiles import load_profile, profile_names

#: The kinds of the catalogue, with their usual names.
_KINDS = {
    "client_credentials": "client credentials",
    "login": "a login of its own, without a user",
    "authorization_code": "authorization code",
    "api_key": "API key",
    "basic": "HTTP Basic",
    "signed_jwt": "a signed JWT as the token itself",
}
PAGE = ROOT / "docs" / "providers.md"
_HEAD = """# Providers that have a profile

A profile is what tokenvend knows of a provider: its endpoints, how a client authenticates there,
and where it differs from the standards. Name the profile in `tokenvend.yaml`, and you need not
find these out.

1. Find your provider below, and read how sure its facts are. The command shows the same:

   ```
   tokenvend providers list
   tokenvend providers show smartrecruiters
   ```

2. Name the profile, with its parameters:

   ```yaml
   providers:
     hiring: {profile: bamboohr, parameters: {company: mycompany}}
   ```

   If a parameter differs from customer to customer, leave it to the tenants. Then each tenant's
   secret holds the value, and is sent
   [to that host only](configuration.md#give-each-customer-its-own-host):

   ```yaml
   providers:
     hiring: {profile: bamboohr, parameters: {company: "{tenant.company}"}}
   ```

3. If your provider differs from its profile, say so in the file: each key in the file replaces
   that of the profile. `tokenvend probe` measures what no documentation says.

If your provider is not here, [describe it](configuration.md#providers).
`python -m scripts.providers_page` makes this page from the profiles.

## How sure a fact is
"""

_COUNTED = """## How many providers can be described

[Nango's catalogue](https://github.com/NangoHQ/nango/blob/{commit}/packages/providers/providers.yaml)
of August 2026 describes 981 providers. The table counts those with OAuth 2 or a static credential.

1. Each entry is turned into a provider and a credential of `tokenvend.yaml`, by rules.
2. The file is checked as `tokenvend validate` checks it, and compiled.
3. Its requests are built, down to their bytes, with a made-up secret: the token request, or the
   code exchange and a refresh.
4. The catalogue's templates of API requests are turned into `api_request` or `api_key`. A provider
   counts only if that is possible too, because its API must take the token.

No provider was asked. The table shows what can be described, not that the catalogue is right.
If customers have whole hosts of their own, the file must list these hosts. To count again:
`python -m scripts.catalogue.measure FILE COMMIT`.
"""


def page() -> str:
    """Return the whole page."""
    profiles = {name: load_profile(name) for name in profile_names()}
    parts = [*_certainties(profiles), "", *_areas(profiles), *_counted()]
    return "\n".join([_HEAD, *parts]) + "\n"


def counted_rows() -> list[str]:
    """Return how many providers of each kind can be described, as rows of a table."""
    kinds = json.loads(RESULT.read_text(encoding="utf-8"))["kinds"]
    rows = [(_KINDS[name], each["all"], each["described"]) for name, each in kinds.items()]
    rows.append(("**all**", sum(row[1] for row in rows), sum(row[2] for row in rows)))
    return [f"| {name} | {total} | {said} ({said / total:.1%}) |" for name, total, said in rows]


def _counted() -> Iterator[str]:
    counted = json.loads(RESULT.read_text(encoding="utf-8"))
    yield _COUNTED.format(**counted)
    yield "| kind | in the catalogue | can be described |\n|---|---|---|"
    yield from counted_rows()
    yield "\n| why the others cannot | providers |\n|---|---|"
    for reason, number in counted["reasons"].items():
        yield f"| {reason} | {number} |"


def _certainties(profiles: dict[str, Profile]) -> Iterator[str]:
    counted = Counter(
        fact.certainty for profile in profiles.values() for fact in profile.every_fact()
    )
    yield "| word | meaning | facts |"
    yield "|---|---|---|"
    for certainty in Certainty:
        yield f"| {certainty} | {CERTAINTIES[certainty]} | {counted[certainty]} |"
    yield f"\nThere are {len(profiles)} profiles. Tests run each of them, from the file to a token,"
    yield "against a test server that behaves as the facts say. No test asks the providers."


def _areas(profiles: dict[str, Profile]) -> Iterator[str]:
    for area in Area:
        chosen = {name: each for name, each in profiles.items() if each.area is area}
        if not chosen:
            continue
        yield f"## {area}\n"
        yield "| profile | provider | kinds | parameters | least sure fact |"
        yield "|---|---|---|---|---|"
        for name, profile in chosen.items():
            kinds = ", ".join(profile.kinds.value)
            parameters = ", ".join(f"`{each}`" for each in profile.parameters)
            link = f"[`{name}`](#{name})"
            yield f"| {link} | {profile.title} | {kinds} | {parameters} | {least_sure(profile)} |"
        yield ""
        for name, profile in chosen.items():
            yield from _profile(name, profile)


def _profile(name: str, profile: Profile) -> Iterator[str]:
    yield f"### {name}\n"
    yield f"{profile.title}.\n"
    for parameter, described in profile.parameters.items():
        yield f"- `parameters.{parameter}`: {described.description}, such as `{described.example}`"
        if described.tenant_patterns:
            patterns = ", ".join(f"`{each}`" for each in described.tenant_patterns)
            one_of = "one of " if len(described.tenant_patterns) > 1 else ""
            yield f"  If each tenant has its own, it must match {one_of}{patterns}."
    if profile.parameters:
        yield ""
    yield "| fact | value | certainty | source |"
    yield "|---|---|---|---|"
    for row in fact_rows(profile):
        value = _cell(row["value"])
        shown = value if row["fact"] == "quirk" else f"`{value}`"
        if row["note"]:
            shown += f"; {_cell(row['note'])}"
        source = _cell(row["source"] or row["because"])
        linked = f"[{source}]({row['url']})" if row["url"] else source
        yield f"| {row['fact']} | {shown} | {row['certainty']} | {linked} |"
    yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")
