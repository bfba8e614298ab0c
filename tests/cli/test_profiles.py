"""Where the account comes from: one place, never a mixture; and the settings file, which holds secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sendblue_contacts_cli import profiles
from sendblue_contacts_cli.exit_codes import CommandError

if TYPE_CHECKING:
    from pathlib import Path

    from sendblue_sandbox import Sandbox

    from tests.cli.command_line import Run

KEYS = {"SENDBLUE_API_API_KEY": "env-key", "SENDBLUE_API_API_SECRET": "env-secret"}
URL = {"SENDBLUE_API_BASE_URL": "http://127.0.0.1:1"}
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
    """A settings file with three profiles."""
    return written(tmp_path, FILE)


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    """A settings file."""
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def find(profile: str | None, file: Path | str, variables: dict[str, str]) -> dict[str, str]:
    """The settings of the account that is found."""
    return dict(profiles.load_settings(profile, {"SENDBLUE_CONFIG": str(file), **variables}).values)


def refused(profile: str | None, file: Path | str, variables: dict[str, str]) -> str:
    """What is said where there is no account."""
    with pytest.raises(CommandError) as caught:
        find(profile, file, variables)
    return caught.value.message


# --- which place


def test_a_profile_that_is_named_comes_first(file: Path) -> None:
    """It counts before the environment, in all that makes the account: no host of the environment gets its keys."""
    assert find("default", file, KEYS | URL) == {"api_key": "default-key", "api_secret": "default-secret"}


def test_the_environment_comes_second(file: Path) -> None:
    """Keys in the environment count before the profile `default`, which is not looked at."""
    assert find(None, file, KEYS) == {"api_key": "env-key", "api_secret": "env-secret"}


def test_the_profile_default_comes_last(file: Path) -> None:
    """Without keys in the environment the profile `default` counts."""
    assert find(None, file, {})["api_key"] == "default-key"


def test_a_broken_file_harms_nobody_who_does_not_need_it(tmp_path: Path) -> None:
    """With keys in the environment the file is not opened."""
    assert find(None, written(tmp_path, "[", 0o644), KEYS)["api_key"] == "env-key"


@pytest.mark.parametrize("half", [URL, {"SENDBLUE_API_API_KEY": "k"}, {"SENDBLUE_API_SECRET": "s"}])
def test_half_an_environment_is_not_completed(file: Path, half: dict[str, str]) -> None:
    """A host or one of two keys in the environment is refused rather than to be mixed with the profile `default`."""
    assert refused(None, file, half).startswith("the environment has no api_")


def test_half_a_profile_is_not_completed(file: Path) -> None:
    """A profile with one key is refused, whatever the environment has."""
    assert refused("half", file, KEYS) == f"profile half of {file} has no api_secret; add api_secret to its section"


def test_the_other_settings_come_from_the_profile(file: Path) -> None:
    """Region and store are those of the profile, where it has them."""
    beside = {"SENDBLUE_DEFAULT_REGION": "US", "SENDBLUE_RATE_LIMIT_STORE": "memory"}
    found = find("work", file, beside)
    assert (found["default_region"], found["rate_limit_store"]) == ("GB", "file:///tmp/slots")


def test_the_other_settings_come_from_the_environment_else(file: Path) -> None:
    """A profile without them takes those of the environment."""
    beside = {"SENDBLUE_DEFAULT_REGION": "US", "SENDBLUE_RATE_LIMIT_STORE": "memory"}
    found = find("default", file, beside)
    assert (found["default_region"], found["rate_limit_store"]) == ("US", "memory")


def test_no_account_at_all(tmp_path: Path) -> None:
    """It says both ways to name one, and where the file would be."""
    said = refused(None, tmp_path / "none.toml", {})
    assert all(each in said for each in (*KEYS, "[default]", str(tmp_path / "none.toml")))


def test_empty_variables_are_absent(file: Path) -> None:
    """An empty variable is as none."""
    assert find(None, file, dict.fromkeys(KEYS, ""))["api_key"] == "default-key"


def test_the_profile_of_the_environment(
    file: Path, run: Run, account: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SENDBLUE_PROFILE names a profile like `--profile`."""
    _ = account
    monkeypatch.setenv("SENDBLUE_CONFIG", str(file))
    monkeypatch.setenv("SENDBLUE_PROFILE", "nobody")
    done = run("count")
    assert (done.exit_code, done.stderr) == (
        2,
        f"Error: {file} has no section [nobody]; its sections are: default, work, half\n",
    )


@pytest.mark.parametrize("place", [("--profile", "here", "count"), ("count", "--profile", "here")])
def test_a_profile_before_or_after_the_command(
    place: tuple[str, ...], run: Run, sendblue_sandbox: Sandbox, nothing_set: Path
) -> None:
    """A command is run with the account of its profile, wherever the option stands."""
    nothing_set.parent.mkdir()
    written(nothing_set.parent, f'[here]\napi_key = "k"\napi_secret = "s"\nbase_url = "{sendblue_sandbox.url}"\n')
    sendblue_sandbox.seed(2)
    assert run(*place).stdout == "2\n"


def test_the_usual_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without SENDBLUE_CONFIG the file is where the platform keeps settings."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert profiles.config_file({}) == tmp_path / "sendblue-contacts" / "config.toml"


def test_the_default_region_is_used(run: Run, account: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a region, numbers in national form are read."""
    monkeypatch.setenv("SENDBLUE_DEFAULT_REGION", "US")
    run("create", "(415) 555-2671")
    assert account.contacts()[0]["phone"] == "+14155552671"


def test_the_store_is_used(run: Run, account: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store for the limit that is none is refused, and its address, which may hold a password, is not shown."""
    monkeypatch.setenv("SENDBLUE_RATE_LIMIT_STORE", "carrier-pigeon://user:secret@loft")
    done = run("count")
    assert (done.exit_code, "secret" in done.output, account.requests) == (2, False, [])


# --- the file


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644, 0o666])
def test_others_can_read_it(tmp_path: Path, mode: int) -> None:
    """It is refused, with the line to type."""
    file = written(tmp_path, FILE, mode)
    assert refused("work", file, {}).endswith(f"run: chmod 600 {file}")


def test_the_line_to_type_is_quoted(tmp_path: Path) -> None:
    """A path with a space is one word for the shell."""
    folder = tmp_path / "my settings"
    folder.mkdir()
    assert refused("work", written(folder, FILE, 0o644), {}).endswith(f"chmod 600 '{folder}/config.toml'")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[work", "is not valid TOML"),
        ('api_key = "k"', "api_key is not in a section; move it below a line [default]"),
        ('[work]\napi_kee = "k"', "unknown setting api_kee in [work]; did you mean api_key?"),
        ('[work]\nzzz = "k"', "unknown setting zzz in [work]; the settings are api_key, "),
        ("[work]\napi_key = 7", "api_key in [work] must be a non-empty string in quotation marks"),
        ('[work]\napi_key = ""', "api_key in [work] must be a non-empty string in quotation marks"),
    ],
)
def test_a_file_that_is_none(tmp_path: Path, text: str, said: str) -> None:
    """It says what is wrong with it, and where."""
    file = written(tmp_path, text)
    found = refused("work", file, {})
    assert (said in found, str(file) in found) == (True, True)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A profile without a file is refused with the file's name."""
    assert refused("work", tmp_path / "none.toml", {}) == (
        f"cannot read the configuration file {tmp_path}/none.toml: No such file or directory"
    )


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    """So is one that cannot be opened."""
    assert "cannot read the configuration file" in refused("work", tmp_path, {})


def test_no_repr_shows_a_secret(file: Path) -> None:
    """Neither that of the account nor what is made of it."""
    assert "secret" not in repr(profiles.load_settings("work", {"SENDBLUE_CONFIG": str(file)}))
