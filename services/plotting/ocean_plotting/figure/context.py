"""Context of drawing functions beside query and numbers: size, language, land, relief."""

from dataclasses import dataclass, field

from ocean_common.i18n import Translator
from ocean_plotting.basemap.land import Land
from ocean_plotting.basemap.relief import ReliefFile
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
        """Width and height, inches."""
        return self.width, self.height

    @property
    def sizes(self) -> Sizes:
        """Sizes of text, lines and markers."""
        return Sizes.for_figure(self.width, self.height)

    @property
    def translate(self) -> Translator:
        """Translator of the figure's language."""
        return self.labels.translate
