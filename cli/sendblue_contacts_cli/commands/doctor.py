"""The command `doctor`: shows the findings of `doctor_checks` as text or as JSON Lines."""

from __future__ import annotations

import shutil
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from sendblue_contacts_cli.context import common_options, current_options
from sendblue_contacts_cli.exit_codes import REJECTED, SUCCESS
from sendblue_contacts_cli.formatting import printable
from sendblue_contacts_cli.help import styled
from sendblue_contacts_cli.output import write_json

if TYPE_CHECKING:
    from sendblue_contacts_cli.doctor_checks import Finding

MARKS = {"ok": ("✓", "green"), "failed": ("✗", "red"), "skipped": ("·", "yellow")}
INDENT = 15
"""Width of the mark and the name of the check."""


@click.command()
@common_options
@click.pass_context
def doctor(context: click.Context) -> None:
    """Check the setup and suggest fixes.

    Checks the versions, the settings, the rate limit store, the host, the credentials and the clock. Sends one request.
    Exits with 1 if a check fails.

    \b
    Examples:
      sendblue-contacts doctor
      sendblue-contacts doctor --profile test --json

    \b
    The key, the secret and the base URL all come from the first of these places:
      1. the profile that --profile or SENDBLUE_PROFILE names
      2. the environment, if it has one of SENDBLUE_API_API_KEY,
         SENDBLUE_API_API_SECRET and SENDBLUE_API_BASE_URL
      3. the profile "default"

    \b
    Profiles are sections of a configuration file: the one that SENDBLUE_CONFIG
    names, or else config.toml in
      ~/.config/sendblue-contacts                        on Linux
      ~/Library/Application Support/sendblue-contacts    on macOS
    It contains secrets, so no other user may have access to it (chmod 600):
      [default]
      api_key = "…"
      api_secret = "…"
      base_url = "https://api.sendblue.co"
      default_region = "US"              # or SENDBLUE_DEFAULT_REGION
      rate_limit_store = "file:///…"     # or SENDBLUE_RATE_LIMIT_STORE
    """  # noqa: D301  # click wants a real \b, and leaves the lines after it as they are
    from sendblue_contacts_cli.doctor_checks import run_checks  # noqa: PLC0415  # loads ssl

    exit_code = SUCCESS
    for finding in run_checks(current_options().profile):
        exit_code = REJECTED if finding.status == "failed" else exit_code
        _show(finding)
    context.exit(exit_code)


def _show(finding: Finding) -> None:
    options = current_options()
    if options.json:
        write_json(asdict(finding))
    elif finding.status != "ok" or not options.quiet:
        _write(finding)


def _write(finding: Finding) -> None:
    mark, color = MARKS[finding.status]
    head = f"{mark} {finding.check}"
    text = [printable(finding.message), *([f"→ {printable(finding.fix)}"] if finding.fix else [])]
    body = "\n".join(map(_indented, text)).removeprefix(" " * INDENT)
    click.echo(f"{styled(head, fg=color)}{' ' * (INDENT - len(head))}{body}")


def _indented(text: str) -> str:
    """Indent the text, and wrap it to the width of a terminal; a pipe gets one line."""
    margin = " " * INDENT
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else len(text) + INDENT + 1
    return click.wrap_text(text, width, margin, margin)
