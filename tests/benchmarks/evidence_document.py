"""The results of evidence.py as tables, and as the document: evidence.md with its places filled in."""

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

import evidence_charts
import psutil
from evidence_load import Figures
from evidence_servers import OURS
from evidence_subset import Transfer
from evidence_views import View

ROOT = Path(__file__).parents[2]
TEMPLATE, DOCUMENT = Path(__file__).with_name("evidence.md"), ROOT / "docs/evidence.md"
COMPUTING = ("datasets", "tile", "profile", "map")  # endpoints with a function behind them


@dataclass(kw_only=True)
class Results:
    """Everything that was measured in one run."""

    quick: bool = False
    functions: dict[str, float] = field(default_factory=dict)  # processor time without a server, ms
    servers: dict[str, Figures] = field(default_factory=dict)
    views: list[View] = field(default_factory=list)
    subsets: dict[str, Transfer] = field(default_factory=dict)
    load: list[float] = field(default_factory=list)  # of the machine before each part
    began: str = ""
    ended: str = ""
    versions: dict[str, str] = field(default_factory=dict)

    def in_order(self) -> dict[str, Figures]:
        """Return the servers with these services last, which are measured first."""
        return dict(sorted(self.servers.items(), key=lambda item: item[0] == OURS))


def make_tables(results: Results) -> dict[str, str]:
    """Return the tables of Markdown by their names in the template."""
    makers = {
        "processor": _tabulate_processor,
        "overhead": _tabulate_overhead,
        "latency": _tabulate_latency,
        "throughput": _tabulate_throughput,
        "memory": _tabulate_memory,
        "views": _tabulate_views,
        "subset": _tabulate_subsets,
    }
    return {name: make(results) for name, make in makers.items()}


def write(results: Results) -> None:
    """Write the document and draw its pictures."""
    evidence_charts.draw(results.functions, results.in_order(), results.views, results.subsets)
    text = Template(TEMPLATE.read_text("utf-8"))
    DOCUMENT.write_text(text.substitute(_summarise(results) | make_tables(results)), "utf-8")


def _tabulate(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(cells) + " |" for cells in (head, *rows)]
    return "\n".join([lines[0], "|---" + "|---:" * (len(head) - 1) + "|", *lines[1:]])


def _round(value: float) -> str:
    """Write a number with as many digits as it deserves."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _tabulate_processor(results: Results) -> str:
    endpoints = ("empty", *COMPUTING)
    rows = [["the functions alone", "", *(_round(results.functions[name]) for name in COMPUTING)]]
    rows += [
        [name, *(_round(figures.processor[endpoint]) for endpoint in endpoints)]
        for name, figures in results.in_order().items()
    ]
    return _tabulate(["processor time, ms", *(_title(name) for name in endpoints)], rows)


def share(results: Results, server: str, endpoint: str) -> float:
    """Return which part of the processor time of a request is not that of the function behind it."""
    whole = results.servers[server].processor[endpoint]
    return 1 - results.functions[endpoint] / whole if whole else 0.0


def _tabulate_overhead(results: Results) -> str:
    rows = []
    for name, figures in results.in_order().items():
        cells = [name]
        for endpoint in COMPUTING:
            extra = figures.processor[endpoint] - results.functions[endpoint]
            part = share(results, name, endpoint)
            cells.append(f"{_round(extra)} ({part:.0%})" if part > 0 else "< noise")
        rows.append(cells)
    return _tabulate(["ms beside the function (share)", *map(_title, COMPUTING)], rows)


def _title(endpoint: str) -> str:
    titles = {"empty": "nothing", "datasets": "`/datasets`", "profile": "profile plot", "map": "map plot"}
    return titles.get(endpoint, endpoint)


def _tabulate_latency(results: Results) -> str:
    head = ["`/datasets` while 8 clients draw", "p50 ms", "p99 ms", "max ms", "tile p50 ms", "plots/s", "failures"]
    rows = [
        [
            name,
            *map(_round, (figures.p50, figures.p99, max(figures.latencies), figures.tile_p50, figures.plots)),
            str(figures.failures),
        ]
        for name, figures in results.in_order().items()
    ]
    return _tabulate(head, rows)


def _tabulate_throughput(results: Results) -> str:
    endpoints = ("empty", "datasets", "tile")
    rows = [
        [
            name,
            *(_round(figures.median[endpoint]) for endpoint in endpoints),
            *(f"{figures.throughput[endpoint]:,.0f}" for endpoint in endpoints),
        ]
        for name, figures in results.in_order().items()
    ]
    head = ["", *(f"{_title(name)}, ms" for name in endpoints), *(f"{_title(name)}, a second" for name in endpoints)]
    return _tabulate(head, rows)


def _tabulate_memory(results: Results) -> str:
    rows = [[name, f"{item.idle:,.0f}", f"{item.busy:,.0f}"] for name, item in results.in_order().items()]
    return _tabulate(["memory of all processes, MB", "started", "while 8 clients draw, at most"], rows)


def _tabulate_views(results: Results) -> str:
    rows = [
        [
            f"{view.tiles} tiles, {view.trip} ms",
            view.protocol,
            *map(_round, (view.taken, view.fastest)),
            str(view.connections),
            _round(view.client),
            f"{view.kilobytes:,.0f}",
        ]
        for view in results.views
    ]
    head = ["200 tiles, round trip", "protocol", "median ms", "fastest ms", "connections", "curl's processor ms", "kB"]
    return _tabulate(head, rows)


def _tabulate_subsets(results: Results) -> str:
    head = ["", "MB", "first byte s", "all s", "processor s", "memory before MB", "at most more MB"]
    rows = [
        [
            name,
            f"{item.megabytes:,.0f}",
            f"{item.first_byte:.2f}",
            f"{item.total:.1f}",
            f"{item.processor:.1f}",
            f"{item.idle:,.0f}",
            f"{item.peak:,.0f}",
        ]
        for name, item in results.subsets.items()
    ]
    return _tabulate(head, rows)


def _summarise(results: Results) -> dict[str, str]:
    """Return the figures that the prose names."""
    load, servers = sorted(results.load), results.servers
    frameworks = [name for name in servers if name != OURS]
    empty_highest = max(servers[name].processor["empty"] for name in frameworks)
    summary = {
        "began": results.began,
        "ended": results.ended,
        "python": platform.python_version(),
        "machine": f"{os.cpu_count()} shared cores, {psutil.virtual_memory().total / 1e9:.0f} GB, Linux",
        "versions": ", ".join(f"{name} {version}" for name, version in results.versions.items()),
        "load": f"{load[0]:.1f} to {load[-1]:.1f} (median {load[len(load) // 2]:.1f})",
        "kind": "a quick run with few repetitions" if results.quick else "a full run",
        "empty_lowest": _round(min(servers[name].processor["empty"] for name in frameworks)),
        "empty_highest": _round(empty_highest),
        "empty_flask": _round(servers["Flask, 2 × 8 threads"].processor["empty"]),
        "empty_fastapi": _round(servers["FastAPI, async def"].processor["empty"]),
        "empty_litestar": _round(servers["Litestar + pool"].processor["empty"]),
        "empty_ours": _round(servers[OURS].processor["empty"]),
        "function_tile": _round(results.functions["tile"]),
        "function_map": _round(results.functions["map"]),
        "function_profile": _round(results.functions["profile"]),
        "tile_ours": _round(servers[OURS].processor["tile"]),
        "tile_share_ours": f"{max(0.0, share(results, OURS, 'tile')):.0%}",
        "framework_of_map": f"{empty_highest / results.functions['map']:.2%}",
        "framework_of_tile": f"{servers['FastAPI, async def'].processor['empty'] / results.functions['tile']:.0%}",
    }
    keys = {
        "async": "FastAPI, async def",
        "def": "FastAPI, def",
        "pool": "FastAPI + pool",
        "sync": "Flask, 2 sync workers",
        "threads": "Flask, 2 × 8 threads",
        "flask_pool": "Flask, 16 threads + pool",
        "litestar": "Litestar + pool",
        "ours": OURS,
    }
    for key, name in keys.items():
        summary |= {f"{key}_p50": _round(servers[name].p50), f"{key}_p99": _round(servers[name].p99)}
    for view in results.views:
        summary[f"{view.tiles}_{view.protocol[5:].replace('.', '')}_{view.trip}"] = _round(view.taken)
    for name, item in results.subsets.items():
        key = name.split()[-1]
        summary |= {f"{key}_first": f"{item.first_byte:.1f}", f"{key}_peak": f"{item.peak:,.0f}"}
    summary["subset_size"] = f"{max(item.megabytes for item in results.subsets.values()):,.0f}"
    return summary
