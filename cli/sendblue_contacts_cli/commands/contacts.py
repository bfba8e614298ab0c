"""The commands for contacts: `list`, `get`, `count`, `create`, `update`, `verify` and `opt-out`."""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING, Any, TypeVar

import click
from sendblue_contacts_api.field_table import FIELD_TABLE
from sendblue_contacts_api.operation_table import QUERY_VALUES

from sendblue_contacts_cli.contact_filters import filter_options, pop_filter
from sendblue_contacts_cli.context import common_options, current_options, current_settings, region_option
from sendblue_contacts_cli.field_options import field_options, given_fields, query_options
from sendblue_contacts_cli.formatting import kebab_case, pluralize, printable
from sendblue_contacts_cli.output import print_message, write, write_contact, write_contacts, write_json
from sendblue_contacts_cli.tables import (
    COLUMNS,
    COMPANY,
    FULL_NAME_PARTS,
    ROW_NAMES,
    TAGS,
    VARIABLES,
    TableColumn,
    find_column,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from sendblue_contacts import Sendblue
    from sendblue_contacts_api.models.contact import Contact

    from sendblue_contacts_cli.contact_filters import ContactFilter

F = TypeVar("F", bound="Callable[..., Any]")

_NULLABLE = {name: field["aliases"] for name, field in FIELD_TABLE["ContactUpdate"].items() if field["nullable"]}
CLEARABLE = {kebab_case(each): name for name, aliases in _NULLABLE.items() for each in (name, *aliases)}


# --- read


def _parse_datetime(_context: click.Context, _option: click.Parameter, text: str | None) -> datetime | None:
    if text is None:
        return None
    from sendblue_contacts_api.types import read_datetime  # noqa: PLC0415  # slow to load

    parsed = read_datetime(text)
    if parsed is None:
        raise click.BadParameter(f"{text!r} is not a date or time, such as 2024-01-15 or 2024-01-15T10:30:00Z.")
    return parsed


_ORDERS = QUERY_VALUES["list_contacts"]["order_by"]
_LIST_FILTERS = (
    click.option("--limit", "max_items", type=click.IntRange(1), metavar="N", help="Maximum number of contacts."),
    click.option(
        "--order-by", metavar="FIELD", help=f"{', '.join(_ORDERS[:-1])} or {_ORDERS[-1]}.  [default: {_ORDERS[0]}]"
    ),
    click.option("--order-direction", type=click.Choice(["asc", "desc"]), help="[default: asc]"),
    click.option("--phone-number", metavar="NUMBER", help="Only the contact with this number."),
    click.option("--cid", metavar="ID", help="Only the contact with this contact ID."),
    click.option(
        "--created-after",
        "created_at_gte",
        metavar="DATETIME",
        callback=_parse_datetime,
        help="Only contacts created at or after this time, in UTC if it has no time zone.",
    ),
)
_OTHER_PARAMETERS = frozenset(
    {"limit", "offset", "order_by", "order_direction", "phone_number", "cid", "created_at_gte"}
)
"""The query parameters for which there is an option in _LIST_FILTERS, or none."""
RESERVED_BY_LISTS = frozenset(
    {"cid", "created-after", "default-region", "limit", "order-by", "order-direction", "phone", "phone-number"}
    | {"columns", "debug", "delimiter", "encoding", "format", "help", "json", "profile", "quiet", "tag", "where"}
)
"""The other options of `list` and `export`."""


def list_filters(command: F) -> F:
    """Add an option for each filter of `contacts.list`, and `filter_options`. `list_pages` takes their values."""
    command = region_option(filter_options(command))
    command = query_options("list_contacts", exclude=_OTHER_PARAMETERS, reserved=RESERVED_BY_LISTS)(command)
    for option in reversed(_LIST_FILTERS):
        command = option(command)
    return command


def list_pages(client: Sendblue, filters: dict[str, Any]) -> tuple[Iterable[Sequence[Contact]], ContactFilter | None]:
    """Return the pages of contacts that match the values of `list_filters`, and the filter on this side, if any."""
    chosen = pop_filter(filters)
    if chosen is None:
        return client.contacts.list(**given_fields(filters)).pages(), None
    limit = filters.pop("max_items")
    return chosen.pages(client.contacts.list(**given_fields(filters)).pages(), limit), chosen


_LIST_HELP = f"""List contacts, oldest first.

A terminal shows a table with the columns that fit, in the pager of the variable PAGER if there are many rows. A
pipe gets one line per contact, with these tab-separated columns unless --columns names others:
{", ".join(column.name for column in COLUMNS)}.

The API cannot filter by --tag, --phone and --where: with them, all contacts are read and filtered here.

\b
Examples:
  sendblue-contacts list --limit 10 --order-direction desc
  sendblue-contacts list --created-after 2024-01-15 --json
  sendblue-contacts list --tag VIP --where "{VARIABLES}.Plan=Gold" \\
    --columns phone,name,{TAGS}
"""


def _parse_columns(_context: click.Context, _option: click.Parameter, texts: tuple[str, ...]) -> list[TableColumn]:
    return [find_column(name) for names in csv.reader(texts, skipinitialspace=True) for name in names]


@click.command("list", help=_LIST_HELP)
@list_filters
@click.option(
    "--columns",
    metavar="FIELDS",
    multiple=True,
    callback=_parse_columns,
    help=f"Columns to show, such as phone,name,{VARIABLES}.Plan.",
)
@common_options
def list_(columns: list[TableColumn], **filters: Any) -> None:  # noqa: ANN401  # click has checked them
    """List contacts, oldest first."""
    limit = filters["max_items"]
    with current_settings().create_client() as client:
        pages, chosen = list_pages(client, filters)
        number = write_contacts(pages, columns)
    if chosen:
        print_message(chosen.summary(limit))
    elif sys.stdout.isatty() and not current_options().json:
        print_message(f"{'first ' if number == limit else ''}{pluralize(number, 'contact')}")


@click.command()
@click.argument("number")
@region_option
@common_options
def get(number: str) -> None:
    """Show one contact.

    NUMBER is its phone number, such as +14155551234.

    \b
    Examples:
      sendblue-contacts get +14155551234
      sendblue-contacts get +14155551234 --json
    """  # noqa: D301  # click wants a real \b, and leaves the lines after it as they are
    with current_settings().create_client() as client:
        write_contact(client.contacts.retrieve(number))


@click.command()
@click.option("--phone-number", metavar="NUMBER", help="Count only contacts with this number.")
@region_option
@common_options
def count(phone_number: str | None) -> None:
    """Count the contacts.

    \b
    Example:
      sendblue-contacts count
    """  # noqa: D301  # click wants a real \b, and leaves the lines after it as they are
    with current_settings().create_client() as client:
        number = client.contacts.count(phone_number)
    if current_options().json:
        write_json({"count": number})
    else:
        write(str(number))


# --- create and update


class CreateCommand(click.Command):
    """Refers the user to `update` for an option that only `update` has: the API accepts fewer fields on create."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Replace click's suggestion of a similar option by the command that has the option."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if not any(error.option_name in option.opts for option in update.params):
                raise
            text = f"No such option '{error.option_name}'. Only `update` has it: create the contact, then update it."
            raise click.UsageError(text, ctx) from None


_FIRST_NAME, _LAST_NAME, _COMPANY = (kebab_case(ROW_NAMES[name]) for name in (*FULL_NAME_PARTS, COMPANY))
_CREATE_HELP = f"""Create a contact.

NUMBER is its phone number, such as +14155551234. To create contacts from JSON, use `import`.

\b
Examples:
  sendblue-contacts create +14155551234 --{_FIRST_NAME} Ada --tag VIP \\
    --var "Lead Source=Website"
  sendblue-contacts create +14155551234 --{_LAST_NAME} King --if-exists update
"""
_UPDATE_HELP = f"""Update a contact.

NUMBER is its current phone number, such as +14155551234. Fields without an option are unchanged.

\b
Example:
  sendblue-contacts update +14155551234 --var Plan=Gold --clear {_COMPANY}
"""


@click.command(cls=CreateCommand, help=_CREATE_HELP)
@click.argument("number")
@field_options("ContactCreate", exclude=("number", "update_if_exists"))
@click.option(
    "--if-exists",
    type=click.Choice(["error", "update"]),
    default="error",
    show_default=True,
    help="What to do if the number has a contact.",
)
@region_option
@common_options
def create(number: str, *, if_exists: str, **fields: Any) -> None:  # noqa: ANN401  # of many types
    """Create a contact."""
    with current_settings().create_client() as client:
        send = client.contacts.upsert if if_exists == "update" else client.contacts.create
        _write_changed(send(number, **given_fields(fields)))


@click.command(help=_UPDATE_HELP)
@click.argument("number")
@field_options("ContactUpdate")
@click.option(
    "--clear",
    multiple=True,
    metavar="FIELD",
    type=click.Choice([*CLEARABLE]),
    help=f"Clear this field: {', '.join(map(kebab_case, _NULLABLE))}.",
)
@region_option
@common_options
def update(number: str, clear: tuple[str, ...], **fields: Any) -> None:  # noqa: ANN401  # of many types
    """Update a contact."""
    changes = given_fields(fields)
    cleared = dict.fromkeys(CLEARABLE[word] for word in clear)
    if both := changes.keys() & cleared.keys():
        raise click.UsageError(f"{kebab_case(min(both))} cannot be both set and cleared.")
    if not changes and not cleared:
        raise click.UsageError(f"Nothing to update. Pass a field, such as --{_FIRST_NAME} Ada.")
    body: Any = {**changes, **cleared}
    with current_settings().create_client() as client:
        _write_changed(client.contacts.update(number, body))


def _write_changed(contact: Contact) -> None:
    """Write a contact after a change. With --quiet there is nothing to write."""
    if current_options().json or not current_options().quiet:
        write_contact(contact)


# --- messages


@click.command()
@click.argument("number")
@region_option
@common_options
def verify(number: str) -> None:
    """Send a verification message to a number.

    A person receives the message, so the request is never retried automatically. NUMBER is a phone number, such as
    +14155551234; it need not belong to a contact.

    \b
    Example:
      sendblue-contacts verify +14155551234
    """  # noqa: D301  # click wants a real \b, and leaves the lines after it as they are
    from sendblue_contacts.phone import normalise  # noqa: PLC0415  # not needed for `--help`

    settings = current_settings()
    number = normalise(number, default_region=settings.values.get("default_region"))
    with settings.create_client() as client:
        status = client.contacts.verify(number)
    if current_options().json:
        write_json({"number": number, "status": status})
    elif not current_options().quiet:
        write(f"{number}\tverification message sent, status {printable(status)}")


@click.command("opt-out")
@click.argument("number")
@click.option("--undo", is_flag=True, help="Opt the number in again.")
@region_option
@common_options
def opt_out(number: str, *, undo: bool) -> None:
    """Opt a number out of messages.

    NUMBER is a phone number, such as +14155551234; it need not belong to a contact.

    \b
    Examples:
      sendblue-contacts opt-out +14155551234
      sendblue-contacts opt-out +14155551234 --undo
    """  # noqa: D301  # click wants a real \b, and leaves the lines after it as they are
    with current_settings().create_client() as client:
        state = client.contacts.opt_out(number, opted_out=not undo)
    if current_options().json:
        write_json(state._asdict())
    elif not current_options().quiet:
        write(f"{state.number}\t{'opted out' if state.opted_out else 'opted in'}")
