"""Put deliberate faults into the code, one at a time, and report which of them the tests catch.

    python tests/mutants/run.py [--only NAME ...] [--jobs 2] [--record FILE] [--checkout FOLDER] [--table FILE]

The faults are in `mutants.toml`. Each is applied to a scratch copy of the checkout, and only the test files that it
names are run there, up to the first failure. The checkout itself is never changed. The tests are first run without
any fault: what fails then says nothing about the faults, and the run ends.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
TABLE = Path(__file__).with_name("mutants.toml")
TIMEOUT = 600  # s for the tests of one fault
PACKAGES = ("services/core", "services/common", "services/metadata", "services/data", "services/plotting", "gateway")
PASSED, FAILED = 0, 1  # exit codes of pytest


class Mutant(NamedTuple):
    """One fault: a text in a file that is replaced by another, and the test files that should notice."""

    name: str
    fault: str
    file: str
    old: str
    new: str
    tests: list[str]


class Outcome(NamedTuple):
    """Result of the tests of one fault."""

    name: str
    status: str  # caught, survived or broken
    detail: str
    seconds: float


def load_mutants(table: Path) -> list[Mutant]:
    """Read the table of faults."""
    return [Mutant(**entry) for entry in tomllib.loads(table.read_text())["mutant"]]


def find_misfits(mutants: list[Mutant], checkout: Path) -> list[str]:
    """List the faults that do not fit the checkout: no such file or test, or a text that is not there exactly once."""
    problems = []
    for mutant in mutants:
        source = checkout / mutant.file
        count = source.read_text().count(mutant.old) if source.is_file() else -1
        if count != 1:
            problems.append(f"{mutant.name}: " + (f"{count} occurrences" if count >= 0 else f"no file {mutant.file}"))
        if mutant.old == mutant.new:
            problems.append(f"{mutant.name}: nothing is changed")
        problems += [f"{mutant.name}: no test {path}" for path in mutant.tests if not (checkout / path).exists()]
    names = [mutant.name for mutant in mutants]
    return problems + [f"{name}: used twice" for name in set(names) if names.count(name) > 1]


def copy_checkout(checkout: Path, target: Path) -> None:
    """Copy the files under version control, and new ones."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=checkout, check=True, capture_output=True, text=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        if (checkout / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(checkout / name, target / name)


def run_tests(
    scratch: Path, python: Path, tests: list[str], jobs: int = 0, timeout: float | None = TIMEOUT
) -> tuple[int | None, str]:
    """Run test files in a scratch copy: the exit code (None after the timeout) and the last lines."""
    environment = os.environ | {
        # In front of what is installed: the packages of the scratch copy are imported, in child processes too.
        "PYTHONPATH": os.pathsep.join(str(scratch / package) for package in PACKAGES),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [python, "-m", "pytest", "-x", "-q", "-n", str(jobs), "-m", "not full", "-p", "no:cacheprovider", *tests]
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            command, cwd=scratch, env=environment, stdout=output, stderr=output, start_new_session=True
        )
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            code = None
        output.seek(0)
        lines = output.read().strip().splitlines()
    return code, "\n".join(lines[-12:])


def try_mutant(mutant: Mutant, scratch: Path, python: Path) -> Outcome:
    """Apply one fault to a scratch copy, run its tests, and take the fault back."""
    source = scratch / mutant.file
    original, started = source.read_text(), time.monotonic()
    source.write_text(original.replace(mutant.old, mutant.new))
    try:
        code, output = run_tests(scratch, python, mutant.tests)
    finally:
        source.write_text(original)
    seconds = round(time.monotonic() - started, 1)
    if code == PASSED:
        return Outcome(mutant.name, "survived", "", seconds)
    failures = [line for line in output.splitlines() if line.startswith(("FAILED", "ERROR"))]
    if code is None:
        return Outcome(mutant.name, "caught", "timeout", seconds)
    if code == FAILED:
        return Outcome(mutant.name, "caught", failures[0][:200] if failures else "", seconds)
    return Outcome(mutant.name, "broken", output[-600:], seconds)


def main() -> int:
    """Run the faults and print a line for each; the exit code counts those that are broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="a part of the names to run")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--record", type=Path, help="JSON file for the results")
    parser.add_argument("--checkout", type=Path, default=ROOT, help="the code to mutate, with its .venv")
    parser.add_argument("--table", type=Path, default=TABLE)
    parser.add_argument("--check", action="store_true", help="only look whether the table fits the code")
    parser.add_argument("--no-clean-run", action="store_true", help="do not run the tests without a fault first")
    options = parser.parse_args()
    checkout = options.checkout.resolve()
    mutants = load_mutants(options.table)
    if options.only:
        mutants = [mutant for mutant in mutants if any(part in mutant.name for part in options.only)]
    if problems := find_misfits(mutants, checkout):
        print("\n".join(problems))
        return 2
    if options.check:
        print(f"{len(mutants)} faults fit the code")
        return 0
    python = checkout / ".venv" / "bin" / "python"
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        scratches: SimpleQueue[Path] = SimpleQueue()
        for number in range(options.jobs):
            scratch = Path(folder) / f"copy{number}"
            scratch.mkdir()
            copy_checkout(checkout, scratch)
            scratches.put(scratch)
        if not options.no_clean_run:
            scratch = scratches.get()
            everything = sorted({path for mutant in mutants for path in mutant.tests})
            code, output = run_tests(scratch, python, everything, jobs=options.jobs, timeout=None)
            scratches.put(scratch)
            if code != PASSED:
                print(f"the tests fail without any fault:\n{output}")
                return 2

        def work(mutant: Mutant) -> Outcome:
            scratch = scratches.get()
            try:
                outcome = try_mutant(mutant, scratch, python)
            finally:
                scratches.put(scratch)
            print(f"{outcome.status:9}{outcome.name:45}{outcome.seconds:7.1f} s  {outcome.detail[:120]}", flush=True)
            return outcome

        with ThreadPoolExecutor(options.jobs) as pool:
            outcomes = list(pool.map(work, mutants))
    counts = {
        status: sum(outcome.status == status for outcome in outcomes) for status in ("caught", "survived", "broken")
    }
    print(", ".join(f"{count} {status}" for status, count in counts.items()))
    if options.record:
        results = {outcome.name: outcome.status for outcome in outcomes}
        options.record.write_text(json.dumps({"counts": counts, "results": results}, indent=2) + "\n")
    return 1 if counts["broken"] else 0


if __name__ == "__main__":
    sys.exit(main())
