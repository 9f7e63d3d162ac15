"""The cost of a whole process: wall time and peak memory, started afresh each time."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

REPEATS = 3


@dataclass(frozen=True)
class Cost:
    """The medians of some runs: seconds of wall time, and MiB of resident memory at its peak."""

    seconds: float
    mebibytes: float

    def __str__(self) -> str:
        return f"{self.seconds:7.2f} s {self.mebibytes:8,.0f} MiB"


def costs(commands: dict[str, Sequence[str]], repeats: int = REPEATS) -> dict[str, Cost]:
    """Run the commands in turns, so that a slow moment of the machine meets all of them alike."""
    runs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(repeats):
        for name, command in commands.items():
            runs[name].append(one_run(command))
    return {name: median(of_one) for name, of_one in runs.items()}


def one_run(command: Sequence[str]) -> Cost:
    """Run a command with this Python and without its output; stop if it fails."""
    # As installed: the bytecode of other packages is there, and ours has to be kept as well.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.DEVNULL, env=environment
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed with {process.returncode}")
    in_kib = usage.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    return Cost(seconds, in_kib / 1024)


def median(runs: Sequence[Cost]) -> Cost:
    """Return the medians of the runs' seconds and of their memory."""
    return Cost(
        statistics.median(run.seconds for run in runs),
        statistics.median(run.mebibytes for run in runs),
    )
