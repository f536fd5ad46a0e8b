"""./thontin: it makes the environment once, says in one line why it cannot, and then only gets out of the way."""

import hashlib
import os
import shutil
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.config import ROOT

LOCK = "uv==1 \\\n    --hash=sha256:00\nzz==2\n"
SAY = 'import os, sys; print([sys.argv[1:], os.getcwd(), os.environ["THONTIN_HOME"]]); sys.exit(len(sys.argv[1:]))'
# Stands for python3: makes an "environment" whose pip and uv write down that they ran.
PYTHON = """#!/bin/sh
case "$*" in
    *version_info*) exit {old} ;;
    *ensurepip*) exit {bare} ;;
    "-m venv "*)
        mkdir -p "$3/bin"
        ln -s {real} "$3/bin/python"
        cp "{folder}/pip" "$3/bin/pip"
        echo made >>"{folder}/deeds" ;;
esac
"""
PIP = """#!/bin/sh
[ "$1" != config ] || exit 0
echo "pip $*" >>"{folder}/deeds"
{pip}
case "$*" in *no-deps*) cp "{folder}/uv" "${{0%/*}}/uv" ;; esac
"""
UV = """#!/bin/sh
echo "uv $*" >>"{folder}/deeds"
{uv}
"""


class Root:
    """A folder with the starter, a lock, a `bot` that says how it was called, and an interpreter of our making."""

    def __init__(self, folder: Path) -> None:
        self.root, self.folder = folder / "thư mục", folder
        (self.root / "bot").mkdir(parents=True)
        (self.root / "bot" / "__main__.py").write_text(SAY)
        (self.root / "requirements.lock").write_text(LOCK)
        (self.root / "requirements-aac.lock").write_text("av==1\n")
        shutil.copy(ROOT / "thontin", self.root / "thontin")
        self.python()

    def python(self, old: int = 0, bare: int = 0, pip: str = "", uv: str = "") -> None:
        """How the interpreter behaves: exit codes of its checks, and a last line of its pip and uv."""
        stubs = {
            "python": PYTHON.format(old=old, bare=bare, real=shutil.which("python3"), folder=self.folder),
            "pip": PIP.format(pip=pip, folder=self.folder),
            "uv": UV.format(uv=uv, folder=self.folder),
        }
        for name, text in stubs.items():
            (self.folder / name).write_text(text)
            (self.folder / name).chmod(0o755)

    def start(self, *arguments: str, by: Path | None = None, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run the starter in an otherwise empty environment."""
        known = {"PATH": "/usr/bin:/bin", "HOME": str(self.folder), "THONTIN_PYTHON": str(self.folder / "python")}
        return subprocess.run(
            [str(by or self.root / "thontin"), *arguments],
            env={**known, "TMPDIR": str(self.folder), **environ},
            cwd=self.folder, capture_output=True, text=True, check=False,
        )  # fmt: skip

    @property
    def deeds(self) -> list[str]:
        """What was done to the environment."""
        path = self.folder / "deeds"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(tmp_path)


def test_the_first_start_makes_the_environment_with_hashes_required(root: Root) -> None:
    ran = root.start("a b", "c")
    assert ran.returncode == 2
    assert ran.stdout.strip() == str([["a b", "c"], str(root.folder), str(root.root)])
    assert root.deeds[0] == "made"
    assert len(root.deeds) == 3
    assert all("--require-hashes" in deed for deed in root.deeds[1:])
    assert root.deeds[2].startswith("uv pip sync")


def test_the_next_start_does_nothing_but_run_the_command(root: Root) -> None:
    root.start()
    before = root.deeds
    ran = root.start()
    assert (ran.returncode, ran.stderr, root.deeds) == (0, "", before)


def test_a_changed_lock_brings_the_environment_up_to_date_in_place(root: Root) -> None:
    root.start()
    (root.root / "requirements.lock").write_text(LOCK + "yy==3\n")
    root.start()
    assert root.deeds.count("made") == 1
    assert [deed.split()[0] for deed in root.deeds] == ["made", "pip", "uv", "uv"]


def test_a_half_made_environment_is_made_again(root: Root) -> None:
    (root.root / ".venv" / "bin").mkdir(parents=True)
    (root.root / ".venv" / "rest").write_text("")
    assert root.start().returncode == 0
    assert not (root.root / ".venv" / "rest").exists()


def test_an_environment_without_its_interpreter_is_made_again(root: Root) -> None:
    root.start()
    python = root.root / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/khong/co")
    assert root.start().returncode == 0
    assert root.deeds.count("made") == 2


def test_two_first_starts_at_once_make_one_environment(root: Root) -> None:
    with ThreadPoolExecutor() as pool:
        ran = list(pool.map(lambda _: root.start(), range(4)))
    assert [one.returncode for one in ran] == [0, 0, 0, 0]
    assert root.deeds.count("made") == 1


def test_without_uv_pip_installs_with_hashes_required(root: Root) -> None:
    root.python(pip='case "$*" in *no-deps*) exit 1 ;; esac')
    assert root.start().returncode == 0
    assert root.deeds[-1] == f"pip install --quiet --require-hashes -r {root.root}/requirements.lock"


def test_when_uv_fails_pip_is_tried(root: Root) -> None:
    root.python(uv="exit 1")
    assert root.start(THONTIN_AAC="1").returncode == 0
    both = f"-r {root.root}/requirements.lock -r {root.root}/requirements-aac.lock"
    assert root.deeds[-1] == f"pip install --quiet --require-hashes {both}"


def test_what_cannot_be_installed_is_one_line_and_tried_again_next_time(root: Root) -> None:
    root.python(pip="echo 'ERROR: no network' >&2; exit 1")
    ran = root.start()
    assert ran.returncode == 2
    assert "ERROR: no network" in ran.stderr.splitlines()[-1]
    assert ran.stdout == ""
    root.python()
    assert root.start().returncode == 0


def test_the_aac_encoder_is_added_on_demand_and_stays(root: Root) -> None:
    root.start()
    root.start(THONTIN_AAC="1")
    assert root.deeds[-1].endswith("requirements-aac.lock")
    before = root.deeds
    root.start()
    assert root.deeds == before


def test_it_may_be_called_through_a_link_from_anywhere(root: Root) -> None:
    link = root.folder / "link"
    link.symlink_to(root.root / "thontin")
    ran = root.start(by=link)
    assert ran.stdout.strip() == str([[], str(root.folder), str(root.root)])


def test_a_bot_in_the_folder_we_are_in_is_not_taken_for_ours(root: Root) -> None:
    (root.folder / "bot").mkdir()
    (root.folder / "bot" / "__main__.py").write_text("raise SystemExit(99)")
    assert root.start().returncode == 0


REFUSED = {
    "python too old": (1, 0, "python", "3.11"),
    "python without venv": (0, 1, "python", "apt-get install python3-venv"),
    "no python": (0, 0, "khong-co", "khong-co"),
}


@pytest.mark.parametrize("label", REFUSED)
def test_what_is_missing_is_said_in_one_line(root: Root, label: str) -> None:
    old, bare, name, word = REFUSED[label]
    root.python(old, bare)
    ran = root.start(THONTIN_PYTHON=str(root.folder / name))
    said = [line for line in ran.stderr.splitlines() if "đang chuẩn bị" not in line]
    assert ran.returncode == 2
    assert len(said) == 1
    assert word in said[0]


@pytest.mark.parametrize(("user", "code"), [(0, 0), (1000, 2)], ids=["root", "somebody else"])
def test_root_on_a_fresh_machine_gets_python3_venv_installed(root: Root, user: int, code: int) -> None:
    root.python(bare=1)
    tools = root.folder / "tools"
    tools.mkdir()
    stubs = {
        "id": f"echo {user}",
        "apt-get": f'echo "apt $*" >>"{root.folder}/deeds"; cp "{root.folder}/whole" "{tools}/python3"',
        "python3": (root.folder / "python").read_text().partition("\n")[2],
    }
    root.python()
    (root.folder / "python").rename(root.folder / "whole")
    for name, text in stubs.items():
        (tools / name).write_text(f"#!/bin/sh\n{text}\n")
        (tools / name).chmod(0o755)
    ran = root.start(THONTIN_PYTHON="", PATH=f"{tools}:/usr/bin:/bin")
    assert ran.returncode == code
    assert any(deed.startswith("apt -qq install") and "python3-venv" in deed for deed in root.deeds) == (user == 0)


def test_the_lock_names_no_address_and_hashes_everything() -> None:
    for name in ("requirements.lock", "requirements-aac.lock"):
        text = (ROOT / name).read_text()
        blocks = [one for one in text.replace("\\\n", " ").splitlines() if one.strip()]
        assert blocks
        assert "://" not in text
        assert all("==" in one and "--hash=sha256:" in one for one in blocks)


def test_the_lock_knows_every_dependency() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"], "uv"]
    names = {one.partition(">")[0].partition("=")[0].partition("[")[0].strip() for one in asked}
    locked = {line.partition("==")[0] for line in (ROOT / "requirements.lock").read_text().splitlines() if "==" in line}
    assert {name.lower().replace("_", "-") for name in names} <= locked


def test_the_starter_and_the_check_of_everything_can_be_executed() -> None:
    for name in ("thontin", ".ci/run"):
        assert (ROOT / name).stat().st_mode & stat.S_IXUSR
        assert (ROOT / name).read_text().startswith("#!/bin/sh\n")
        subprocess.run(["/bin/sh", "-n", str(ROOT / name)], check=True, env=dict(os.environ))


def test_the_mark_of_a_finished_environment_is_the_hash_of_the_lock(root: Root) -> None:
    root.start()
    written = (root.root / ".venv" / ".made").read_text().strip()
    assert written == hashlib.sha256(LOCK.encode()).hexdigest()
