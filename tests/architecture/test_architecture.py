"""Check who may import whom (docs/architecture.md). A test tells all violations at once."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from tests.architecture.harvest import nodes, parse

pytestmark = pytest.mark.xdist_group("architecture")  # what is parsed serves all

ROOT = Path(__file__).parents[2]
SERVICES = ("ocean_metadata", "ocean_data", "ocean_plotting")
PACKAGES = {
    name: folder
    for name, folder in {
        "ocean_core": ROOT / "services/core/ocean_core",
        "ocean_common": ROOT / "services/common/ocean_common",
        "ocean_metadata": ROOT / "services/metadata/ocean_metadata",
        "ocean_data": ROOT / "services/data/ocean_data",
        "ocean_plotting": ROOT / "services/plotting/ocean_plotting",
        "ocean_gateway": ROOT / "gateway/ocean_gateway",
    }.items()
    if folder.is_dir()
}

ALLOWED = {
    "ocean_core": set(),
    "ocean_common": {"ocean_core"},
    "ocean_gateway": {"ocean_core", "ocean_common"},
    **{service: {"ocean_core", "ocean_common"} for service in SERVICES},
}
HTTP = ("litestar", "httpx", "uvicorn")
OUTSIDE = (*HTTP, "sqlite3", "sqlalchemy", "os", "pathlib", "shutil", "tempfile", "time")
READERS = ("netCDF4", "xarray", "h5py", "zarr")
# Folders of pure computing, and what must not be imported there: prefixes of module names.
PURE = {
    "ocean_core": (*(name for name in OUTSIDE if name != "time"), *READERS, "matplotlib"),  # caches have a clock
    "ocean_common.contracts": (*OUTSIDE, *READERS, "numpy"),
    "ocean_data.compute": (*OUTSIDE, *READERS, "matplotlib"),
    "ocean_data.grids": (*OUTSIDE, *READERS, "matplotlib"),
    "ocean_data.plan": (*OUTSIDE, *READERS, "matplotlib"),
    "ocean_plotting.figure": (*HTTP, "sqlite3", "sqlalchemy", *READERS),
}
# Parts of the metadata service that open data files.
READING = ("ocean_metadata.index", "ocean_metadata.observations", "ocean_metadata.class4.reading")

ENVIRONMENT = {"settings.py", "service.py", "__main__.py"}  # may read the environment or hand it on


@cache
def modules():
    """The syntax trees of all packages, by path."""
    return {path: parse(path) for folder in PACKAGES.values() for path in sorted(folder.rglob("*.py"))}


def name_of(path):
    """The dotted name of a module."""
    package, folder = next((name, folder) for name, folder in PACKAGES.items() if path.is_relative_to(folder))
    parts = [package, *path.relative_to(folder).with_suffix("").parts]
    return ".".join(parts).removesuffix(".__init__")


@cache
def imports_of(path):
    imports = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            imports |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}: a relative import"
            imports |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return imports


def begins(name, prefixes):
    return any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)


def violations(forbidden_of):
    """Imports that a module must not have; ``forbidden_of`` gives the prefixes for a module's name."""
    return [
        f"{name_of(path)} imports {name}"
        for path in modules()
        if (prefixes := forbidden_of(name_of(path)))
        for name in sorted(imports_of(path))
        if begins(name, prefixes)
    ]


def test_every_package_has_modules_to_check():
    assert {name_of(path).split(".")[0] for path in modules()} == set(PACKAGES)
    assert all(
        any(begins(name_of(path), (folder,)) for path in modules())
        for folder in PURE
        if folder.split(".")[0] in PACKAGES
    )


def test_packages_import_only_what_lies_below_them():
    def forbidden(name):
        package = name.split(".")[0]
        return tuple(set(PACKAGES) - ALLOWED[package] - {package})

    assert not violations(forbidden)


def test_computing_knows_no_http_files_or_environment():
    def forbidden(name):
        return next((prefixes for folder, prefixes in PURE.items() if begins(name, (folder,))), ())

    assert not violations(forbidden)


def test_only_the_reading_parts_of_the_metadata_service_open_files():
    def forbidden(name):
        return () if not begins(name, ("ocean_metadata",)) or begins(name, READING) else (*READERS, "cftime")

    assert not violations(forbidden)


def test_only_settings_read_the_environment_and_matplotlib_is_used_without_pyplot():
    assert not violations(lambda name: ("matplotlib.pyplot", "pylab"))
    texts = {path: path.read_text() for path in modules() if path.name not in ENVIRONMENT}
    assert not [name_of(path) for path, text in texts.items() if "os.environ" in text or "getenv" in text]


def circles():
    """Groups of modules that import each other, over however many others."""
    names = {name_of(path) for path in modules()}
    above = {name_of(path): (imports_of(path) & names) - {name_of(path)} for path in modules()}
    reached = {}

    def find_reached(start):
        if start not in reached:
            observed, left = set(), [start]
            while left:
                fresh = above[left.pop()] - observed
                observed |= fresh
                left += fresh
            reached[start] = observed
        return reached[start]

    groups = {frozenset(other for other in find_reached(name) if name in find_reached(other)) for name in names}
    return sorted(" <-> ".join(sorted(group)) for group in groups if group)


def test_no_modules_import_each_other():
    assert not circles()
    assert not [name_of(path) for path in modules() if "TYPE_CHECKING" in path.read_text()]


@pytest.mark.parametrize("package", SERVICES)
def test_a_service_imports_without_the_others(package):
    hide = (
        "import sys\n"
        "class Hidden:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.split('.')[0] in {sorted(set(SERVICES) - {package})}:\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Hidden())\n"
        f"import {package}.app\n"
    )
    result = subprocess.run([sys.executable, "-c", hide], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_only_the_grids_know_which_kind_a_grid_is():
    """Other modules of the data service ask a grid through its protocol (`ocean_data.grids.base.Grid`)."""
    kinds = {"Rectilinear", "Curvilinear", "Projected", "Mesh"}
    words = {"rectilinear", "curvilinear", "projected", "triangles", "none"}

    def asks(node):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance":
            return bool(kinds & {part.id for part in ast.walk(node.args[1]) if isinstance(part, ast.Name)})
        if not isinstance(node, ast.Compare):
            return False
        attributes = {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}
        constants = {part.value for part in ast.walk(node) if isinstance(part, ast.Constant)}
        return "kind" in attributes and bool(words & constants)

    asking = [
        f"{name_of(path)}:{node.lineno}"
        for path in modules()
        if begins(name_of(path), ("ocean_data", "ocean_plotting")) and not begins(name_of(path), ("ocean_data.grids",))
        for node in nodes(path)
        if asks(node)
    ]
    assert not asking
