"""Programs are kept running, and none is left."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from stack import supervisor
from stack.options import Refused
from stack.readiness import until
from stack.supervisor import Program, Supervisor

DEEP = (  # a program with a child that ignores SIGTERM
    "import subprocess, sys, time\n"
    "code = 'import signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(600)'\n"
    "child = subprocess.Popen([sys.executable, '-c', code], stdout=subprocess.PIPE)\n"
    "child.stdout.readline()\n"
    "print('up', child.pid, flush=True)\n"
    "time.sleep(600)\n"
)
SLEEPER = "import os, time; print('up', os.getpid(), flush=True); time.sleep(600)"
DEADLINE = 20.0


def program(tmp_path, code, name="sleeper"):
    return Program(name=name, command=(sys.executable, "-c", code), environment={}, log=tmp_path / f"{name}.log")


async def wait_for(condition):
    deadline = time.monotonic() + DEADLINE
    while not (result := condition()):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
    return result


def pids(log):
    lines = log.read_text().splitlines() if log.exists() else []
    return [int(line.split()[1]) for line in lines if line.startswith("up")]


def has_ended(pid):
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def refusal(watch):
    try:
        watch.check()
    except Refused as error:
        return str(error)


def supervised(script, said=None, grace=8.0):
    said = [] if said is None else said

    async def running():
        watch = Supervisor(said.append, grace)
        try:
            await script(watch)
        finally:
            await watch.stop()

    asyncio.run(running())
    return said


def test_a_program_that_is_killed_is_started_again_and_its_children_are_ended(tmp_path):
    log = tmp_path / "sleeper.log"

    async def script(watch):
        watch.add([program(tmp_path, DEEP)])
        first = (await wait_for(lambda: pids(log)))[0]
        psutil.Process(first).parent().kill()
        await wait_for(lambda: len(pids(log)) == 2)
        await wait_for(lambda: has_ended(first))

    output = supervised(script)
    assert output == ["sleeper ended (signal 9); it is started again in 0.25 s"]
    asyncio.run(wait_for(lambda: all(map(has_ended, pids(log)))))


def test_the_pause_before_a_start_doubles(tmp_path):
    output = []

    async def script(watch):
        watch.add([program(tmp_path, "raise SystemExit(3)")])
        await wait_for(lambda: len(output) == 3)

    supervised(script, output)
    assert [line.rpartition("in ")[2] for line in output[:3]] == ["0.25 s", "0.5 s", "1 s"]
    assert "exit code 3" in output[0]


def test_a_program_that_never_works_is_given_up_with_its_last_words(tmp_path):
    async def script(watch):
        watch.add([program(tmp_path, "raise SystemExit('settings: PORT is wrong')")])
        await wait_for(lambda: refusal(watch))
        assert refusal(watch).startswith("sleeper does not start: settings: PORT is wrong")

    supervised(script)


COMPUTER = "import time, pathlib\nwhile time.process_time() < 1.5: pass\npathlib.Path('{}').touch(); time.sleep(600)"


def test_a_program_is_waited_for_as_long_as_it_computes(tmp_path):
    result = tmp_path / "result"

    async def ready():
        return None if result.exists() else "the service"

    async def script(watch):
        watch.add([program(tmp_path, COMPUTER.format(result))])
        await until(ready, watch, print, deadline=1.0, work=0.01)

    supervised(script)
    assert result.exists()


def test_a_program_that_computes_nothing_is_given_up_with_its_logs(tmp_path):
    async def ready():
        return "the service"

    async def script(watch):
        watch.add([program(tmp_path, SLEEPER)])
        await wait_for(lambda: pids(tmp_path / "sleeper.log"))
        with pytest.raises(Refused, match=f"the service has not answered .*logs: {tmp_path}"):
            await until(ready, watch, print, deadline=0.5)

    supervised(script)


def test_a_program_that_cannot_be_started_now_is_tried_again(tmp_path):
    output, folder = [], tmp_path / "later"

    async def script(watch):
        watch.add([program(folder, SLEEPER)])
        await wait_for(lambda: output)
        folder.mkdir()
        await wait_for(lambda: pids(folder / "sleeper.log"))

    supervised(script, output)
    assert "no such file or directory" in output[0]


def test_a_program_that_does_not_stop_is_made_to(tmp_path):
    log = tmp_path / "stubborn.log"
    code = f"import signal; signal.signal(15, signal.SIG_IGN); {SLEEPER}"

    async def script(watch):
        watch.add([program(tmp_path, code, "stubborn")])
        await wait_for(lambda: pids(log))

    supervised(script, grace=0.2)
    assert asyncio.run(wait_for(lambda: has_ended(pids(log)[0])))


def test_programs_stop_in_the_opposite_order(tmp_path):
    order = tmp_path / "order"
    code = (
        "import signal, sys, time\n"
        f"signal.signal(15, lambda *_: (open({str(order)!r}, 'a').write(sys.argv[1]), sys.exit()))\n"
        "print('up 0', flush=True)\n"
        "time.sleep(600)\n"
    )
    programs = [
        Program(name=name, command=(sys.executable, "-c", code, name), environment={}, log=tmp_path / f"{name}.log")
        for name in "abc"
    ]

    async def script(watch):
        watch.add(programs)
        await wait_for(lambda: all(pids(item.log) for item in programs))

    supervised(script)
    assert order.read_text() == "cba"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent is gone")
def test_programs_stop_when_their_starter_is_killed(tmp_path):
    log = tmp_path / "sleeper.log"
    code = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from stack.supervisor import Program, Supervisor\n"
        "async def main():\n"
        "    command = (sys.executable, '-c', sys.argv[1])\n"
        "    Supervisor(print).add([Program(name='s', command=command, environment={}, log=Path(sys.argv[2]))])\n"
        "    await asyncio.sleep(600)\n"
        "asyncio.run(main())\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(supervisor.__file__).parents[1])}
    starter = subprocess.Popen([sys.executable, "-c", code, SLEEPER, str(log)], env=environment)
    asyncio.run(wait_for(lambda: pids(log)))
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    deadline = time.monotonic() + DEADLINE
    while not has_ended(pids(log)[0]):
        assert time.monotonic() < deadline
        time.sleep(0.02)
