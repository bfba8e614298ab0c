"""`completion`: the script with which a shell completes commands, options, files and profiles. click writes it."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from . import PROGRAM

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what makes a shell complete commands.

    \b
    Put one of these lines into the file that your shell reads at its start:
      eval "$(sendblue-contacts completion bash)"    # ~/.bashrc
      eval "$(sendblue-contacts completion zsh)"     # ~/.zshrc
      sendblue-contacts completion fish | source     # ~/.config/fish/config.fish
    """  # noqa: D301  # click wants a real \b, and leaves the lines after it as they are
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"click writes no completion for {shell}.")
    variable = f"_{PROGRAM}_complete".replace("-", "_").upper()
    click.echo(kind(context.find_root().command, {}, PROGRAM, variable).source())
