"""What was measured beside what models say: which variables mean the same, and how well they agree."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ocean_core.units import unit_conversion
from ocean_plotting.plots.coverage import Floats

# Words in names that tell one quantity from another, by what they mean; the first that fits counts.
QUANTITIES = (
    ("salinity", ("salin", "psal", "vosal")),
    ("temperature", ("temp", "thetao", "sst")),
    ("sound speed", ("sound", "sspeed")),
    ("density excess", ("sigma", "minus 1000")),
    ("density", ("density", "potdens")),
    ("oxygen", ("oxygen", "doxy")),
    ("carbon dioxide", ("co2", "carbon_dioxide", "carbon dioxide")),
    ("chlorophyll", ("chlorophyll", "chl")),
    ("eastward", ("eastward", "vozocrtx")),
    ("northward", ("northward", "vomecrty")),
)
# Temperatures of something else than the sea's water.
OTHERS = ("air_temperature", "air temperature", "equilibrator")
# The practical salinity has no units: files write any of these and mean the same number.
PRACTICAL = frozenset({"psu", "pss-78", "pss", "1e-3", "0.001", "1", "", "practical salinity units"})


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A quantity with its units."""

    key: str  # standard name, or key of a variable
    name: str
    units: str
    standard_name: str = ""

    @property
    def meaning(self) -> str:
        """What it is a measure of; its own name where that is not known."""
        words = " ".join((self.standard_name, self.key, self.name)).lower()
        if any(one in words for one in OTHERS):
            return self.name
        return next((meaning for meaning, parts in QUANTITIES if any(part in words for part in parts)), self.name)

    def given(self, values: Floats, units: str) -> Floats | None:
        """Values of this measure in ``units``; None where these measure something else."""
        if self.meaning == "salinity" and {self.units.strip().lower(), units.strip().lower()} <= PRACTICAL:
            return values
        found = unit_conversion(self.units, units)
        return None if found is None else values * found[0] + found[1]


def pairs(measured: Sequence[Measure], modelled: Sequence[Measure]) -> list[tuple[int | None, int | None]]:
    """Put what means the same, in units that can be converted, together.

    Returns
    -------
    list of tuple
        Numbers of a measured and a modelled quantity, every one once; None: it has no partner.
    """
    partners: dict[int, int] = {}
    # What is called the same goes first: the temperature of the surface beside that of the surface.
    for same in (_called_the_same, _meant_the_same):
        for number, one in enumerate(measured):
            left = [each for each in range(len(modelled)) if each not in partners.values()]
            partner = next((each for each in left if same(one, modelled[each])), None)
            if number not in partners and partner is not None:
                partners[number] = partner
    alone = [(None, one) for one in range(len(modelled)) if one not in partners.values()]
    return [*((number, partners.get(number)) for number in range(len(measured))), *alone]


def _called_the_same(one: Measure, other: Measure) -> bool:
    names = ({name.lower() for name in (each.key, each.name, each.standard_name) if name} for each in (one, other))
    return bool(set.intersection(*names)) and _meant_the_same(one, other)


def _meant_the_same(one: Measure, other: Measure) -> bool:
    return one.meaning == other.meaning and other.given(np.zeros(1), one.units) is not None


@dataclass(frozen=True)
class Agreement:
    """How well values agree with others."""

    bias: float  # mean of the differences
    error: float  # root of the mean of their squares
    values: int  # that both have

    @classmethod
    def of(cls, values: Floats, reference: Floats) -> "Agreement | None":
        """Compare where both are numbers; None where that is nowhere.

        Parameters
        ----------
        values, reference : ndarray
            Of one shape and in the same units.
        """
        apart = values - reference
        apart = apart[np.isfinite(apart)]
        if not apart.size:
            return None
        return cls(float(apart.mean()), float(np.sqrt((apart**2).mean())), int(apart.size))
