"""Serve several apps of one version in one process: `python serve.py '[["metadata", {...}], ["data", {...}]]'`."""

import asyncio
import importlib
import json
import sys

import uvicorn


async def serve(services):
    """Serve each service with its settings until the process is ended."""
    servers = []
    for name, settings in services:
        module = importlib.import_module(f"ocean_{name}.app")
        kind = importlib.import_module(f"ocean_{name}.settings").Settings
        config = uvicorn.Config(module.build(kind(**settings)), port=settings["port"], log_level="warning")
        servers.append(uvicorn.Server(config))
    await asyncio.gather(*(server.serve() for server in servers))


if __name__ == "__main__":
    asyncio.run(serve(json.loads(sys.argv[1])))
