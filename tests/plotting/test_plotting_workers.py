"""Worker processes: they end with their service, and one that dies is replaced."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import pytest
from tests.plotting.jobs import die, misbehave, note, process_id, refuse, sleep, wait_for, write_what_no_font_has

from ocean_core.errors import InvalidRequest, RequestTooLarge, ServiceUnavailable, TooBusy
from ocean_plotting.export.output import Output
from ocean_plotting.workers import FigureRenderer, ProcessRenderer

pytestmark = pytest.mark.anyio
CSV = Output(format="csv")
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True, scope="module")
def importable():
    """Workers have the path of modules of their service: the jobs are to be found on it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT)
        yield


@pytest.fixture(scope="module")
async def drawing(importable):
    """A worker for many tests: a process of its own takes seconds to start."""
    async with ProcessRenderer(1, 3, 60.0, 1000, nice=0) as renderer:
        assert isinstance(renderer, FigureRenderer)
        assert renderer.unready()
        yield renderer


async def pid(drawing, request=""):
    return int((await drawing.draw(Output(format="csv", request=request), process_id)).content)


async def test_a_worker_draws_in_a_process_of_its_own(drawing):
    first = await pid(drawing)
    assert not drawing.unready()
    assert first not in {os.getpid(), os.getppid()}
    assert await pid(drawing) == first


async def test_errors_of_the_asker_and_of_ours_come_back_and_the_worker_lives(drawing):
    first = await pid(drawing)
    with pytest.raises(InvalidRequest, match="not so") as refused:
        await drawing.draw(CSV, refuse)
    assert (refused.value.field, refused.value.allowed) == ("size", ("10x7",))
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        await drawing.draw(CSV, misbehave)
    assert await pid(drawing) == first


async def test_clients_take_turns(drawing, tmp_path):
    await pid(drawing)
    os.mkfifo(tmp_path / "door")
    first = asyncio.create_task(drawing.draw(CSV, wait_for, tmp_path / "door", client="a"))
    await asyncio.sleep(0)
    later = [
        asyncio.create_task(drawing.draw(CSV, note, tmp_path / "order", name, client=name[0]))
        for name in ("a1 ", "a2 ", "b1 ")
    ]
    await asyncio.to_thread((tmp_path / "door").write_text, "open")
    await asyncio.gather(first, *later)
    assert (tmp_path / "order").read_text() == "a1 b1 a2 "


async def test_a_client_who_leaves_does_not_end_a_figure_that_another_waits_for(drawing, tmp_path):
    first = await pid(drawing)
    os.mkfifo(tmp_path / "door")
    patient, impatient = (asyncio.create_task(drawing.draw(CSV, wait_for, tmp_path / "door")) for _ in range(2))
    await asyncio.sleep(0)
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    await asyncio.to_thread((tmp_path / "door").write_text, "open")  # once: equal figures are drawn once
    assert int((await patient).content) == first
    assert await pid(drawing) == first


async def test_a_figure_that_was_abandoned_is_taken_up_by_the_next_client(drawing, tmp_path):
    first = await pid(drawing)
    os.mkfifo(tmp_path / "door")
    impatient = asyncio.create_task(drawing.draw(CSV, wait_for, tmp_path / "door"))
    await asyncio.sleep(0)
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    patient = asyncio.create_task(drawing.draw(CSV, wait_for, tmp_path / "door"))
    await asyncio.to_thread((tmp_path / "door").write_text, "open")
    assert int((await patient).content) == first


@pytest.mark.ci
async def test_a_full_queue_refuses_until_a_client_leaves_and_the_figure_of_one_who_left_is_ended(drawing):
    first = await pid(drawing)
    sleeping = asyncio.create_task(drawing.draw(CSV, sleep))
    waiting = [asyncio.create_task(pid(drawing, f"waiting {number}")) for number in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(TooBusy) as refused:
        await pid(drawing, "one more")
    assert refused.value.retry_after
    equal = asyncio.create_task(pid(drawing, "waiting 0"))  # takes no place of its own
    waiting[0].cancel()
    await asyncio.sleep(0)
    assert not equal.done()
    equal.cancel()  # the last client left: the next one has its place
    await asyncio.sleep(0)
    later = asyncio.create_task(pid(drawing, "one more"))
    await asyncio.sleep(0)
    assert not later.done()
    sleeping.cancel()
    async with asyncio.timeout(50):  # less than the limit of time, which would end it too
        assert await later != first


@pytest.mark.ci
async def test_a_worker_that_dies_busy_or_idle_is_replaced(drawing):
    first = await pid(drawing)
    with pytest.raises(ServiceUnavailable, match="try again"):
        await drawing.draw(CSV, die)
    second = await pid(drawing)
    assert second != first
    os.kill(second, signal.SIGKILL)
    while True:  # the death may be noticed by the request itself
        try:
            third = await pid(drawing)
            break
        except ServiceUnavailable:
            continue
    assert third != second


@pytest.mark.ci
async def test_a_letter_that_no_font_has_is_drawn_without_a_word_without_a_queue_too(capfd):
    async with ProcessRenderer(1, 0, 60.0, 100, nice=0) as drawing:
        assert (await drawing.draw(Output(), write_what_no_font_has)).content.startswith(b"\x89PNG")
    assert "Glyph" not in capfd.readouterr().err


@pytest.mark.ci
async def test_a_figure_that_takes_too_long_is_given_up():
    async with ProcessRenderer(1, 1, 0.2, 100, nice=0) as drawing:
        with pytest.raises(RequestTooLarge, match="smaller"):
            await drawing.draw(CSV, sleep)


@pytest.mark.ci
async def test_a_worker_is_replaced_after_its_number_of_figures():
    async with ProcessRenderer(1, 4, 20.0, 1, nice=0) as drawing:
        assert await pid(drawing) != await pid(drawing)


async def test_the_pool_ends_with_its_service_and_at_once():
    async with ProcessRenderer(1, 4, 20.0, 100, nice=0) as drawing:
        worker = await pid(drawing)
        task = asyncio.create_task(drawing.draw(CSV, sleep))
        await asyncio.sleep(0)
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)
    with pytest.raises(ServiceUnavailable):
        await task


SERVICE = """
import asyncio
from ocean_plotting.workers import ProcessRenderer
from ocean_plotting.export.output import Output
from tests.plotting.jobs import process_id, sleep

CSV = Output(format="csv")

async def main():
    async with ProcessRenderer(1, 1, 60.0, 100, nice=0) as drawing:
        print((await drawing.draw(CSV, process_id)).content.decode().strip(), flush=True)
        await drawing.draw(CSV, sleep)

if __name__ == "__main__":
    asyncio.run(main())
"""


@pytest.mark.ci
async def test_no_worker_outlives_a_service_that_was_killed(tmp_path):
    script = tmp_path / "service.py"
    script.write_text(SERVICE)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])}
    service = await asyncio.create_subprocess_exec(
        sys.executable, script, stdout=asyncio.subprocess.PIPE, env=environment
    )
    worker = int(await service.stdout.readline())
    service.kill()
    await service.wait()
    deadline = time.monotonic() + 20
    while _lives(worker):
        assert time.monotonic() < deadline, "the worker lives on"
        await asyncio.sleep(0.02)


def _lives(process):
    try:
        status = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return status != "Z"


async def test_the_service_s_own_process_can_draw_as_well():
    async with FigureRenderer() as drawing:
        assert await pid(drawing) == os.getpid()
