"""The two ways in which a command ends badly: it failed (1), or it was asked wrongly (2)."""

from typing import IO, Any

import click


class Failed(click.ClickException):
    """It did not work; the message says why and what to do. Exit code 1."""

    exit_code = 1

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the message to standard error."""
        click.echo(f"torpor: {self.format_message()}", file=file, err=file is None)


class Refused(Failed):
    """What was asked said no, with this HTTP status, and perhaps after how many seconds it may say something else."""

    def __init__(self, message: str, status: int, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


class WrongConfiguration(click.ClickException):
    """A configuration that cannot be used; the message names file and line and stands for itself. Exit code 2."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the message to standard error, as it is."""
        click.echo(self.format_message(), file=file, err=file is None)
