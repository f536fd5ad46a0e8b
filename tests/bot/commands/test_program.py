"""The command line as a whole: it lists every command and loads only the one that is used."""

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from bot.__main__ import COMMANDS
from bot.config import ROOT
from tests.bot.commands.world import Home


def test_help_names_every_command(home: Home) -> None:
    shown = home.run("--help")
    assert shown.exit_code == 0
    assert [line.split()[0] for line in shown.stdout.partition("Commands:\n")[2].splitlines()] == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(home: Home, name: str) -> None:
    shown = home.run(name, "--help")
    assert shown.exit_code == 0
    assert f"thontin {name}" in shown.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_can_be_imported(name: str) -> None:
    module, attribute, summary = COMMANDS[name]
    assert hasattr(import_module(module), attribute)
    assert summary.endswith(".")


def test_help_loads_neither_database_nor_platforms() -> None:
    code = (
        "import sys; from bot.__main__ import app\n"
        "try: app(['--help'])\nexcept SystemExit: pass\n"
        "print(sorted({'sqlalchemy', 'pydantic', 'aiohttp', 'telegram', 'rich', 'rapidfuzz'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert shown.stdout.splitlines()[-1] == "[]"


def test_an_unknown_command_is_a_wrong_use(home: Home) -> None:
    assert home.run("bay").exit_code == 2


def test_a_wrong_setting_is_one_sentence_and_no_traceback(tmp_path: Path) -> None:
    environ = {**os.environ, "THONTIN_HOME": str(tmp_path), "THONTIN_PORT": "70000", "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [sys.executable, "-P", "-m", "bot", "run"],
        env=environ,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    assert ran.stderr.startswith("THONTIN_PORT: ")
    assert len(ran.stderr.splitlines()) == 1


def test_a_home_that_is_not_there_is_one_sentence(home: Home) -> None:
    home.set(HOME="/khong/co")
    said = home.run("user", "list")
    assert said.exit_code == 2
    assert said.stderr.startswith("THONTIN_HOME: ")
