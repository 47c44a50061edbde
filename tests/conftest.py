"""What all tests share."""

import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import settings

# A busy machine is no failure: speed is for `make bench`.
settings.register_profile("short", deadline=None, max_examples=20)
settings.register_profile("full", deadline=None, max_examples=200)

# Groups of few tests that take long: started last, they would keep one worker while the others have nothing to do.
LONG = (
    *("one run", "versions", "test_plotting_workers", "test_e2e_runs", "postgresql", "test_dask"),
    *("test_metadata_watching", "test_metadata_process", "test_metadata_observations_process", "test_e2e_samples"),
)


def pytest_configure(config):
    """Draw few examples of each property in `make test`, and many in `make test-all`."""
    settings.load_profile("short" if "not full" in config.option.markexpr else "full")


def pytest_sessionstart(session):
    """Compile the kernels once, before workers and services would all do so at the same time."""
    if getattr(session.config.option, "numprocesses", None) and not hasattr(session.config, "workerinput"):
        subprocess.run([sys.executable, "-m", "ocean_data.kernels"], check=True, stdout=subprocess.DEVNULL)


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in the same hook
def pytest_collection_modifyitems(items):
    """Give each file to one worker, and all that needs PostgreSQL to one: what they share is made once.

    The longest groups come first, so that the workers finish together.
    """
    for item in items:
        if any(item.iter_markers("xdist_group")):
            continue
        parameters = getattr(item, "callspec", None)
        postgresql = parameters is not None and parameters.params.get("new_database") == "postgresql"
        if postgresql:
            item.add_marker(pytest.mark.ci)
        item.add_marker(pytest.mark.xdist_group("postgresql" if postgresql else str(item.path.stem)))
    sizes = Counter(map(group_of, items))
    items.sort(key=lambda item: order_of(group_of(item), sizes))


def group_of(item):
    """The name of the tests that run in one worker."""
    return next(item.iter_markers("xdist_group")).args[0]


def order_of(group, sizes):
    return (LONG.index(group) if group in LONG else len(LONG), -sizes[group], group)


def pytest_collection_finish(session):
    """Refuse versions of pytest and xdist that do not keep the tests of a group together, and tests of two groups."""
    if getattr(session.config.option, "loadgroup", False) and session.items:
        assert all(item.nodeid.endswith(f"@{group_of(item)}") for item in session.items), (
            "pytest-xdist ignores the groups of tests, or joins them"
        )
