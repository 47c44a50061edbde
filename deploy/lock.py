"""`make lock`: choose one version of every package, for every Python that is supported, and write constraints.txt."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
OLDEST = "3.11"
OURS = ("ocean-core", "ocean-common", "ocean-metadata", "ocean-data", "ocean-plotting", "ocean-gateway")
HEADER = """\
# One version of every package, for all services and their tests, on Python 3.11 to 3.13. Made by `make lock`.
"""


def main() -> None:
    """Resolve everything that can be installed here, together."""
    projects = [*sorted(ROOT.glob("services/*/pyproject.toml")), ROOT / "gateway" / "pyproject.toml"]
    editable = "".join(f"-e {project.parent.relative_to(ROOT)}\n" for project in projects)
    requirements = ["uv\n", *(f"-r {name}/requirements.txt\n" for name in ("deploy", "tests"))]
    command = [
        *(str(Path(sys.executable).with_name("uv")), "pip", "compile", "-q", "-", "--upgrade"),
        *("--universal", "--python-version", OLDEST, "--fork-strategy", "fewest"),
        *("--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"),
        *(word for name in OURS for word in ("--no-emit-package", name)),
    ]
    resolution = subprocess.run(
        command, input=editable + "".join(requirements), cwd=ROOT, check=True, capture_output=True, text=True
    )
    lines = [line for line in resolution.stdout.splitlines() if line and not line.startswith("#")]
    (ROOT / "constraints.txt").write_text(HEADER + "\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
