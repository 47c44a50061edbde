"""Resources of figures in one process: coast and relief, read when they are first needed."""

from functools import cached_property
from pathlib import Path

from ocean_common.i18n import get_translator
from ocean_plotting.basemap.land import Land, read_land
from ocean_plotting.basemap.relief import ReliefFile
from ocean_plotting.export.output import Output
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.labels import LabelFormatter


class FigureResources:
    """Files that every drawing process reads itself; none of them has to be there."""

    def __init__(
        self, coast: str | None = None, relief: ReliefFile | None = None, fine_coast: str | None = None
    ) -> None:
        self.coast = coast
        self.relief = relief
        self.fine_coast = fine_coast

    @cached_property
    def land(self) -> Land:
        """Land of the world."""
        return read_land(Path(self.coast)) if self.coast else Land()

    @cached_property
    def fine_land(self) -> Land:
        """Land of the world, in more detail for larger maps."""
        return read_land(Path(self.fine_coast)) if self.fine_coast else self.land

    def load(self) -> None:
        """Read everything now, so that the first figure finds it."""
        _ = self.land, self.fine_land

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
