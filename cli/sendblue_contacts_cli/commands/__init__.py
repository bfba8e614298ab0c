"""The commands. `app.COMMANDS` names the module and the function of each."""
