"""Environments are made again only when they must be, from the registry in pip's settings."""

from pathlib import Path

import pytest

from scripts import envs


def test_uv_asks_the_index_that_pip_is_set_up_for() -> None:
    config = "global.index-url='https://mirror.example/simple'\nglobal.cert='/etc/ca.pem'\n"

    assert envs.uv_settings(config, {}) == {
        "UV_DEFAULT_INDEX": "https://mirror.example/simple",
        "SSL_CERT_FILE": "/etc/ca.pem",
    }


def test_pips_environment_wins_over_its_files() -> None:
    config = ":env:.index-url='https://env.example'\nglobal.index-url='https://file.example'\n"

    assert envs.uv_settings(config, {}) == {"UV_DEFAULT_INDEX": "https://env.example"}


@pytest.mark.parametrize("variable", ["UV_DEFAULT_INDEX", "UV_INDEX_URL"])
def test_uvs_own_setting_wins_over_pips(variable: str) -> None:
    config = "global.index-url='https://mirror.example/simple'\n"

    assert envs.uv_settings(config, {variable: "https://own.example"}) == {}


def test_an_environment_is_out_of_date_when_its_list_changes(tmp_path: Path) -> None:
    listed = tmp_path / "dev.txt"
    listed.write_text("a==1")
    (tmp_path / envs.STAMP).write_text(envs.fingerprint(listed))
    before = envs.up_to_date(tmp_path, envs.fingerprint(listed))

    listed.write_text("a==2")

    assert before
    assert not envs.up_to_date(tmp_path, envs.fingerprint(listed))


def test_an_environment_is_out_of_date_under_another_python(tmp_path: Path) -> None:
    listed = tmp_path / "dev.txt"
    listed.write_text("a==1")

    assert envs.fingerprint(listed) != envs.fingerprint(listed, salt="another")


def test_a_failing_command_tells_the_end_of_what_it_printed() -> None:
    with pytest.raises(envs.SetupError, match="no such thing") as caught:
        envs.run("bash", "-c", "echo no such thing; exit 3")

    assert "ended with 3" in str(caught.value)
