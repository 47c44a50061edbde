"""Who may import whom, and how large a room may be (docs/architecture.md)."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = ("ocean_metadata", "ocean_data", "ocean_plotting")
PACKAGES = {
    "ocean_core": ROOT / "services/core/ocean_core",
    "ocean_common": ROOT / "services/common/ocean_common",
    "ocean_metadata": ROOT / "services/metadata/ocean_metadata",
    "ocean_data": ROOT / "services/data/ocean_data",
    "ocean_plotting": ROOT / "services/plotting/ocean_plotting",
    "ocean_gateway": ROOT / "gateway/ocean_gateway",
}
MODULES = sorted(path for folder in PACKAGES.values() for path in folder.rglob("*.py"))

# What each room must not import: prefixes of module names.
OUTSIDE = ("litestar", "httpx", "sqlite3", "sqlalchemy", "alembic", "os", "pathlib", "shutil", "tempfile", "time")
READERS = ("netCDF4", "xarray", "h5py", "zarr")
FORBIDDEN = {
    "domain": (*OUTSIDE, *READERS, "matplotlib"),
    "routes": ("sqlite3", "sqlalchemy", "httpx", "matplotlib", *READERS),
    "plots": ("litestar", "httpx", "sqlite3", "sqlalchemy", *READERS),
    "contracts": (*OUTSIDE, *READERS, "numpy"),
}
ENVIRONMENT = {"settings.py", "serve.py", "__main__.py"}  # may read the environment or hand it on


def name_of(path):
    return str(path.relative_to(ROOT))


def package_of(path):
    return next(name for name, folder in PACKAGES.items() if path.is_relative_to(folder))


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}: a relative import"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def begins(name, prefixes):
    return any(name == one or name.startswith(one + ".") for one in prefixes)


def rooms_of(path):
    return path.relative_to(PACKAGES[package_of(path)]).parts[:-1]


def test_every_package_has_modules_to_check():
    assert {package_of(path) for path in MODULES} == set(PACKAGES)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_imports_only_what_its_room_may(path):
    package, names = package_of(path), set(imports(path))
    strangers = set(PACKAGES) - {package, "ocean_common", "ocean_core"}
    strangers |= {"ocean_common"} if package == "ocean_core" else set()
    assert not {name for name in names if begins(name, strangers)}, "services meet in contracts and over HTTP"
    for room in rooms_of(path):
        wrong = {name for name in names if begins(name, FORBIDDEN.get(room, ()))}
        assert not wrong, f"{room} imports {wrong}"
    if "routes" in rooms_of(path) or "plots" in rooms_of(path) or "domain" in rooms_of(path):
        assert not {name for name in names if begins(name, (f"{package}.adapters",))}, "only app.py names adapters"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_common_carries_no_pictures_or_database(path):
    heavy = ("matplotlib", "sqlite3", "sqlalchemy", "scipy", *READERS)
    if package_of(path) in {"ocean_common", "ocean_core"}:
        assert not {name for name in imports(path) if begins(name, heavy)}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_its_commands_open_files_in_the_metadata_service(path):
    commands = path.is_relative_to(PACKAGES["ocean_metadata"]) and rooms_of(path)[:1] in {("index",), ("observations",)}
    if package_of(path) == "ocean_metadata" and not commands:
        assert not {name for name in imports(path) if begins(name, (*READERS, "cftime"))}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_settings_read_the_environment(path):
    reads = {name for name in imports(path) if begins(name, ("os.environ", "os.getenv"))}
    text = path.read_text()
    if path.name not in ENVIRONMENT:
        assert not reads
        assert "os.environ" not in text
        assert "getenv" not in text


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_matplotlib_is_used_without_pyplot(path):
    assert not {name for name in imports(path) if begins(name, ("matplotlib.pyplot", "pylab"))}


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
