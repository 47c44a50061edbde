"""`make run`: index the datasets, start the services and the gateway, and keep them running until Ctrl-C."""

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine
from contextlib import suppress
from itertools import chain
from typing import Any

import httpx

from stack.files import rotate_logs
from stack.options import Options, Refused, check, claim, parse
from stack.programs import Plan
from stack.readiness import Examples, alive, answering, until
from stack.supervisor import Supervisor, end, start
from stack.table import table


def print_line(text: str) -> None:
    """Print on the terminal, unless it is gone."""
    with suppress(OSError):
        print(text, flush=True)


async def run(options: Options) -> None:
    """Start everything, and wait for a signal."""
    started = asyncio.get_running_loop().time()
    plan = Plan(options)
    supervisor = Supervisor(print_line)
    stopping = _signals(supervisor)
    try:
        rotate_logs(options.state / "logs")
        if await _first(_index(plan), stopping):
            return
        examples: Examples = {}
        if await _first(_start(plan, supervisor, examples), stopping):
            return
        plan.write()
        print_line(table(plan, examples, asyncio.get_running_loop().time() - started))
        await stopping.wait()
    finally:
        print_line("stopping …")
        await supervisor.stop()


def _signals(supervisor: Supervisor) -> asyncio.Event:
    """Stop in order at the first signal, at once at the second."""
    stopping = asyncio.Event()

    def stop() -> None:
        if stopping.is_set():
            supervisor.kill()
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    return stopping


async def _first(work: Coroutine[Any, Any, None], stopping: asyncio.Event) -> bool:
    """Do ``work`` unless a signal comes first; return whether one came."""
    working, waiting = asyncio.create_task(work), asyncio.create_task(stopping.wait())
    await asyncio.wait([working, waiting], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if working.done():
        working.result()
    else:
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
    return stopping.is_set()


async def _index(plan: Plan) -> None:
    process = await start(plan.index())
    try:
        code = await process.wait()
    finally:
        await end(process)
    if code:
        # It has said why, in a line of its own, when the configuration or the folder is at fault.
        raise Refused("" if code == 1 else f"the index ended with {code}")


async def _start(plan: Plan, supervisor: Supervisor, examples: Examples) -> None:
    async with httpx.AsyncClient(timeout=5) as http:
        supervisor.add(plan.services())
        urls = {name: plan.urls[name] for name in chain.from_iterable(plan.instances.values())}
        # The gateway counts a service that is away at its first look as down until the next.
        await until(lambda: alive(http, urls), supervisor, print_line)
    supervisor.add([plan.traefik()])
    async with httpx.AsyncClient(base_url=plan.web, timeout=60) as http:
        await until(lambda: answering(http, examples), supervisor, print_line)


def main() -> int:
    """Run and return the exit code."""
    try:
        options = parse(sys.argv[1:], os.environ)
        check(options)
        with claim(options.state):
            asyncio.run(run(options))
    except Refused as error:
        if str(error):
            print(f"make run: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
