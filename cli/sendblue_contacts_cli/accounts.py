"""Where the account comes from: its key, its secret and its host, all from one place and never a mixture.

    1. the profile that is named with --profile or SENDBLUE_PROFILE
    2. the environment, where it has any of SENDBLUE_API_API_KEY, SENDBLUE_API_API_SECRET, SENDBLUE_API_BASE_URL
    3. the profile `default`

So a key never goes to the host of another account because half of the settings came from elsewhere. The other two
settings, `default_region` and `rate_limit_store`, come from the profile, else from the environment.

A profile is a section of a TOML file with any of these five settings. The file is config.toml in the user's folder for
settings, or the one that SENDBLUE_CONFIG names. It holds secrets: it is refused where others can read it.
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

from .options import chosen
from .statuses import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sendblue_contacts.client import Sendblue

FILE_VARIABLE = "SENDBLUE_CONFIG"
DEFAULT = "default"
OF_THE_ACCOUNT: dict[str, tuple[str, ...]] = {
    "api_key": KEY_VARIABLES,
    "api_secret": SECRET_VARIABLES,
    "base_url": (URL_VARIABLE,),
}
BESIDES = {"default_region": ("SENDBLUE_DEFAULT_REGION",), "rate_limit_store": (STORE_VARIABLE,)}
SETTINGS: dict[str, tuple[str, ...]] = OF_THE_ACCOUNT | BESIDES
"""Each setting and the variables that it may come from."""


@dataclass(frozen=True, slots=True, repr=False)
class Account:
    """Settings that are ready to make a client of, none of them shown.

    Attributes:
        source: Where they come from, for people.
        settings: The values, by their names in `SETTINGS`.
    """

    source: str
    settings: Mapping[str, str]

    @property
    def base_url(self) -> str:
        """The host that is asked."""
        return self.settings.get("base_url", BASE_URL)

    def client(self, default_region: str | None = None) -> Sendblue:
        """A client of this account.

        Args:
            default_region: Instead of the one in the settings.
        """
        from sendblue_contacts import RateLimit, Sendblue  # noqa: PLC0415  # loads httpx

        store = self.settings.get("rate_limit_store")
        return Sendblue(
            self.settings["api_key"],
            self.settings["api_secret"],
            base_url=self.base_url,
            default_region=default_region or self.settings.get("default_region"),
            rate_limit=RateLimit(store=store) if store else RateLimit(),
        )


def account() -> Account:
    """The account of the command that runs now.

    Raises:
        Refusal: As for `find`.
    """
    return find(chosen().profile)


def region() -> str | None:
    """The region for numbers in national form, also where there are no credentials.

    Raises:
        Refusal: The settings file cannot be used.
    """
    return _find(chosen().profile, os.environ).settings.get("default_region")


def find(profile: str | None, environment: Mapping[str, str] = os.environ) -> Account:
    """The account, from the first place that has one.

    Args:
        profile: The profile that was named, if one was.
        environment: The environment variables.

    Raises:
        Refusal: There are no credentials, or the file cannot be used.
    """
    found = _find(profile, environment)
    missing = [name for name in ("api_key", "api_secret") if name not in found.settings]
    if not missing:
        return found
    if any(name in found.settings for name in OF_THE_ACCOUNT):
        raise Refusal(f"{found.source} has no {' and no '.join(missing)}: set {_where(found.source, missing)}")
    path = settings_file(environment)
    raise Refusal(
        f"there are no credentials: set {KEY_VARIABLES[0]} and {SECRET_VARIABLES[0]}, or write api_key and api_secret "
        f"into a section [{DEFAULT}] of {path}"
    )


def _where(source: str, missing: list[str]) -> str:
    if source == ENVIRONMENT:
        return f"{' and '.join(SETTINGS[name][0] for name in missing)} too, or choose a profile with --profile"
    return f"{' and '.join(missing)} in that section"


ENVIRONMENT = "the environment"


def _find(profile: str | None, environment: Mapping[str, str]) -> Account:
    ours = _from_environment(SETTINGS, environment)
    if profile is None and ours.keys() & OF_THE_ACCOUNT.keys():
        return Account(ENVIRONMENT, ours)
    path = settings_file(environment)
    profiles = read(path) if profile is not None or path.exists() else {}
    if profile is None and DEFAULT not in profiles:
        return Account(ENVIRONMENT, ours)
    name = DEFAULT if profile is None else profile
    if name not in profiles:
        raise Refusal(f"{path} has no section [{name}]; it has {', '.join(profiles) or 'none'}")
    return Account(f"profile {name} of {path}", _from_environment(BESIDES, environment) | profiles[name])


def _from_environment(settings: Mapping[str, tuple[str, ...]], environment: Mapping[str, str]) -> dict[str, str]:
    values = {
        name: next((environment[each] for each in variables if environment.get(each)), "")
        for name, variables in settings.items()
    }
    return {name: value for name, value in values.items() if value}


def settings_file(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the profiles stand, whether the file is there or not."""
    if named := environment.get(FILE_VARIABLE):
        return Path(named)
    folder: Path = import_module("platformdirs").user_config_path("sendblue-contacts", appauthor=False)
    return folder / "config.toml"


def names() -> list[str]:
    """The profiles that there are, for the completion in shells; none if the file cannot be used."""
    with suppress(Refusal, OSError):
        return list(read(settings_file()))
    return []


def read(path: Path) -> dict[str, dict[str, str]]:
    """The profiles of a file, by name.

    Raises:
        Refusal: The file is not there, others can read it, or it is not as described on top.
    """
    try:
        with path.open("rb") as file:
            _check_mode(path, os.fstat(file.fileno()).st_mode)
            sections = tomllib.load(file)
    except OSError as error:
        raise Refusal(f"the settings file {path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Refusal(f"the settings file {path} is no TOML: {error}") from None
    return {name: _section(path, name, values) for name, values in sections.items()}


def _check_mode(path: Path, mode: int) -> None:
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise Refusal(f"{path} holds secrets and others can read it; type: chmod 600 {shlex.quote(str(path))}")


def _section(path: Path, name: str, values: Any) -> dict[str, str]:  # noqa: ANN401  # whatever the file holds
    if not isinstance(values, dict):
        raise Refusal(f"{path}: {name} stands in no section; write it under a line [{DEFAULT}]")
    for key, value in values.items():  # pyright: ignore[reportUnknownVariableType]  # whatever the file holds
        if key not in SETTINGS:
            near = get_close_matches(str(key), SETTINGS, n=1)  # pyright: ignore[reportUnknownArgumentType]  # as above
            raise Refusal(f"{path}: [{name}] has {key}, which is no setting; {_hint(near)}")
        if not isinstance(value, str) or not value:
            raise Refusal(f"{path}: {key} in [{name}] must be a text in quotation marks, and not empty")
    return dict(values)  # pyright: ignore[reportUnknownArgumentType]  # checked above


def _hint(near: list[str]) -> str:
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(SETTINGS)}"
