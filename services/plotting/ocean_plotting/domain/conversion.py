"""Values in other units: what was measured and what a model says stand on one axis only in the same ones."""

from ocean_plotting.domain.coverage import Floats
from ocean_plotting.domain.labels import NO_BREAK, units

# By what is measured: units as `labels.units` writes them, with the factor and the offset to the first.
FAMILIES: tuple[dict[str, tuple[float, float]], ...] = (
    {"K": (1, 0), "°C": (1, 273.15), "°F": (5 / 9, 459.67 * 5 / 9)},
    {
        "m s⁻¹": (1, 0), "cm s⁻¹": (0.01, 0), "mm s⁻¹": (0.001, 0), "km h⁻¹": (1 / 3.6, 0),
        "kt": (1852 / 3600, 0), "kts": (1852 / 3600, 0), "knot": (1852 / 3600, 0), "knots": (1852 / 3600, 0),
    },
    {"m": (1, 0), "dm": (0.1, 0), "cm": (0.01, 0), "mm": (0.001, 0), "km": (1000, 0)},
    {"Pa": (1, 0), "hPa": (100, 0), "mbar": (100, 0), "kPa": (1000, 0), "dbar": (1e4, 0), "bar": (1e5, 0),
     "µatm": (0.101325, 0), "uatm": (0.101325, 0)},
    {"mol m⁻³": (1, 0), "mmol m⁻³": (1e-3, 0), "µmol l⁻¹": (1e-3, 0), "umol l⁻¹": (1e-3, 0), "µmol L⁻¹": (1e-3, 0),
     "umol L⁻¹": (1e-3, 0), "µM": (1e-3, 0), "uM": (1e-3, 0), "micromol l⁻¹": (1e-3, 0)},
    {"mol kg⁻¹": (1, 0), "mmol kg⁻¹": (1e-3, 0), "µmol kg⁻¹": (1e-6, 0), "umol kg⁻¹": (1e-6, 0)},
    {"kg m⁻³": (1, 0), "g m⁻³": (1e-3, 0), "mg m⁻³": (1e-6, 0), "mg l⁻¹": (1e-3, 0), "µg l⁻¹": (1e-6, 0),
     "ug l⁻¹": (1e-6, 0), "mg L⁻¹": (1e-3, 0), "µg L⁻¹": (1e-6, 0), "ug L⁻¹": (1e-6, 0)},
    {"": (1, 0), "%": (0.01, 0), "10⁻³": (1e-3, 0)},
)  # fmt: skip
# The practical salinity has no units: files write any of these and mean the same number.
PRACTICAL = frozenset({"PSU", "pss", "psu", "10⁻³", "", "PSS-78"})


def converted(values: Floats, given: str, wanted: str, *, salinity: bool = False) -> Floats | None:
    """Write values in other units.

    Parameters
    ----------
    values : ndarray
        In the units ``given``.
    given, wanted
        Units as files spell them.
    salinity
        It is one: numbers on the practical scale are the same however their units are spelt.

    Returns
    -------
    ndarray or None
        In the units ``wanted``; None where they measure something else, or nothing is known of them.
    """
    one, other = _plain(given), _plain(wanted)
    if one == other or (salinity and {one, other} <= PRACTICAL):
        return values
    for family in FAMILIES:
        if one in family and other in family:
            (factor, offset), (to, shift) = family[one], family[other]
            return (values * factor + offset - shift) / to
    return None


def _plain(text: str) -> str:
    return units(text).replace(NO_BREAK, " ")
