"""What all tests share."""

import subprocess
import sys

import pytest
from hypothesis import settings

# A busy machine is no failure: speed is for `make bench`.
settings.register_profile("short", deadline=None, max_examples=20)
settings.register_profile("full", deadline=None, max_examples=200)

COMPILE = "from ocean_data.app import compile_kernels; compile_kernels()"


def pytest_configure(config):
    """Draw few examples of each property in `make test`, and many in `make test-all`."""
    settings.load_profile("short" if "not full" in config.option.markexpr else "full")


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
        if postgresql:
            item.add_marker(pytest.mark.ci)
        item.add_marker(pytest.mark.xdist_group("postgresql" if postgresql else str(item.path.stem)))
