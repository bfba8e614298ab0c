"""Run the command with `python -m sendblue_contacts_cli`."""

from . import main

if __name__ == "__main__":
    main()
