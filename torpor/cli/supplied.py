"""What a process is handed from outside: its settings, and the secrets in its environment."""

import logging
import os
from collections.abc import Callable
from pathlib import Path

from torpor.cli.failure import Failed, WrongConfiguration
from torpor.config import ConfigError, Settings, read_settings

log = logging.getLogger(__name__)

LINK_TOKEN = "TORPOR_LINK_TOKEN"  # noqa: S105 - the variable's name
TOKEN = "TORPOR_TOKEN"  # noqa: S105 - the variable's name


def settings_of(file: Path) -> Settings:
    """The settings of a file, with the token of the environment. Raises WrongConfiguration.

    The token leaves the environment, so that no app inherits the power over the others.
    """
    try:
        settings = read_settings(file)
    except ConfigError as error:
        raise WrongConfiguration(str(error)) from None
    token = os.environ.pop(TOKEN, "")
    if not token:
        return settings
    if len(token) < 16:
        raise WrongConfiguration(f"{TOKEN}: too short; allowed are 16 characters and more")
    return settings.model_copy(update={"token": token})


def read_again(file: Path | None, token: str) -> Callable[[], str]:
    """The token as it is now: that of a ServiceAccount is renewed every hour or so. A file that fails is as it was."""
    last = token

    def read() -> str:
        nonlocal last
        if file is not None:
            try:
                last = file.read_text(encoding="ascii").strip() or last
            except (OSError, UnicodeDecodeError) as error:
                log.warning("the token of the link cannot be read from %s: %s", file, error)
        return last

    return read


def link_token(file: Path | None) -> str:
    """The token of the link, from a file or the environment, which it leaves. Raises Failed."""
    given = os.environ.pop(LINK_TOKEN, "")
    if file is not None:
        try:
            given = file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Failed(f"the token of the link cannot be read from {file}: {error}") from None
    if len(given) < 16:
        raise WrongConfiguration(
            "The link between proxy and scaler needs a token of 16 characters or more, the same on both sides:\n"
            f"set {LINK_TOKEN}, or name a file that holds it with --link-token-file.\n"
            "On one machine `torpor up` runs both and sees to it."
        )
    return given
