"""The version of the code that reads files: no number that somebody has to raise."""

import importlib
import subprocess
import sys

import pytest

from ocean_metadata.code_version import code_version, imported_sources, is_counted
from ocean_metadata.index.watch import READERS

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


def test_a_new_import_is_noticed(package):
    compute = code_version.__wrapped__
    with (package / "reader.py").open("a") as file:
        file.write("\nfrom ocean_made.plots import COLOUR")
    before = compute("ocean_made.reader")
    (package / "plots.py").write_text("COLOUR = 'blue'")
    assert compute("ocean_made.reader") != before


def test_messages_between_services_do_not_count():
    assert not [name for name in imported_sources(*READERS) if not is_counted(name)]
    assert not any(is_counted(name) for name in ("ocean_common.contracts.assets", "ocean_core.errors", "numpy"))
    assert is_counted("ocean_core.errors_of_files")


@pytest.mark.parametrize(
    "modules", [READERS, ["ocean_metadata.class4.reading"], ["ocean_metadata.observations.formats.readers"]]
)
def test_all_that_the_reading_code_loads_counts(modules):
    command = [sys.executable, "-c", LOADED, *modules]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    counted = imported_sources(*modules)
    packages = {name for name in loaded if any(item.startswith(name) for item in counted)}
    assert set(modules) <= set(counted)
    # Imported by contracts alone: they count as soon as a reader imports them.
    of_contracts = {f"ocean_core.{name}" for name in ("cells", "colour", "geometry", "units", "vectors")}
    assert {name for name in loaded if is_counted(name)} - packages - of_contracts == set()


def test_a_module_that_there_is_not_is_no_version():
    with pytest.raises(LookupError):
        imported_sources("ocean_metadata.index.nothing")
