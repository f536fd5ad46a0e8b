"""An installation of its own for each test of a command: an empty folder, and settings from nowhere else."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.__main__ import app
from bot.database import open_database, wall_clock
from storage import Database


class Home:
    """A folder with its own `.env` and data, and the command line at work in it."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder, self.patch = folder, patch
        for name in [name for name in os.environ if name.startswith("THONTIN_")]:
            patch.delenv(name)
        patch.chdir(folder)
        self.set(HOME=str(folder), GTTS="false")

    def set(self, **settings: str) -> None:
        """Settings by their names without THONTIN_."""
        for name, value in settings.items():
            self.patch.setenv(f"THONTIN_{name}", value)

    def run(self, *arguments: str, typed: str = "") -> Result:
        """One command line, with what is typed or piped into it."""
        return CliRunner().invoke(app, list(arguments), input=typed)

    def database(self) -> Database:
        """This installation's database; the caller closes it."""
        from bot.config import load

        return open_database(load(), wall_clock)
