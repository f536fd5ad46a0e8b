"""thontin test: its table tells what was skipped, and --complete does not let it pass."""

from pathlib import Path

import pytest

from bot.commands import suite
from tests.bot.commands.world import Home

REPORT = """<testsuites><testsuite>
<testcase name="one"/><testcase name="two"/>
<testcase name="three"><skipped type="pytest.skip" message="needs Debian's chromium"/></testcase>
</testsuite></testsuites>"""
HANGS = """
import time
print("so far", flush=True)
try:
    time.sleep(60)
except KeyboardInterrupt:
    print("what failed until now", flush=True)
    time.sleep(60)
"""


def step(folder: Path, code: int, report: str = REPORT) -> suite.Step:
    """A step that writes a report as pytest does, and ends with `code`."""
    (folder / "step_to_run.py").write_text(
        f"import pathlib, sys\npathlib.Path({str(folder / 'r.xml')!r}).write_text({report!r})\n"
        f"print('a line of it')\nsys.exit({code})\n"
    )
    return suite.Step("một bước", ("step_to_run",), "sqlite", folder / "r.xml")


def run(home: Home, one: suite.Step, *options: str) -> tuple[int, str]:
    home.patch.setattr(suite, "_lanes", lambda _folder, _only: [[one]])
    home.patch.setenv("PYTHONPATH", str(home.folder))
    said = home.run("test", *options)
    return said.exit_code, said.stdout


def test_a_skip_is_told_with_its_remedy_and_passes(home: Home) -> None:
    code, said = run(home, step(home.folder, 0))
    assert code == 0
    assert "bỏ qua 1: needs Debian's chromium → apt-get install chromium" in said


def test_a_skip_fails_the_complete_run(home: Home) -> None:
    code, said = run(home, step(home.folder, 0), "--complete")
    assert code == 1
    assert "1 kiểm thử bị bỏ qua" in said


def test_nothing_skipped_passes_the_complete_run(home: Home) -> None:
    code, _ = run(
        home, step(home.folder, 0, "<testsuites><testsuite><testcase name='a'/></testsuite></testsuites>"), "--complete"
    )
    assert code == 0


def test_a_failure_shows_its_end_and_fails(home: Home) -> None:
    code, said = run(home, step(home.folder, 3))
    assert code == 1
    assert "a line of it" in said
    assert "LỖI" in said


def test_a_step_that_hangs_is_ended_and_fails(home: Home) -> None:
    one = step(home.folder, 0)
    (home.folder / "step_to_run.py").write_text(HANGS)
    home.patch.setattr(suite, "LONGEST", 1)
    home.patch.setattr(suite, "PARTING", 1)
    code, said = run(home, one)
    assert code == 1
    assert "so far" in said
    assert "what failed until now" in said


def test_the_suite_sees_no_setting_of_this_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THONTIN_TELEGRAM_TOKEN", "7100000001:AAabcdefghijklmnopqrstuvwxyz")
    found = {name for name in suite._environment("postgres") if name.startswith("THONTIN_")}
    assert found == {"THONTIN_TEST_DATABASE"}


def test_the_steps_are_lint_format_types_two_databases_and_a_browser(tmp_path: Path) -> None:
    first, second = suite._lanes(tmp_path, set())
    assert [(one.name, one.database) for one in first] == [
        ("ruff", ""), ("format", ""), ("mypy", ""), ("postgres", "postgres"), ("browser", "sqlite"),
        ("sqlite-slow", "sqlite"),
    ]  # fmt: skip
    assert [(one.name, one.database) for one in second] == [
        ("sqlite", "sqlite"), ("postgres-slow", "postgres"),
    ]  # fmt: skip


@pytest.mark.parametrize(("database", "elsewhere"), [("sqlite", ()), ("postgres", suite.WITHOUT_DATABASE)])
def test_both_databases_run_every_test_that_can_reach_one(
    tmp_path: Path, database: str, elsewhere: tuple[str, ...]
) -> None:
    steps = {one.name: one.arguments for lane in suite._lanes(tmp_path, set()) for one in lane}
    left_out = {one.removeprefix("--ignore=") for one in steps[database] if one.startswith("--ignore=")}
    alone = {one for one in steps[f"{database}-slow"] if one.startswith("tests/")}
    assert alone
    assert left_out == alone | {f"tests/{room}" for room in elsewhere}
    assert all(Path(suite.ROOT, one).is_dir() for one in left_out)


def test_an_unknown_step_is_a_wrong_use(home: Home) -> None:
    assert home.run("test", "--only", "bánh").exit_code == 2
