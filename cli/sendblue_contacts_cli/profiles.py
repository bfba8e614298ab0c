"""The settings of the client: key, secret, base URL, default region and rate limit store.

The key, the secret and the base URL always come from one place, the first of these that has any of them:

    1. the profile that --profile or SENDBLUE_PROFILE names
    2. the environment: SENDBLUE_API_API_KEY, SENDBLUE_API_API_SECRET, SENDBLUE_API_BASE_URL
    3. the profile `default`

Mixing two places could send the key of one account to the server of another. The other two settings, `default_region`
and `rate_limit_store`, come from the profile, and from the environment if the profile does not set them.

A profile is a section of a TOML file with any of these five settings. The file is config.toml in the user's
configuration folder, or the file that SENDBLUE_CONFIG names. It contains secrets, so it is rejected if other users can
read it.
"""

from __future__ import annotations

import os
import shlex
import stat
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sendblue_contacts.config import (
    BASE_URL,
    KEY_VARIABLES,
    SECRET_VARIABLES,
    STORE_VARIABLE,
    URL_VARIABLE,
)

from .exit_codes import CommandError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sendblue_contacts import Sendblue

FILE_VARIABLE = "SENDBLUE_CONFIG"
DEFAULT_PROFILE = "default"
ENVIRONMENT = "the environment"
ACCOUNT_SETTINGS: dict[str, tuple[str, ...]] = {
    "api_key": KEY_VARIABLES,
    "api_secret": SECRET_VARIABLES,
    "base_url": (URL_VARIABLE,),
}
OTHER_SETTINGS = {"default_region": ("SENDBLUE_DEFAULT_REGION",), "rate_limit_store": (STORE_VARIABLE,)}
SETTINGS: dict[str, tuple[str, ...]] = ACCOUNT_SETTINGS | OTHER_SETTINGS
"""Each setting, and the environment variables that can set it."""


@dataclass(frozen=True, slots=True, repr=False)
class ClientSettings:
    """Settings of the client. The repr does not show them.

    Attributes:
        source: Where they come from, in words, such as `the environment`.
        values: The values, by their names in `SETTINGS`.
    """

    source: str
    values: Mapping[str, str]

    @property
    def base_url(self) -> str:
        """The base URL of the API."""
        return self.values.get("base_url", BASE_URL)

    def create_client(self, default_region: str | None = None) -> Sendblue:
        """Return a client with these settings.

        Args:
            default_region: Replaces the region of the settings.
        """
        from sendblue_contacts import RateLimit, Sendblue  # noqa: PLC0415  # loads httpx

        store = self.values.get("rate_limit_store")
        return Sendblue(
            self.values["api_key"],
            self.values["api_secret"],
            base_url=self.base_url,
            default_region=default_region or self.values.get("default_region"),
            rate_limit=RateLimit(store=store) if store else RateLimit(),
        )


def load_settings(profile: str | None, environment: Mapping[str, str] = os.environ) -> ClientSettings:
    """Return the settings from the first place that has any, with complete credentials.

    Args:
        profile: The name of a profile, or None.
        environment: The environment variables.

    Raises:
        CommandError: The credentials are missing or incomplete, or the configuration file cannot be used.
    """
    found = find_settings(profile, environment)
    missing = [name for name in ("api_key", "api_secret") if name not in found.values]
    if not missing:
        return found
    if any(name in found.values for name in ACCOUNT_SETTINGS):
        raise CommandError(f"{found.source} has no {' and no '.join(missing)}; {_fix(found.source, missing)}")
    raise CommandError(
        f"no credentials found: set {KEY_VARIABLES[0]} and {SECRET_VARIABLES[0]}, or add api_key and api_secret to the "
        f"section [{DEFAULT_PROFILE}] of {config_file(environment)}"
    )


def _fix(source: str, missing: list[str]) -> str:
    if source == ENVIRONMENT:
        return f"set {' and '.join(SETTINGS[name][0] for name in missing)} as well, or select a profile with --profile"
    return f"add {' and '.join(missing)} to its section"


def find_settings(profile: str | None, environment: Mapping[str, str] = os.environ) -> ClientSettings:
    """Return the settings from the first place that has any; credentials may be missing.

    Args:
        profile: The name of a profile, or None.
        environment: The environment variables.

    Raises:
        CommandError: The configuration file cannot be used, or does not have the profile.
    """
    variables = _from_environment(SETTINGS, environment)
    if profile is None and variables.keys() & ACCOUNT_SETTINGS.keys():
        return ClientSettings(ENVIRONMENT, variables)
    path = config_file(environment)
    sections = read_profiles(path) if profile is not None or path.exists() else {}
    if profile is None and DEFAULT_PROFILE not in sections:
        return ClientSettings(ENVIRONMENT, variables)
    name = DEFAULT_PROFILE if profile is None else profile
    if name not in sections:
        raise CommandError(f"{path} has no section [{name}]; its sections are: {', '.join(sections) or 'none'}")
    return ClientSettings(f"profile {name} of {path}", _from_environment(OTHER_SETTINGS, environment) | sections[name])


def _from_environment(settings: Mapping[str, tuple[str, ...]], environment: Mapping[str, str]) -> dict[str, str]:
    values = {
        name: next((environment[variable] for variable in variables if environment.get(variable)), "")
        for name, variables in settings.items()
    }
    return {name: value for name, value in values.items() if value}


def config_file(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the path of the configuration file, which may not exist."""
    if path := environment.get(FILE_VARIABLE):
        return Path(path)
    folder: Path = import_module("platformdirs").user_config_path("sendblue-contacts", appauthor=False)
    return folder / "config.toml"


def profile_names() -> list[str]:
    """Return the names of the profiles, for shell completion; an empty list if the file cannot be used."""
    with suppress(CommandError, OSError):
        return list(read_profiles(config_file()))
    return []


def read_profiles(path: Path) -> dict[str, dict[str, str]]:
    """Return the settings in a configuration file, by profile.

    Raises:
        CommandError: The file does not exist, other users can read it, or its content is invalid.
    """
    try:
        with path.open("rb") as file:
            _check_mode(path, os.fstat(file.fileno()).st_mode)
            sections = tomllib.load(file)
    except OSError as error:
        raise CommandError(f"cannot read the configuration file {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CommandError(f"the configuration file {path} is not valid TOML: {error}") from None
    return {name: _check_section(path, name, values) for name, values in sections.items()}


def _check_mode(path: Path, mode: int) -> None:
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        command = f"chmod 600 {shlex.quote(str(path))}"
        raise CommandError(f"{path} contains secrets and other users can access it; run: {command}")


def _check_section(path: Path, name: str, values: Any) -> dict[str, str]:  # noqa: ANN401  # any TOML value
    if not isinstance(values, dict):
        raise CommandError(f"{path}: {name} is not in a section; move it below a line [{DEFAULT_PROFILE}]")
    for key, value in values.items():  # pyright: ignore[reportUnknownVariableType]  # any TOML value
        if key not in SETTINGS:
            near = get_close_matches(str(key), SETTINGS, n=1)  # pyright: ignore[reportUnknownArgumentType]  # as above
            raise CommandError(f"{path}: unknown setting {key} in [{name}]; {_suggestion(near)}")
        if not isinstance(value, str) or not value:
            raise CommandError(f"{path}: {key} in [{name}] must be a non-empty string in quotation marks")
    return dict(values)  # pyright: ignore[reportUnknownArgumentType]  # checked above


def _suggestion(near: list[str]) -> str:
    return f"did you mean {near[0]}?" if near else f"the settings are {', '.join(SETTINGS)}"
