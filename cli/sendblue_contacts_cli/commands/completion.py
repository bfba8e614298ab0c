"""The command `completion`: prints the script for shell completion, which click provides."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from sendblue_contacts_cli import PROGRAM

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script for a shell.

    \b
    Add one of these lines to the startup file of your shell:
      eval "$(sendblue-contacts completion bash)"    # ~/.bashrc
      eval "$(sendblue-contacts completion zsh)"     # ~/.zshrc
      sendblue-contacts completion fish | source     # ~/.config/fish/config.fish
    """  # noqa: D301  # click wants a real \b, and leaves the lines after it as they are
    completion_class = get_completion_class(shell)
    if completion_class is None:
        raise click.UsageError(f"click has no completion for {shell}.")
    variable = f"_{PROGRAM}_complete".replace("-", "_").upper()
    click.echo(completion_class(context.find_root().command, {}, PROGRAM, variable).source())
