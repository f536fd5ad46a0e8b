"""The fixture of every test of a command."""

from pathlib import Path

import pytest

from tests.bot.commands.world import Home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """An empty installation."""
    return Home(tmp_path, monkeypatch)
