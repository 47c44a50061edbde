"""What figures stand on in one process: the coast and the relief, read when they are first needed."""

from functools import cached_property
from pathlib import Path

from ocean_common.i18n import get_translator
from ocean_plotting.basemap.land import Land, read_land
from ocean_plotting.basemap.relief import ReliefFile
from ocean_plotting.export.output import Output
from ocean_plotting.figure.context import Sheet
from ocean_plotting.figure.speech import Words


class Ground:
    """Names files; every process that draws reads them itself. None of them has to be there."""

    def __init__(
        self, coast: str | None = None, relief: ReliefFile | None = None, fine_coast: str | None = None
    ) -> None:
        self.coast = coast
        self.relief = relief
        self.fine_coast = fine_coast

    @cached_property
    def land(self) -> Land:
        """The land of the world."""
        return read_land(Path(self.coast)) if self.coast else Land()

    @cached_property
    def fine_land(self) -> Land:
        """The same for larger maps."""
        return read_land(Path(self.fine_coast)) if self.fine_coast else self.land

    def load(self) -> None:
        """Read everything now, so that the first figure asked for finds it."""
        _ = self.land, self.fine_land

    def sheet(self, output: Output) -> Sheet:
        """What a figure is drawn on."""
        return Sheet(
            width=output.width,
            height=output.height,
            words=Words(get_translator(output.language, "ocean_plotting")),
            land=self.land,
            fine_land=self.fine_land,
            relief=self.relief,
        )
