"""Writes docs/sample-files.md: what becomes of each file of a folder that is served without any configuration.

`python docs/sample_files.py [FOLDER]` indexes the sample data, and a folder of other files, as `make run DATA=FOLDER`
does. Without a folder the table of the other files stays as it is.
"""

import os
import sys
import tempfile
import threading
from collections.abc import Iterable
from pathlib import Path

import structlog

from ocean_common.contracts.metadata import DatasetStatus
from ocean_metadata.catalogue.database import connect, create_tables
from ocean_metadata.catalogue.model import DatasetRecord
from ocean_metadata.catalogue.pages import describe_dataset
from ocean_metadata.catalogue.serializers import list_statuses
from ocean_metadata.catalogue.store import Catalogue, CatalogueWriter
from ocean_metadata.index.watch import DatasetIndexer, reading_version

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "deploy" / "sample_data"
PAGE = ROOT / "docs" / "sample-files.md"
HEAD = """# Every sample file

Written by `python docs/sample_files.py [FOLDER]`: each NetCDF file, or family of files, as it is served without any
configuration (`make run DATA=FOLDER`). Notes say what was guessed, converted, masked or left out; the same texts are in
`/api/v2.0/datasets/status`, on the page of the dataset and in the log, in English and French. Profiles and tracks are
no fields on a map: they are served as observations (`OBSERVATIONS=`) and as Class 4 (`CLASS4=`).
"""
SHIPPED, OTHERS = "\n## The sample data\n\n", "\n## Other files\n\n"
COLUMNS = "| files | variables | time steps | notes | left out |\n|---|---|---|---|---|\n"
SHOWN = 12  # variables; of more only the number


def make_table(folder: Path) -> str:
    """Index a folder, and return a row for each of its datasets."""
    with tempfile.TemporaryDirectory() as state:
        engine = connect(f"{state}/catalogue.sqlite3")
        create_tables(engine)
        DatasetIndexer(CatalogueWriter(engine, reading_version()), threading.Event(), folder=folder).run()
        catalogue = Catalogue(engine)
        catalogue.refresh()
        snapshot = catalogue.snapshot
        engine.dispose()
    rows = sorted(_row(snapshot.datasets[status.id], status, folder) for status in list_statuses(snapshot))
    return COLUMNS + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def write_page(folder: Path | None) -> None:
    """Write the page; without a folder its second table is kept."""
    others = make_table(folder) if folder else PAGE.read_text("utf-8").partition(OTHERS)[2]
    PAGE.write_text(HEAD + SHIPPED + make_table(SAMPLES) + OTHERS + others, "utf-8")


def _row(record: DatasetRecord, status: DatasetStatus, folder: Path) -> tuple[str, ...]:
    names = {os.path.relpath(file.path, folder) for file in record.files}
    names |= {problem.file for problem in status.problems if not any(name.endswith(problem.file) for name in names)}
    files = "<br>".join(f"`{name}`" for name in sorted(names))
    notes = "<br>".join(_cell(f"{note.kind}: {note.name}: {note.text}") for note in status.notes)
    left_out = _group((problem.variable, problem.reason) for problem in status.left_out)
    if status.status == "broken":
        reason = status.problems[0].reason if status.problems else status.reason or ""
        return files, "**none**", "", notes, left_out or _cell(reason)
    left_out = "<br>".join(filter(None, (_group((item.file, item.reason) for item in status.problems), left_out)))
    keys = sorted(variable.key for variable in record.variables if not (variable.hidden or variable.auxiliary))
    served = ", ".join(f"`{key}`" for key in keys) if len(keys) <= SHOWN else f"{len(keys)} variables"
    page = describe_dataset(record)
    steps = str(record.times[record.time].count) if record.time is not None else "none"
    ends = [end.removesuffix("+00:00").removesuffix(":00") for end in dict.fromkeys((page.start, page.end)) if end]
    steps = ": ".join(filter(None, (steps, " to ".join(ends))))
    return files, served, steps, notes, left_out


def _group(reasons: Iterable[tuple[str, str]]) -> str:
    """Write each reason once, after the names of all that it holds for."""
    names: dict[str, list[str]] = {}
    for name, reason in reasons:
        names.setdefault(reason, []).append(f"`{name}`")
    return "<br>".join(f"{', '.join(group)}: {_cell(reason)}" for reason, group in names.items())


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    write_page(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
