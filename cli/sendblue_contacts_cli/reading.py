"""`list`, `get` and `count`: what there is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .accounts import account
from .options import all_options, chosen
from .output import say, write, write_contact, write_contacts, write_json
from .texts import counted

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

F = TypeVar("F", bound="Callable[..., Any]")


def _moment(_context: click.Context, _option: click.Parameter, text: str | None) -> datetime | None:
    if text is None:
        return None
    from sendblue_contacts_api.types import read_datetime  # noqa: PLC0415  # the generated code is slow to load

    moment = read_datetime(text)
    if moment is None:
        raise click.BadParameter(f"{text!r} is no moment; write it as 2024-01-15 or 2024-01-15T10:30:00Z.")
    return moment


_FILTERS = (
    click.option("--limit", "max_items", type=click.IntRange(1), metavar="N", help="Stop after so many contacts."),
    click.option(
        "--order-by", metavar="FIELD", help="created_at, firstName, lastName or phone.  [default: created_at]"
    ),
    click.option("--order-direction", type=click.Choice(["asc", "desc"]), help="[default: asc]"),
    click.option("--phone-number", metavar="NUMBER", help="Only the contact with this number."),
    click.option("--cid", metavar="ID", help="Only the contact with this contact ID."),
    click.option(
        "--created-after",
        "created_at_gte",
        metavar="MOMENT",
        callback=_moment,
        help="Only contacts created then or later; UTC where no zone is given.",
    ),
)


def filters(command: F) -> F:
    """Add the options with which `contacts.list` takes less than everything, under the names of its arguments."""
    for option in reversed(_FILTERS):
        command = option(command)
    return command


@click.command("list")
@filters
@all_options
def list_(**chosen_filters: Any) -> None:  # noqa: ANN401  # click has checked them
    """List contacts, oldest first.

    A terminal gets a table with the columns that fit into it. A pipe gets a line for each contact, with these columns
    between tabs: phone, name, company, tags, created, opted out, custom variables, assigned to.
    """
    with account().client() as client:
        number = write_contacts(client.contacts.list(**chosen_filters).pages())
    if sys.stdout.isatty() and not chosen().json:
        say(counted(number, "contact"))


@click.command()
@click.argument("number")
@all_options
def get(number: str) -> None:
    """Show one contact.

    NUMBER is its phone number, such as +14155551234.
    """
    with account().client() as client:
        write_contact(client.contacts.retrieve(number))


@click.command()
@click.option("--phone-number", metavar="NUMBER", help="Count only contacts with this number.")
@all_options
def count(phone_number: str | None) -> None:
    """Count the contacts."""
    with account().client() as client:
        number = client.contacts.count(phone_number)
    if chosen().json:
        write_json({"count": number})
    else:
        write(str(number))
