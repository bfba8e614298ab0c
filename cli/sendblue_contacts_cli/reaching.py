"""`verify` and `opt-out`: what reaches the owner of a number, or keeps others from doing so."""

from __future__ import annotations

import click

from .accounts import account
from .options import all_options, chosen
from .output import write, write_json


@click.command()
@click.argument("number")
@all_options
def verify(number: str) -> None:
    """Send a verification message to a number.

    The message reaches a person: it is never sent a second time by itself. NUMBER is a phone number, such as
    +14155551234, of a contact or not.
    """
    with account().client() as client:
        status = client.contacts.verify(number)
    if chosen().json:
        write_json({"status": status})
    elif not chosen().quiet:
        write(status or "sent")


@click.command("opt-out")
@click.argument("number")
@click.option("--undo", is_flag=True, help="The number wants messages again.")
@all_options
def opt_out(number: str, *, undo: bool) -> None:
    """Record that a number wants no messages.

    NUMBER is a phone number, such as +14155551234, of a contact or not.
    """
    with account().client() as client:
        state = client.contacts.opt_out(number, opted_out=not undo)
    if chosen().json:
        write_json(state._asdict())
    elif chosen().quiet:
        write(state.number)
    else:
        write(f"{state.number}\t{'opted out' if state.opted_out else 'opted in'}")
