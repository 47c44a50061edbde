"""Version of what the index and the importer store: a digest of the modules that make it.

What they keep is read again where the code that read it has changed: nobody has to remember to raise a number.
"""

import ast
import hashlib
import importlib.util
from collections.abc import Iterator
from functools import cache
from pathlib import Path

# Modules that readers import and that do not change what is stored: contracts only grow, and the fields of those in the
# catalogue are part of its format (`catalogue.database`).
NOT_STORED = ("ocean_common", "ocean_core.cache", "ocean_core.errors", __name__)


@cache
def code_version(*modules: str) -> int:
    """Return a number of 31 bits that changes with the source of modules or of anything of ours that they import."""
    digest = hashlib.blake2b(digest_size=4)
    for name, path in sorted(imported_sources(*modules).items()):
        digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return int.from_bytes(digest.digest()) >> 1


def imported_sources(*modules: str) -> dict[str, Path]:
    """Return the files of modules and of all that count and that they import; LookupError if one does not exist."""
    sources: dict[str, Path] = {}
    names = list(modules)
    while names:
        name = names.pop()
        if is_counted(name) and name not in sources and (path := _source_of(name)):
            sources[name] = path
            names.extend(_imported_names(path))
    if missing := set(modules) - set(sources):
        raise LookupError(", ".join(sorted(missing)))
    return sources


def is_counted(name: str) -> bool:
    """Return whether the source of a module may change what is stored."""
    return name.startswith("ocean_") and not any(f"{name}.".startswith(f"{other}.") for other in NOT_STORED)


def _source_of(name: str) -> Path | None:
    """Return the file of a module; None for a name that an import takes from within a module."""
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        return None
    return Path(spec.origin) if spec and spec.origin else None


def _imported_names(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
