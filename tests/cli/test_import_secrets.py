"""`secret import`: many secrets from standard input."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.client import BaseClient
from tests.cli.conftest import Tokenvend
from tests.cli.importing import (
    SECRET,
    import_line,
    jsonl,
    manager,
    refusing,
    run_import,
    stored_names,
)
from tests.fakes.signer import new_pair, pem_of

from tokenvend.domain.signing import SigningAlgorithm

type SecretGenerations = Callable[[], dict[str, str]]
HOST = "login.acme.example"


def _stored(name: str) -> dict[str, str]:
    text = manager().get_secret_value(SecretId=f"tokenvend/tokenvend/{name}")["SecretString"]
    document: dict[str, str] = json.loads(text)
    return document


def _versions(name: str) -> int:
    found = manager().list_secret_version_ids(SecretId=f"tokenvend/tokenvend/{name}")
    return len(found["Versions"])


def test_json_lines_are_written_each_under_its_own_name(
    tokenvend: Tokenvend, secret_generations: SecretGenerations
) -> None:
    tokenvend.apply()

    result = run_import(
        tokenvend,
        jsonl(import_line("acme"), "", import_line("Globex_1"), import_line(None, "jobs")),
    )

    assert result.exit_code == 0, result.output
    assert "3 secrets are written" in result.stdout
    assert stored_names() == ["jobs", "partner/Globex_1", "partner/acme"]
    assert _stored("partner/Globex_1") == {"client_id": "id-Globex_1", "client_secret": SECRET}
    assert sorted(secret_generations()) == [
        "epoch#jobs",
        "epoch#partner/Globex_1",
        "epoch#partner/acme",
    ]
    assert SECRET not in result.output


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_is_written_as_a_spreadsheet_saves_it(tokenvend: Tokenvend, delimiter: str) -> None:
    tokenvend.apply()
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerows(
        [
            ["name", "tenant", "client_id", "client_secret"],
            ["partner", "acme", "a, b; c", 'say "hello"'],
            ["", "", "", ""],
            ["jobs", "", "us", SECRET],
        ]
    )

    result = run_import(tokenvend, "\ufeff" + text.getvalue())

    assert result.exit_code == 0, result.output
    assert _stored("partner/acme") == {"client_id": "a, b; c", "client_secret": 'say "hello"'}
    assert _stored("jobs") == {"client_id": "us", "client_secret": SECRET}


def test_the_same_import_again_writes_nothing(
    tokenvend: Tokenvend, secret_generations: SecretGenerations
) -> None:
    tokenvend.apply()
    lines = jsonl(import_line("acme"), import_line("globex"))
    run_import(tokenvend, lines)
    before = secret_generations()

    again = tokenvend.json("secret", "import", stdin=lines)

    assert (again["written"], again["unchanged"]) == ([], ["partner/acme", "partner/globex"])
    assert secret_generations() == before
    assert _versions("partner/acme") == 1


def test_only_what_is_another_value_is_written_again(
    tokenvend: Tokenvend, secret_generations: SecretGenerations
) -> None:
    tokenvend.apply()
    run_import(tokenvend, jsonl(import_line("acme"), import_line("globex")))
    before = secret_generations()

    newer = jsonl(import_line("acme", client_secret="newer"), import_line("globex"))
    again = tokenvend.json("secret", "import", stdin=newer)

    assert (again["written"], again["unchanged"]) == (["partner/acme"], ["partner/globex"])
    assert _stored("partner/acme")["client_secret"] == "newer"
    assert [
        name
        for name, secret_generation in secret_generations().items()
        if before[name] != secret_generation
    ] == ["epoch#partner/acme"]


def test_secret_generation_that_a_former_run_could_not_announce_is_announced(
    tokenvend: Tokenvend, secret_generations: SecretGenerations, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenvend.apply()
    with monkeypatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", refusing("PutItem", "InternalServerError"))
        cut = run_import(tokenvend, jsonl(import_line("acme")))
    missing = secret_generations()

    run_import(tokenvend, jsonl(import_line("acme")))

    assert cut.exit_code == 1
    assert "the secret of partner/acme is stored, but" in cut.stderr
    assert (missing, list(secret_generations())) == ({}, ["epoch#partner/acme"])
    assert _versions("partner/acme") == 1


def test_of_two_lines_for_one_secret_neither_is_written(tokenvend: Tokenvend) -> None:
    tokenvend.apply()

    result = run_import(
        tokenvend,
        jsonl(
            import_line("acme"), import_line("globex"), import_line("acme", client_secret="newer")
        ),
    )

    assert result.exit_code == 1
    for number in (1, 3):
        assert f"line {number} (partner/acme): lines 1 and 3 are the same secret" in result.stderr
    assert stored_names() == ["partner/globex"]


def test_dry_run_checks_every_line_and_writes_nothing(
    tokenvend: Tokenvend, secret_generations: SecretGenerations
) -> None:
    tokenvend.apply()

    result = run_import(
        tokenvend, jsonl(import_line("acme"), import_line("globex"), SECRET), "--dry-run"
    )

    assert result.exit_code == 1
    assert "2 secrets can be written." in result.stdout
    assert "line 3" in result.stderr
    assert (stored_names(), secret_generations()) == ([], {})


def test_changed_file_redirects_no_secret_unless_the_host_is_agreed_on(
    tokenvend: Tokenvend,
) -> None:
    tokenvend.apply()
    run_import(tokenvend, jsonl(import_line("acme")))
    moved = {"token_endpoint": "https://evil.example/token"}
    tokenvend.write(lambda document: document["providers"].update(acme=moved))
    tokenvend.apply()
    newer = jsonl(import_line("acme", client_secret="newer"), import_line("new"))

    refused = run_import(tokenvend, newer)
    held = _stored("partner/acme")
    another = run_import(tokenvend, newer, "--new-host", "other.example")
    agreed = run_import(tokenvend, newer, "--new-host", "evil.example")

    assert (refused.exit_code, another.exit_code, agreed.exit_code) == (1, 1, 0)
    assert f"(partner/acme): is stored for {HOST}" in refused.stderr
    assert held["client_secret"] == SECRET
    assert _stored("partner/acme")["client_secret"] == "newer"


def test_secret_of_the_users_own_is_not_imported(tokenvend: Tokenvend) -> None:
    arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:ours-AbCdEf"
    tokenvend.write(lambda document: document["credentials"]["jobs"].update(secret={"arn": arn}))
    tokenvend.apply()

    result = run_import(tokenvend, jsonl(import_line(None, "jobs")))

    assert result.exit_code == 1
    assert f"line 1 (jobs): it uses your own secret {arn}" in (result.stderr)


def test_private_keys_public_half_is_shown_and_a_wrong_key_is_told(tokenvend: Tokenvend) -> None:
    def sign(document: dict[str, Any]) -> None:
        document["providers"]["acme"]["client_authentication"] = "private_key_jwt"
        document["credentials"]["partner"]["signing"] = {"algorithm": "ES256"}

    tokenvend.write(sign)
    tokenvend.apply()
    pem = pem_of(new_pair(SigningAlgorithm.ES256)).reveal()
    lines = [
        {"name": "partner", "tenant": tenant, "fields": {"client_id": "us", "private_key": key}}
        for tenant, key in {"acme": pem, "globex": SECRET}.items()
    ]

    found = tokenvend.json("secret", "import", stdin=jsonl(*lines))

    assert found["written"] == ["partner/acme"]
    assert found["public_keys"]["partner/acme"]["kty"] == "EC"
    assert [row["name"] for row in found["wrong"]] == ["partner/globex"]
    assert SECRET not in json.dumps(found)
