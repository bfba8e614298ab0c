"""Profiles: the account comes from exactly one place, and the configuration file, which has secrets, is checked."""

from pathlib import Path

import pytest
from sendblue_contacts_cli import profiles
from sendblue_contacts_cli.exit_codes import CommandError
from sendblue_sandbox import Sandbox

from tests.cli.command_line import Run

KEYS = {"SENDBLUE_API_API_KEY": "env-key", "SENDBLUE_API_API_SECRET": "env-secret"}
URL = {"SENDBLUE_API_BASE_URL": "http://127.0.0.1:1"}
FALLBACKS = {"SENDBLUE_DEFAULT_REGION": "US", "SENDBLUE_RATE_LIMIT_STORE": "memory"}
WORK = {"api_key": "work-key", "api_secret": "work-secret", "base_url": "https://work.example"}
FILE = """\
[default]
api_key = "default-key"
api_secret = "default-secret"
[work]
api_key = "work-key"
api_secret = "work-secret"
base_url = "https://work.example"
default_region = "GB"
rate_limit_store = "file:///tmp/slots"
[half]
api_key = "half-key"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A configuration file with three profiles."""
    return write_config(tmp_path, FILE)


def write_config(folder: Path, text: str, mode: int = 0o600) -> Path:
    """Write a configuration file."""
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def load(profile: str | None, file: Path | str, variables: dict[str, str]) -> dict[str, str]:
    """Return the settings that are found; their repr has no secret."""
    found = profiles.load_settings(profile, {"SENDBLUE_CONFIG": str(file), **variables})
    assert "secret" not in repr(found)
    return dict(found.values)


def error_message(profile: str | None, file: Path | str, variables: dict[str, str]) -> str:
    """Return the error message if the settings are not usable."""
    with pytest.raises(CommandError) as caught:
        load(profile, file, variables)
    return caught.value.message


@pytest.mark.parametrize(
    ("profile", "variables", "expected"),
    [
        ("default", KEYS | URL, {"api_key": "default-key", "api_secret": "default-secret"}),
        (None, KEYS, {"api_key": "env-key", "api_secret": "env-secret"}),
        (None, dict.fromkeys(KEYS, ""), {"api_key": "default-key", "api_secret": "default-secret"}),
        ("work", FALLBACKS, WORK | {"default_region": "GB", "rate_limit_store": "file:///tmp/slots"}),
        ("half", KEYS, "profile half of {} has no api_secret; add api_secret to its section"),
        (None, URL, "the environment has no api_key and no api_secret"),
        (None, {"SENDBLUE_API_API_KEY": "k"}, "the environment has no api_secret"),
        (None, {"SENDBLUE_API_SECRET": "s"}, "the environment has no api_key"),
    ],
)
def test_source(file: Path, profile: str | None, variables: dict[str, str], expected: dict[str, str] | str) -> None:
    """All keys come from one place: a named profile, else the environment, else the profile `default`."""
    if isinstance(expected, str):
        assert error_message(profile, file, variables).startswith(expected.format(file))
    else:
        assert load(profile, file, variables) == expected


def test_profile_variable(file: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """SENDBLUE_PROFILE selects a profile like `--profile`."""
    monkeypatch.setenv("SENDBLUE_CONFIG", str(file))
    monkeypatch.setenv("SENDBLUE_PROFILE", "unknown")
    done = run("count")
    message = f"Error: {file} has no section [unknown]; its sections are: default, work, half\n"
    assert (done.exit_code, done.stderr) == (2, message)


def test_profile_option(run: Run, sendblue_sandbox: Sandbox, no_settings: Path) -> None:
    """The command uses the account of its profile, whether the option stands before or after the command."""
    no_settings.parent.mkdir()
    write_config(no_settings.parent, f'[here]\napi_key = "k"\napi_secret = "s"\nbase_url = "{sendblue_sandbox.url}"\n')
    sendblue_sandbox.seed(2)
    for place in (("--profile", "here", "count"), ("count", "--profile", "here")):
        assert run(*place).stdout == "2\n"


def test_default_config_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without SENDBLUE_CONFIG the file is in the configuration folder of the platform."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert profiles.config_file({}) == tmp_path / "sendblue-contacts" / "config.toml"


def test_other_variables_are_used(run: Run, account: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A region, and a store of the rate limit; its URL may contain a password, and is not shown."""
    monkeypatch.setenv("SENDBLUE_DEFAULT_REGION", "US")
    run("create", "(415) 555-2671")
    assert account.contacts()[0]["phone"] == "+14155552671"
    monkeypatch.setenv("SENDBLUE_RATE_LIMIT_STORE", "carrier-pigeon://user:secret@loft")
    done = run("count")
    assert (done.exit_code, "secret" in done.output, len(account.requests)) == (2, False, 1)


def test_file_with_access_for_others_is_rejected(tmp_path: Path) -> None:
    """The message has the command that fixes it, with the path quoted for the shell."""
    folder = tmp_path / "my settings"
    folder.mkdir()
    for mode in (0o640, 0o604, 0o620, 0o644, 0o666):
        file = write_config(folder, FILE, mode)
        assert error_message("work", file, {}).endswith(f"run: chmod 600 '{file}'")


INVALID_FILES = {
    "[work": "is not valid TOML",
    'api_key = "k"': "api_key is not in a section; move it below a line [default]",
    '[work]\napi_kee = "k"': "unknown setting api_kee in [work]; did you mean api_key?",
    '[work]\nzzz = "k"': "unknown setting zzz in [work]; the settings are api_key, ",
    "[work]\napi_key = 7": "api_key in [work] must be a non-empty string in quotation marks",
    '[work]\napi_key = ""': "api_key in [work] must be a non-empty string in quotation marks",
}


def test_invalid_file_is_rejected(tmp_path: Path) -> None:
    """The message has the problem and the file. With keys in the environment the file is not opened."""
    for text, message in INVALID_FILES.items():
        file = write_config(tmp_path, text)
        found = error_message("work", file, {})
        assert (text, message in found, str(file) in found) == (text, True, True)
        assert load(None, file, KEYS)["api_key"] == "env-key"
    assert error_message("work", tmp_path / "none.toml", {}) == (
        f"cannot read the configuration file {tmp_path}/none.toml: No such file or directory"
    )
    assert "cannot read the configuration file" in error_message("work", tmp_path, {})
