"""What a figure is drawn on: its size, its language, and the ground that maps show."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ocean_common.i18n import Translator
from ocean_plotting.figure.picture import Sizes
from ocean_plotting.figure.speech import Words
from ocean_plotting.ports import Colours, Land, Relief


class Greys:
    """Colours where nobody has brought any."""

    def ramp(self, _: str) -> NDArray[np.uint8]:
        """From dark to light, whatever the colormap."""
        return np.repeat(np.arange(40, 240, dtype=np.uint8)[:, np.newaxis], 3, axis=1)


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """Given to every kind's ``draw`` and ``table``."""

    width: float = 15.0  # inches
    height: float = 9.0
    words: Words = field(default_factory=Words)
    land: Land = field(default_factory=lambda: Land([]))
    fine_land: Land = field(default_factory=lambda: Land([]))  # of the finer coast
    relief: Relief | None = None  # heights of the Earth, where the deployment has them
    colours: Colours = field(default_factory=Greys)

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
