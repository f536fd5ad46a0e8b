"""What a moment needed is given back when it is over."""

import subprocess
import sys

from bot.config import ROOT

GROWN = """
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from bot import memory
from bot.console.passwords import hash_password

memory.begin()

def resident():
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))

hash_password("Lúa chín đầu mùa")
before = resident()
with ThreadPoolExecutor(4) as officials:
    list(officials.map(hash_password, ["Lúa chín đầu mùa"] * 20))
    print(resident() - before)
"""


def test_four_officials_who_sign_in_at_once_leave_no_memory_behind() -> None:
    told = subprocess.run([sys.executable, "-c", GROWN], cwd=ROOT, capture_output=True, text=True, check=True)
    assert int(told.stdout) < 10 * 1024  # KiB; each took 19 MiB for a moment
