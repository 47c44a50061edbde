"""All kinds of plots: the modules and packages beside this one that `PLOT_KINDS` names, each with its ``KIND``."""

from importlib import import_module
from typing import Any

from ocean_common.contracts.common import PLOT_KINDS
from ocean_plotting.plots.kind import PlotKind

KINDS: dict[str, PlotKind[Any, Any]] = {name: import_module(f"ocean_plotting.plots.{name}").KIND for name in PLOT_KINDS}
