"""A background task that ends unexpectedly is started again, and said to have ended."""

import asyncio

from ocean_common.background import BackgroundTask


def test_a_task_that_fails_or_ends_is_started_again_and_shown():
    async def go():
        runs, shown, lasting = [], [], asyncio.Event()

        async def work():
            runs.append(1)
            shown.append(task.failure)
            if len(runs) == 1:
                raise KeyError("odd answer")
            if len(runs) == 3:
                lasting.set()
                await asyncio.Event().wait()

        async with (task := BackgroundTask("nothing is followed", work, first_pause=0.001)):
            await lasting.wait()
            task._recover()
            shown.append(task.failure)
        return runs, shown

    runs, shown = asyncio.run(go())
    assert len(runs) == 3
    assert shown[0] is None
    assert shown[1].startswith("nothing is followed: KeyError")
    assert shown[2].startswith("nothing is followed: it ended")
    assert shown[3] is None


def test_a_task_that_is_stopped_is_no_failure():
    async def go():
        async with BackgroundTask("nothing is followed", asyncio.Event().wait) as task:
            await asyncio.sleep(0)
        return task.failure

    assert asyncio.run(go()) is None
