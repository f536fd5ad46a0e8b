"""thontin test: lint, format, types, and the suite on both databases and in a browser; then a table of it all."""

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated
from xml.etree import ElementTree

import typer

from bot.commands import shared

ROOT = Path(__file__).resolve().parents[2]
# What these rooms hold cannot reach a database (tests/test_house.py keeps it so): one run is enough for them.
WITHOUT_DATABASE = ("content", "bot/sandbox", "bot/channels", "bot/gateways")
SLOW = ("faults", "paths")  # whole processes at work: a step of their own, so that both lanes hold about the same
REMEDIES = (("chromium", "apt-get install chromium"), ("av package", "THONTIN_AAC=1 ./thontin test"),
            ("postgres", "chạy trên Linux x86_64 hoặc aarch64"))  # fmt: skip
TAIL = 60  # lines of a failed step that are shown
LONGEST = 1100  # seconds a step may take
PARTING = 20  # seconds in which a step that took too long may say what failed
STUCK = 120  # seconds after which pytest shows where a test hangs


@dataclass
class Step:
    """One thing to run: `python -m …`, with how it went once it has."""

    name: str
    arguments: Sequence[str]
    database: str = ""
    report: Path | None = None  # JUnit XML
    code: int = -1
    seconds: float = 0.0
    ran: int = 0
    skipped: list[str] = field(default_factory=list)  # reasons, one a test

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return self.code == 0


def suite(
    complete: Annotated[bool, typer.Option("--complete", help="Coi phần bị bỏ qua là lỗi.")] = False,
    only: Annotated[list[str] | None, typer.Option("--only", help="Chỉ chạy bước này (nhiều lần được).")] = None,
    as_json: shared.AsJson = False,
) -> None:
    """Chạy toàn bộ kiểm thử; bảng cuối nói phần nào đã chạy, phần nào bị bỏ qua và làm sao để có nó.

    Mã thoát: 0 tốt, 1 có lỗi (với --complete: hoặc có phần bị bỏ qua).
    """
    with tempfile.TemporaryDirectory(prefix="thontin-test-") as folder:
        lanes = _lanes(Path(folder), set(only or ()))
        try:
            asyncio.run(_run(lanes))
        except (asyncio.CancelledError, KeyboardInterrupt):
            shared.stop("Đã dừng giữa chừng.", 1)
    steps = [step for lane in lanes for step in lane]
    if not steps:
        shared.stop("Không có bước nào tên như vậy.")
    skipped = sum(len(step.skipped) for step in steps)
    _table(steps)
    good = all(step.ok for step in steps) and not (complete and skipped)
    if complete and skipped:
        sys.stdout.write(f"--complete: {skipped} kiểm thử bị bỏ qua, coi như lỗi.\n")
    if as_json:
        shared.show({"ok": good, "steps": [_public(step) for step in steps]})
    raise typer.Exit(0 if good else 1)


def _lanes(folder: Path, only: set[str]) -> list[list[Step]]:
    """Two lanes that run beside each other, on a core each: both hold about the same work."""
    outside, rest = _ignored(*WITHOUT_DATABASE), _ignored(*SLOW)
    slow = [f"tests/{room}" for room in SLOW]
    first = [
        Step("ruff", ("ruff", "check")),
        Step("format", ("ruff", "format", "--check")),
        Step("mypy", ("mypy",)),
        _suite(folder, "postgres", "postgres", "-m", "not browser", *outside, *rest),
        _suite(folder, "browser", "sqlite", "-m", "browser"),
        _suite(folder, "sqlite-slow", "sqlite", "-m", "not browser", *slow),
    ]
    second = [
        _suite(folder, "sqlite", "sqlite", "-m", "not browser", *rest),
        _suite(folder, "postgres-slow", "postgres", "-m", "not browser", *slow),
    ]
    return [[step for step in lane if not only or step.name in only] for lane in (first, second)]


def _ignored(*rooms: str) -> list[str]:
    return [f"--ignore=tests/{room}" for room in rooms]


def _suite(folder: Path, name: str, database: str, *more: str) -> Step:
    report = folder / f"{name}.xml"
    return Step(
        name, ("pytest", f"--junitxml={report}", "-o", f"faulthandler_timeout={STUCK}", *more), database, report
    )


async def _run(lanes: Iterable[Sequence[Step]]) -> None:
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asyncio.current_task().cancel)  # type: ignore[union-attr]
    await asyncio.gather(*(_one_by_one(lane) for lane in lanes))


async def _one_by_one(lane: Sequence[Step]) -> None:
    for step in lane:
        _say(f"… {step.name}")
        started = time.monotonic()
        lines = await _do(step)
        step.seconds = time.monotonic() - started
        _count(step)
        _say(f"{'✔' if step.ok else '✘'} {step.name}: {step.seconds:.0f} s")
        if not step.ok:
            sys.stdout.write("".join(lines[-TAIL:]) + "\n")


async def _do(step: Step) -> list[str]:
    """Run the step; what it printed. Whatever ends us ends it too."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *step.arguments, cwd=ROOT, env=_environment(step.database),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    lines: list[str] = []
    try:
        async with asyncio.timeout(LONGEST):
            await _follow(process, step, lines)
            step.code = await process.wait()
    except TimeoutError:
        await _part(process, step, lines)
        lines.append(f"{step.name}: dừng sau {LONGEST} giây\n")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return lines


async def _part(process: asyncio.subprocess.Process, step: Step, lines: list[str]) -> None:
    """Let a step that took too long say what has failed so far."""
    process.send_signal(signal.SIGINT)
    with suppress(TimeoutError):
        async with asyncio.timeout(PARTING):
            await _follow(process, step, lines)


async def _follow(process: asyncio.subprocess.Process, step: Step, lines: list[str]) -> None:
    assert process.stdout is not None  # asked for above
    async for line in process.stdout:
        lines.append(line.decode("utf-8", "replace"))
        if lines[-1].rstrip().endswith("%]"):
            _say(f"  {step.name} {lines[-1].rstrip()[-6:]}")  # pytest's line of dots


def _environment(database: str) -> dict[str, str]:
    """Ours without the settings of this installation: the suite must find nothing but what it made."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("THONTIN_")}
    return kept | ({"THONTIN_TEST_DATABASE": database} if database else {})


def _count(step: Step) -> None:
    """How many tests ran and why the others did not, from pytest's own report."""
    if step.report is None or not step.report.exists():
        return
    for case in ElementTree.parse(step.report).iter("testcase"):
        why = case.find("skipped")
        if why is None:
            step.ran += 1
        else:
            step.skipped.append(why.get("message") or "không rõ lý do")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _table(steps: Sequence[Step]) -> None:
    rows = ["", "bước        kết quả   giây   đã chạy   bỏ qua"]
    for step in steps:
        verdict = "tốt" if step.ok else "LỖI"
        tests = f"{step.ran:>9}   {len(step.skipped):>6}" if step.report else ""
        rows.append(f"{step.name:<11} {verdict:<7} {step.seconds:>6.0f} {tests}")
    for why, count in sorted(_reasons(steps).items()):
        rows.append(f"bỏ qua {count}: {why} → {_remedy(why)}")
    sys.stdout.write("\n".join(rows) + "\n")


def _reasons(steps: Sequence[Step]) -> dict[str, int]:
    counted: dict[str, int] = {}
    for step in steps:
        for why in step.skipped:
            counted[why] = counted.get(why, 0) + 1
    return counted


def _remedy(why: str) -> str:
    return next((remedy for word, remedy in REMEDIES if word in why.lower()), "xem lý do ở kiểm thử đó")


def _public(step: Step) -> dict[str, object]:
    return {"name": step.name, "ok": step.ok, "seconds": round(step.seconds, 1), "ran": step.ran,
            "skipped": step.skipped}  # fmt: skip
