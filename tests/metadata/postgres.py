"""Databases for tests: SQLite, and a PostgreSQL server of the tests' own, as Debian packages it."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

_FOUND = shutil.which("pg_ctl") or max(map(str, Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")), default=None)
PROGRAMS = Path(_FOUND).resolve().parent if _FOUND else Path("/usr/lib/postgresql/15/bin")
# Who runs the tests without it loses little; where they are the judge, they must all run.
MISSING = not _FOUND and "CI" not in os.environ
REASON = "there is no PostgreSQL here: apt-get install postgresql"

BACKENDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.skipif(MISSING, reason=REASON))]

# Nothing here is to outlive the tests, not even a moment without power.
SETTINGS = {
    "listen_addresses": "", "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
    "max_connections": "200", "shared_buffers": "64MB",
}  # fmt: skip


class PostgreSQL:
    """A server in a folder of its own, on a Unix socket there."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path must be short
        self._user = "nobody" if os.geteuid() == 0 else None  # it refuses to be run by root
        self._made = 0
        if self._user:
            shutil.chown(self.folder, self._user)

    def start(self) -> None:
        self._run("initdb", "--auth=trust", "--username=ocean", "--encoding=UTF8", "--no-locale", "--no-sync")
        self.resume()

    def resume(self) -> None:
        supplied = [f"-c {name}='{value}'" for name, value in SETTINGS.items()]
        options = " ".join(["-k", str(self.folder), *supplied])
        self._run("pg_ctl", "start", "--wait", f"--log={self.folder / 'log'}", f"--options={options}")

    def halt(self) -> None:
        self._run("pg_ctl", "stop", "--mode=immediate")

    def stop(self) -> None:
        with suppress(subprocess.CalledProcessError):  # it is halted as it is
            self.halt()
        shutil.rmtree(self.folder)

    def create(self) -> str:
        """Make an empty schema, which is made at once where a database takes its time; the URL that leads there."""
        self._made += 1
        name = f"t{self._made}"
        with psycopg.connect(host=str(self.folder), user="ocean", dbname="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {name}")
        return f"postgresql+psycopg://ocean@/postgres?host={self.folder}&options=-csearch_path%3D{name}"

    def _run(self, program: str, *words: str) -> None:
        command = [PROGRAMS / program, *words, f"--pgdata={self.folder / 'data'}"]
        subprocess.run(
            command, check=True, cwd=self.folder, user=self._user, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """The server, started by the first test that needs it."""
    server = PostgreSQL()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own_postgresql() -> Iterator[PostgreSQL]:
    """A server that a test may halt and resume."""
    server = PostgreSQL()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session", params=BACKENDS)
def new_database(request, tmp_path_factory) -> Callable[[], str]:
    """Make an empty database, of each kind in turn: what `connect` opens."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgresql").create
    return lambda: str(tmp_path_factory.mktemp("database") / "catalogue.sqlite3")


@pytest.fixture
def database(new_database) -> str:
    """An empty database, of each kind in turn: the path of SQLite, the URL of PostgreSQL."""
    return new_database()
