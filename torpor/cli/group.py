"""A group of commands that imports a command's module only when that command is called.

The short help stands with the names, so that `torpor --help` imports none of them.
"""

from importlib import import_module
from typing import Any

import click


class LazyGroup(click.Group):
    """Each command is `command` in the module of its name in `package`."""

    def __init__(self, *args: Any, commands: dict[str, str], package: str, **more: Any) -> None:
        super().__init__(*args, **more)
        self._short = commands
        self._package = package

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order they were given."""
        return list(self._short)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now; None for a name that is not one."""
        if cmd_name not in self._short:
            return None
        command: click.Command = import_module(f"{self._package}.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is meant. Raises click.UsageError with near names for one that is not there."""
        if not ctx.resilient_parsing and args[0] not in self._short and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], self._short)
            hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(self._short)}."
            raise click.UsageError(f"There is no command {args[0]!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands and what each is for."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._short.items()))
