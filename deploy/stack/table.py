"""Table of addresses for the terminal."""

from stack.programs import Plan
from stack.readiness import DOCS, Examples


def table(plan: Plan, examples: Examples, seconds: float) -> str:
    """Return the addresses of a run that is ready."""
    rows = [
        ("gateway", f"{plan.web}/"),
        ("  with TLS", f"{plan.websecure}/  (certificate authority: {plan.options.state / 'ca.pem'})"),
        ("docs", f"{plan.web}/docs"),
        ("OpenAPI", f"{plan.web}/openapi.json"),
        *((f"  {name}", f"{plan.web}/{name}/openapi.json") for name in DOCS),
        ("datasets", f"{plan.web}/api/v2.0/datasets"),
        *((f"example {kind}", f"{plan.web}{path}") for kind, path in sorted(examples.items(), reverse=True)),
        ("dashboard", f"{plan.urls['admin']}/dashboard/"),
        ("processes", ", ".join(f"{name} {count}" for name, count in plan.options.processes.items())),
        ("logs", str(plan.options.state / "logs")),
    ]
    if not examples:
        rows.append(("", f"no map or plot yet: {plan.web}/api/v2.0/datasets/status tells why"))
    lines = [f"  {name:<14} {value}".rstrip() for name, value in rows]
    return "\n".join(["", f"Ocean Navigator is ready ({seconds:.1f} s). Ctrl-C stops it.", "", *lines, ""])
