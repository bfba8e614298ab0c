"""The command group: the table of commands, each loaded only when it runs or shows its help."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib import import_module
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any, NoReturn

import click
from sendblue_contacts_api.operation_table import OPERATION_TABLE

from . import INTERRUPTED, PROGRAM
from .context import GlobalOptions, common_options
from .exit_codes import EXIT_CODES, OUTPUT_CLOSED, REJECTED, CommandError
from .formatting import kebab_case
from .help import MAX_WIDTH, HelpContext, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Generator

COMMANDS = {
    "list": ("contacts:list_", "List contacts, oldest first."),
    "get": ("contacts:get", "Show one contact."),
    "create": ("contacts:create", "Create a contact."),
    "update": ("contacts:update", "Update a contact."),
    "delete": ("delete:delete", "Delete contacts, after a confirmation."),
    "count": ("contacts:count", "Count the contacts."),
    "verify": ("contacts:verify", "Send a verification message to a number."),
    "opt-out": ("contacts:opt_out", "Opt a number out of messages."),
    "import": ("files:import_", "Import contacts from a file."),
    "export": ("files:export", "Export contacts to a file."),
    "sync": ("sync:sync", "Make the account match a file."),
    "undo": ("undo:undo", "Undo the last sync or import of a file."),
    "sandbox": ("sandbox:sandbox", "Run a local sandbox of the Contacts API."),
    "doctor": ("doctor:doctor", "Check the setup and suggest fixes."),
    "completion": ("completion:completion", "Print the completion script for a shell."),
}
"""The module and function of each command in `commands`, and the first line of its help: `--help` loads no command."""
CALLS = {"get": "retrieve"}
"""The calls of the commands that have another name."""
GROUPS: dict[str, tuple[str, ...]] = {
    "Contacts": ("list", "get", "create", "update", "delete", "count", "verify", "opt-out"),
    "Files": ("import", "export", "sync", "undo"),
    "Tools": ("sandbox", "doctor", "completion"),
}
"""The groups of commands in the help."""
SYNONYMS = {
    **dict.fromkeys(("ls", "find", "search"), "list"),
    **dict.fromkeys(("show", "retrieve", "view"), "get"),
    **dict.fromkeys(("add", "new", "upsert"), "create"),
    **dict.fromkeys(("edit", "set"), "update"),
    **dict.fromkeys(("rm", "remove"), "delete"),
    **dict.fromkeys(("optout", "unsubscribe"), "opt-out"),
    **dict.fromkeys(("load", "upload"), "import"),
    **dict.fromkeys(("save", "download"), "export"),
    **dict.fromkeys(("serve", "server"), "sandbox"),
    **dict.fromkeys(("check", "login", "config"), "doctor"),
    "help": "--help",
}
"""Words that people try instead of commands."""

EPILOG = f"""\
Credentials come from SENDBLUE_API_API_KEY and SENDBLUE_API_API_SECRET, or from a profile (see `doctor --help`). They
are never passed as arguments.

Data is written to standard output, and messages to standard error. A terminal shows contacts as a table; a pipe gets
one line per contact, with tab-separated columns; --json writes JSON Lines.

\b
Examples:
  sendblue-contacts list --limit 10
  sendblue-contacts import contacts.csv --dry-run
  sendblue-contacts sandbox

\b
Exit codes:
{"".join(f"{code:>3}  {meaning}{chr(10)}" for code, meaning in EXIT_CODES.items())}

Documentation: docs/guides/command-line.md in the repository, of which scripts/docs builds all pages. The page /docs of
`{PROGRAM} sandbox` is the reference of the API."""


_NAME_WIDTH = max(map(len, COMMANDS))


def is_deprecated(name: str) -> bool:
    """Whether the API deprecates the call of a command."""
    call = f"contacts.{CALLS.get(name, name.replace('-', '_'))}"
    return any(each.deprecated and each.call == call for each in OPERATION_TABLE)


def _summary(name: str) -> str:
    return f"{COMMANDS[name][1]}{' (DEPRECATED)' if is_deprecated(name) else ''}"


class LazyCommandGroup(click.Group):
    """Loads a command when it is needed, and turns every error into one message and an exit code."""

    context_class: type[click.Context] = HelpContext

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep the arguments, so that `import` can print the command that resumes it."""
        ctx.ensure_object(GlobalOptions).arguments = tuple(args)
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            if "--json" not in ctx.ensure_object(GlobalOptions).arguments:
                raise
            exit_with_message(ctx, error)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Return the command names in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # as above
        """Import and return a command, or None if the name is unknown."""
        if cmd_name not in COMMANDS:
            return None
        module, _, function = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(f".commands.{module}", __package__), function)
        command.context_class = HelpContext
        command.deprecated = is_deprecated(cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments name; the error for an unknown one names similar commands."""
        name = kebab_case(args[0])
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            raise click.UsageError(f"No such command {args[0]!r}.{did_you_mean(name, COMMANDS, SYNONYMS)}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # as above
        """Write the commands and the first line of their help without importing them."""
        for group, names in GROUPS.items():
            with formatter.section(group):
                formatter.write_dl([(name.ljust(_NAME_WIDTH), _summary(name)) for name in names])

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  # click's signature
        """Run the command; every error becomes one message and an exit code."""
        if sys.stdout is None:  # closed by the caller, as with `>&-`
            raise CommandError("standard output is closed, so nothing was done; redirect it to /dev/null to discard it")
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="replace")  # a character outside the terminal's encoding is no error
        with errors_reported(ctx):
            return super().invoke(ctx)


@contextmanager
def errors_reported(context: click.Context) -> Generator[None]:
    """Exit with one message if the block raises an error; with --debug, print the traceback too."""
    from .output import discard_output, wants_json  # noqa: PLC0415  # not needed for `--help`

    try:
        yield
        sys.stdout.flush()  # here, where a failure can still be reported
    except click.exceptions.Exit:
        raise
    except click.ClickException as error:
        if not wants_json():
            raise
        exit_with_message(context, error)
    except BrokenPipeError:
        discard_output()
        context.exit(OUTPUT_CLOSED)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  # reported, with its exit code
        exit_with_message(context, error)


def exit_with_message(context: click.Context, error: BaseException, *, rejected: int = REJECTED) -> NoReturn:
    """Exit with the message of an error that is being handled; with --debug, print the traceback too.

    Args:
        context: The context of the command.
        error: The error.
        rejected: The exit code of an error of the API.
    """
    from .error_messages import describe_error  # noqa: PLC0415  # not needed for `--help`
    from .output import print_error  # noqa: PLC0415  # as above

    if context.ensure_object(GlobalOptions).debug:
        import traceback  # noqa: PLC0415  # rarely needed

        traceback.print_exc()
    code, message = describe_error(error)
    if code == INTERRUPTED and sys.stderr.isatty():
        click.echo(err=True)  # the terminal shows ^C on the current line
    code = rejected if code == REJECTED else code
    status = getattr(error, "status_code", None)
    kind = click.UsageError if isinstance(error, click.UsageError) else type(error)  # click has many kinds of it
    details = {"type": kind.__name__, "exit_code": code, **({} if status is None else {"status_code": status})}
    print_error(message, "" if code == INTERRUPTED else "Error: ", **details)
    context.exit(code)


@click.group(
    cls=LazyCommandGroup,
    epilog=EPILOG,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "token_normalize_func": kebab_case,
        "max_content_width": MAX_WIDTH,
    },
)
@click.version_option(package_name="sendblue-contacts")
@common_options
def app() -> None:
    """Manage the contacts of a Sendblue account."""
