"""Run the command with `python -m sendblue_contacts_cli`."""

from . import main

main()
