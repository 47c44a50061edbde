"""What a figure is drawn on: its size, its language, and the ground that maps show."""

from dataclasses import dataclass, field

from ocean_common.i18n import Translator
from ocean_plotting.basemap.land import Land
from ocean_plotting.basemap.relief import ReliefFile
from ocean_plotting.figure.picture import Sizes
from ocean_plotting.figure.speech import Words


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """Given to every kind's ``draw`` and ``table``."""

    width: float = 15.0  # inches
    height: float = 9.0
    words: Words = field(default_factory=Words)
    land: Land = field(default_factory=Land)
    fine_land: Land = field(default_factory=Land)  # of the finer coast
    relief: ReliefFile | None = None  # heights of the Earth, where the deployment has them

    @property
    def size(self) -> tuple[float, float]:
        """Width and height, inches."""
        return self.width, self.height

    @property
    def sizes(self) -> Sizes:
        """Of text, lines and markers."""
        return Sizes.on(self.width, self.height)

    @property
    def translate(self) -> Translator:
        """The texts of the sheet's language."""
        return self.words.translate
