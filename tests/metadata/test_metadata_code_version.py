"""The version of the code that reads files: no number that somebody has to raise."""

import importlib
import subprocess
import sys

import pytest

from ocean_metadata.code_version import code_version, imported_sources
from ocean_metadata.index import storage, watch

READING = [watch.__name__, storage.REMOTE]
LOADED = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)\nprint(*sys.modules)"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of three modules, of which the first imports the second."""
    folder = tmp_path / "ocean_made"
    folder.mkdir()
    texts = {"__init__": "", "reader": "from ocean_made import units", "units": "METRE = 1", "plots": "COLOUR = 'red'"}
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    yield folder
    for name in [name for name in sys.modules if name.startswith("ocean_made")]:
        del sys.modules[name]


@pytest.mark.parametrize(("module", "changes"), [("reader", True), ("units", True), ("plots", False)])
def test_the_version_changes_with_the_code_that_is_imported(package, module, changes):
    compute = code_version.__wrapped__
    before = compute("ocean_made.reader")
    assert compute("ocean_made.reader") == before
    with (package / f"{module}.py").open("a") as file:
        file.write("\n# changed")
    assert (compute("ocean_made.reader") != before) is changes


@pytest.mark.parametrize(
    "modules", [READING, ["ocean_metadata.class4.reading"], ["ocean_metadata.observations.formats"]]
)
def test_all_that_the_reading_code_loads_counts(modules):
    command = [sys.executable, "-c", LOADED, *modules]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    counted = imported_sources(*modules)
    packages = {name for name in loaded if name.startswith("ocean_") and any(each.startswith(name) for each in counted)}
    assert set(modules) <= set(counted)
    assert {name for name in loaded if name.startswith("ocean_")} - packages == set()


def test_a_module_that_there_is_not_is_no_version():
    with pytest.raises(LookupError):
        imported_sources("ocean_metadata.index.nothing")
