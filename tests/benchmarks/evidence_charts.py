"""Pictures of the document that evidence.py writes."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from evidence_load import Figures
from evidence_servers import OURS
from evidence_subset import Transfer
from evidence_views import View
from matplotlib.axes import Axes
from matplotlib.figure import Figure

IMAGES = Path(__file__).parents[2] / "docs/images"
COMPUTE, REST, OWN = "#9aa5b1", "#d1495b", "#00798c"
DPI = 110


def draw(
    functions: Mapping[str, float],
    servers: Mapping[str, Figures],
    views: Sequence[View],
    subsets: Mapping[str, Transfer],
) -> None:
    """Draw all of them."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    draw_shares(functions, servers)
    draw_latencies(servers)
    if views:
        draw_views(views)
    draw_subsets(subsets)


def draw_shares(functions: Mapping[str, float], servers: Mapping[str, Figures]) -> None:
    """Processor time of a request: that of the function, and the rest."""
    figure = Figure(figsize=(10.5, 3.8), dpi=DPI, layout="constrained")
    panels = {"empty": "An empty response", "tile": "A tile", "map": "A map plot"}
    all_axes: Sequence[Axes] = figure.subplots(1, len(panels), sharey=True)
    names = list(servers)
    for axes, (endpoint, title) in zip(all_axes, panels.items(), strict=True):
        whole = [servers[name].processor[endpoint] for name in names]
        compute = [min(functions.get(endpoint, 0.0), value) for value in whole]
        rest = [value - part for value, part in zip(whole, compute, strict=True)]
        axes.barh(names, compute, color=COMPUTE, label="the function alone")
        axes.barh(names, rest, left=compute, color=REST, label="framework, other services, reading")
        axes.set(title=title, xlabel="processor time of a request, ms")
        axes.spines[["top", "right"]].set_visible(False)
    all_axes[0].invert_yaxis()
    figure.legend(*all_axes[1].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    figure.savefig(IMAGES / "evidence-overhead.png")


def draw_latencies(servers: Mapping[str, Figures]) -> None:
    """Latency of a cheap request while plots are drawn: from its median to its 99th percentile."""
    figure = Figure(figsize=(9, 3.8), dpi=DPI, layout="constrained")
    axes = figure.subplots()
    for row, (name, figures) in enumerate(servers.items()):
        colour = OWN if name == OURS else REST
        axes.plot([figures.p50, figures.p99], [row, row], "-", color=colour, linewidth=3, alpha=0.4)
        axes.plot(figures.p50, row, "o", color=colour, markersize=8)
        axes.plot(figures.p99, row, "|", color=colour, markersize=16, markeredgewidth=3)
    axes.set_yticks(range(len(servers)), list(servers))
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,g}")
    axes.set(title="/datasets while 8 clients draw plots", xlabel="latency, ms (dot: median, bar: 99th percentile)")
    axes.grid(visible=True, axis="x", which="both", alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(IMAGES / "evidence-latency.png")


def draw_views(views: Sequence[View]) -> None:
    """Time of a view of 200 tiles over the round trip."""
    figure = Figure(figsize=(7, 3.8), dpi=DPI, layout="constrained")
    axes = figure.subplots()
    kept = [view for view in views if view.tiles == "kept"]
    for offset, (protocol, colour) in zip((-0.2, 0.2), (("HTTP/1.1", REST), ("HTTP/2", OWN)), strict=True):
        times = [view.taken for view in kept if view.protocol == protocol]
        label = f"{protocol}, {'6 connections' if protocol == 'HTTP/1.1' else '1 connection'}"
        bars = axes.bar([number + offset for number in range(len(times))], times, 0.38, color=colour, label=label)
        axes.bar_label(bars, fmt="{:,.0f}", padding=2)
    trips = list(dict.fromkeys(view.trip for view in kept))
    axes.set_xticks(range(len(trips)), [f"{trip} ms" for trip in trips])
    axes.set(title="200 cached tiles through TLS", xlabel="round trip", ylabel="ms, median")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.savefig(IMAGES / "evidence-views.png")


def draw_subsets(subsets: Mapping[str, Transfer]) -> None:
    """Bytes that have arrived, and memory, through time."""
    figure = Figure(figsize=(10, 3.8), dpi=DPI, layout="constrained")
    left, right = figure.subplots(1, 2, sharex=True)
    for (name, item), colour in zip(subsets.items(), (OWN, "#edae49", REST), strict=False):
        left.plot(*zip((0.0, 0.0), *item.received, strict=True), color=colour, label=name)
        right.plot(*zip(*item.memory, strict=True), color=colour, label=name)
    left.set(title="Received", xlabel="s", ylabel="MB")
    right.set(title="Memory above that of the idle server", xlabel="s", ylabel="MB")
    for axes in (left, right):
        axes.grid(visible=True, alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    left.legend(frameon=False)
    figure.savefig(IMAGES / "evidence-subset.png")
