"""Context of drawing functions besides query and numbers: size, language, and the land and relief of maps."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ocean_common.i18n import Translator, get_translator
from ocean_plotting.basemap.land import Land, read_land
from ocean_plotting.basemap.relief import ReliefFile
from ocean_plotting.export.output import Output
from ocean_plotting.figure.labels import LabelFormatter
from ocean_plotting.figure.layout import Sizes


@dataclass(frozen=True, kw_only=True)
class DrawContext:
    """Size, language and resources of one figure or table."""

    width: float = 15.0  # inches
    height: float = 9.0
    labels: LabelFormatter = field(default_factory=LabelFormatter)
    land: Land = field(default_factory=Land)
    fine_land: Land = field(default_factory=Land)  # of the finer coast
    relief: ReliefFile | None = None  # heights of the Earth, where the deployment has them

    @property
    def size(self) -> tuple[float, float]:
        return self.width, self.height

    @cached_property
    def sizes(self) -> Sizes:
        return Sizes.for_figure(self.width, self.height)

    @property
    def translate(self) -> Translator:
        return self.labels.translate


@dataclass
class FigureResources:
    """Files that every drawing process reads itself, when they are first needed; none of them has to be there."""

    coast: str | None = None
    relief: ReliefFile | None = None
    fine_coast: str | None = None

    @cached_property
    def land(self) -> Land:
        return read_land(Path(self.coast)) if self.coast else Land()

    @cached_property
    def fine_land(self) -> Land:
        return read_land(Path(self.fine_coast)) if self.fine_coast else self.land

    def make_context(self, output: Output) -> DrawContext:
        """Return the context of a figure."""
        return DrawContext(
            width=output.width,
            height=output.height,
            labels=LabelFormatter(get_translator(output.language, "ocean_plotting")),
            land=self.land,
            fine_land=self.fine_land,
            relief=self.relief,
        )
