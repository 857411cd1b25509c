"""What the process runtime has to know of an app: how to run it, how to tell that it is ready, how to end it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Workload:
    """One app's process. `{port}` in an argument or in a value of `env` becomes the port to listen on."""

    command: tuple[str, ...]
    """The program and its arguments; no shell."""
    directory: Path
    """Where it runs; a relative program is looked up from here."""
    env: dict[str, str]
    """On top of Torpor's own environment."""
    port: int | None
    """A fixed port; None: a free one, new at every start."""
    ready_path: str | None
    """Ready when a GET of this path answers 200 to 399; None: when the port accepts a connection."""
    stop_timeout: float
    """Seconds from SIGTERM to SIGKILL."""
    log_file: Path
    """Where its output is kept, together with one older file `….1` beside it."""
    log_bytes: int
    """How much output is kept, both files together."""

    def filled(self, port: int) -> tuple[list[str], dict[str, str]]:
        """The command and the environment for a start on `port`. A PORT of the app's own wins."""
        command = [argument.replace("{port}", str(port)) for argument in self.command]
        env = {name: value.replace("{port}", str(port)) for name, value in self.env.items()}
        return command, {"PORT": str(port), **env}
