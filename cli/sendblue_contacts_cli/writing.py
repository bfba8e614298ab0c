"""`create` and `update`: one contact, its fields as options."""

from __future__ import annotations

from typing import Any

import click

from .accounts import account
from .fields import field_options, given, known
from .options import all_options
from .output import write_contact
from .texts import kebab

CLEARABLE = [kebab(name) for name, field in known("contact_update").items() if field.nullable]


class Create(click.Command):
    """A command that knows that `update` has more options: the API takes more when it changes a contact."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Say of an option of `update` where it is; click would name one that looks like it."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if not any(error.option_name in option.opts for option in update.params):
                raise
            text = f"No such option '{error.option_name}' here: create the contact, and then `update` has it."
            raise click.UsageError(text, ctx) from None


@click.command(cls=Create)
@click.argument("number")
@field_options("contact_create", but=("number", "update_if_exists"))
@click.option("--upsert", is_flag=True, help="Change the contact if there is one with this number.")
@all_options
def create(number: str, *, upsert: bool, **fields: Any) -> None:  # noqa: ANN401  # of many types
    """Create a contact.

    NUMBER is its phone number, such as +14155551234. Contacts in JSON go in with `import`, from a file or a pipe.

    \b
    Example:
      sendblue-contacts create +14155551234 --first-name Ada --tag VIP \\
        --var "Lead Source=Website"
    """  # noqa: D301  # click wants a real \b, and leaves the lines after it as they are
    with account().client() as client:
        make = client.contacts.upsert if upsert else client.contacts.create
        write_contact(make(number, **given(fields)))


@click.command()
@click.argument("number")
@field_options("contact_update", but=())
@click.option(
    "--clear",
    multiple=True,
    metavar="FIELD",
    type=click.Choice(CLEARABLE),
    help=f"Leave this field with no value: {', '.join(CLEARABLE)}.",
)
@all_options
def update(number: str, clear: tuple[str, ...], **fields: Any) -> None:  # noqa: ANN401  # of many types
    """Change a contact.

    NUMBER is the phone number that it has now, such as +14155551234. What is not given stays as it is.

    \b
    Example:
      sendblue-contacts update +14155551234 --var Plan=Gold --clear company-name
    """  # noqa: D301  # click wants a real \b, and leaves the lines after it as they are
    changes = given(fields)
    cleared = {name: None for name in known("contact_update") if kebab(name) in clear}
    if both := changes.keys() & cleared.keys():
        raise click.UsageError(f"{kebab(min(both))} is given a value and cleared; do one of them.")
    if not changes and not cleared:
        raise click.UsageError("There is nothing to change: give a field, such as --first-name Ada.")
    wanted: Any = {**changes, **cleared}
    with account().client() as client:
        write_contact(client.contacts.update(number, wanted))
