"""`doctor`: what `checks` finds, for a person or as JSON Lines."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from .options import all_options, chosen
from .output import write_json
from .statuses import DONE, REFUSED
from .texts import clean

if TYPE_CHECKING:
    from .checks import Finding

MARKS = {"ok": ("✓", "green"), "wrong": ("✗", "red"), "skipped": ("·", "yellow")}
INDENT = 15
"""Where the text begins, after the mark and the name of the check."""


@click.command()
@all_options
@click.pass_context
def doctor(context: click.Context) -> None:
    """Find out what is wrong, and how to mend it.

    It looks at versions, settings, the store of the rate limit, the host, the credentials and the clock, and sends one
    request. Exit status 1 if anything is wrong.

    \b
    The account comes from the first of these places, and never from two of them:
      1. the profile that --profile or SENDBLUE_PROFILE names
      2. the environment, where it has one of SENDBLUE_API_API_KEY,
         SENDBLUE_API_API_SECRET and SENDBLUE_API_BASE_URL
      3. the profile "default"

    \b
    Profiles are sections of a settings file. It is the one that SENDBLUE_CONFIG
    names, else config.toml in
      ~/.config/sendblue-contacts                        on Linux
      ~/Library/Application Support/sendblue-contacts    on macOS
    It holds secrets, so nobody else may be able to read it (chmod 600):
      [default]
      api_key = "…"
      api_secret = "…"
      base_url = "https://api.sendblue.co"
      default_region = "US"              # else from SENDBLUE_DEFAULT_REGION
      rate_limit_store = "file:///…"     # else from SENDBLUE_RATE_LIMIT_STORE
    """  # noqa: D301  # click wants a real \b, and leaves the lines after it as they are
    from .checks import examine  # noqa: PLC0415  # loads ssl

    wrong = False
    for finding in examine(chosen().profile):
        wrong = wrong or finding.state == "wrong"
        _show(finding)
    context.exit(REFUSED if wrong else DONE)


def _show(finding: Finding) -> None:
    options = chosen()
    if options.json:
        write_json(asdict(finding))
    elif finding.state != "ok" or not options.quiet:
        _write(finding)


def _write(finding: Finding) -> None:
    mark, colour = MARKS[finding.state]
    paints = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    head = f"{mark} {finding.check}"
    text = [clean(finding.says), *([f"→ {clean(finding.mend)}"] if finding.mend else [])]
    shown = "\n".join(map(_wrapped, text)).removeprefix(" " * INDENT)
    click.echo(f"{click.style(head, fg=colour) if paints else head}{' ' * (INDENT - len(head))}{shown}")


def _wrapped(text: str) -> str:
    """The text beside the names, in as many lines as the terminal needs; a pipe gets one."""
    margin = " " * INDENT
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else len(text) + INDENT + 1
    return click.wrap_text(text, width, margin, margin)
