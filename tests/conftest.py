"""What all tests share."""

import subprocess
import sys

import pytest
from hypothesis import settings

# A busy machine is no failure: speed is for `make bench`.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

COMPILE = "from ocean_data.app import compile_kernels; compile_kernels()"


def pytest_sessionstart(session):
    """Compile the kernels once, before workers and services would all do so at the same time."""
    if getattr(session.config.option, "numprocesses", None) and not hasattr(session.config, "workerinput"):
        subprocess.run([sys.executable, "-c", COMPILE], check=False)


def pytest_collection_modifyitems(items):
    """Give each file to one worker, and all that needs PostgreSQL to one: what they share is made once."""
    for item in items:
        if any(item.iter_markers("xdist_group")):
            continue
        parameters = getattr(item, "callspec", None)
        postgresql = parameters is not None and parameters.params.get("new_database") == "postgresql"
        item.add_marker(pytest.mark.xdist_group("postgresql" if postgresql else str(item.path.stem)))
