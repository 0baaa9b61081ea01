"""`python -m api`: the commands, which live in `commands`."""

from api.commands import commands

if __name__ == "__main__":
    commands(prog_name="python -m api")
