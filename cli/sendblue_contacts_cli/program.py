"""The program: which commands there are, and where each of them is. A command loads when it is run or explained."""

from __future__ import annotations

import sys
from importlib import import_module
from io import TextIOWrapper
from typing import Any

import click

from .options import Chosen, account_options
from .statuses import STATUSES, Refusal
from .texts import kebab

COMMANDS = {
    "list": ("reading:list_", "List contacts, oldest first."),
    "get": ("reading:get", "Show one contact."),
    "create": ("writing:create", "Create a contact."),
    "update": ("writing:update", "Change a contact."),
    "delete": ("deleting:delete", "Delete contacts, after asking."),
    "count": ("reading:count", "Count the contacts."),
    "verify": ("reaching:verify", "Send a verification message to a number."),
    "opt-out": ("reaching:opt_out", "Record that a number wants no messages."),
    "import": ("importing:import_", "Bring a file of contacts into the account."),
    "export": ("exporting:export", "Write all contacts into a file."),
    "sandbox": ("sandbox:sandbox", "Serve the Contacts API on this machine, until Ctrl-C."),
    "doctor": ("doctor:doctor", "Find out what is wrong, and how to mend it."),
    "completion": ("completion:completion", "Print what makes a shell complete commands."),
}
"""Where each command is, `room:function`, and the first line of its help, so that `--help` loads none of them."""

EPILOG = f"""\
Credentials come from SENDBLUE_API_API_KEY and SENDBLUE_API_API_SECRET, or from a profile: see `doctor --help`. They
are never taken as arguments.

Data goes to standard output, talk to standard error. A terminal gets tables; a pipe gets a line for each contact, its
columns separated by tabs; --json gives JSON Lines.

\b
Exit status:
{"".join(f"{status:>3}  {meaning}{chr(10)}" for status, meaning in STATUSES.items())}"""


class Program(click.Group):
    """A group that knows its commands by name, and ends in one sentence whatever happens."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep what was typed, so that a command can say how it is gone on with."""
        ctx.ensure_object(Chosen).typed = tuple(args)
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """The names, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # as above
        """The command with this name, loaded now."""
        if cmd_name not in COMMANDS:
            return None
        room, _, function = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(f".{room}", __package__), function)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # as above
        """The commands and their first lines, without loading one."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  # click's signature
        """Run the command; every error becomes a sentence and an exit status."""
        from .endings import told  # noqa: PLC0415  # `--help` does without

        if sys.stdout is None:  # as with `>&-`
            raise Refusal("standard output is closed, and nothing was done; > /dev/null throws away what is written")
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="replace")  # a terminal that lacks a letter must not end the command
        with told(ctx):
            return super().invoke(ctx)


@click.group(
    cls=Program,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "token_normalize_func": kebab},
)
@click.version_option(package_name="sendblue-contacts")
@account_options
def program() -> None:
    """Contacts of a Sendblue account, from the command line."""
