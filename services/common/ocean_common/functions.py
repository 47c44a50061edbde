"""The functions of calculated variables: what each takes and means. Whoever has arrays knows how each is done."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Function:
    """What a function takes."""

    arguments: tuple[str, ...]
    summary: str
    units: str = ""  # of its values; empty: they depend on the arguments
    optional: int = 0  # how many of the last arguments may be left out
    more: bool = False  # the last argument may be repeated
    column: bool = False  # takes whole columns, and gives one value for each

    @property
    def least(self) -> int:
        """How many arguments it needs."""
        return len(self.arguments) - self.optional

    def takes(self, count: int) -> bool:
        """Whether it takes so many arguments."""
        return count >= self.least and (self.more or count <= len(self.arguments))


WATER = ("depth", "latitude", "temperature", "salinity")
PLACE = ("latitude", "longitude")

FUNCTIONS: dict[str, Function] = {
    **{
        name: Function(arguments=("a",), summary=summary)
        for name, summary in {
            "sin": "sine of radians",
            "cos": "cosine of radians",
            "tan": "tangent of radians",
            "asin": "radians whose sine is a",
            "acos": "radians whose cosine is a",
            "atan": "radians whose tangent is a",
            "ln": "natural logarithm",
            "log": "logarithm to base 10",
            "log2": "logarithm to base 2",
            "exp": "e to the power of a",
            "sqrt": "square root",
            "abs": "magnitude of a number",
        }.items()
    },
    "atan2": Function(arguments=("y", "x"), summary="radians of the direction of (x, y)"),
    "max": Function(
        arguments=("a", "b"), optional=1, more=True, summary="greatest of a column; of several, the greatest in a cell"
    ),
    "min": Function(
        arguments=("a", "b"), optional=1, more=True, summary="least of a column; of several, the least in a cell"
    ),
    "magnitude": Function(arguments=("a", "b"), summary="length of a vector"),
    "bearing": Function(
        arguments=("north", "east"), units="degree", summary="where a vector points to, degrees clockwise from north"
    ),
    "unstaggered_speed": Function(arguments=("u", "v"), summary="speed at the centres of an Arakawa C grid"),
    "oxygensaturation": Function(
        arguments=WATER[2:], units="umol kg-1", summary="oxygen solubility at the surface, umol/kg"
    ),
    "nitrogensaturation": Function(
        arguments=WATER[2:], units="umol kg-1", summary="nitrogen solubility at the surface, umol/kg"
    ),
    "sspeed": Function(arguments=WATER, units="m s-1", summary="speed of sound, m/s"),
    "density": Function(arguments=WATER, units="kg m-3", summary="in-situ density, kg/m3"),
    "heatcap": Function(arguments=WATER, units="J kg-1 K-1", summary="isobaric heat capacity, J/(kg K)"),
    "tempgradient": Function(arguments=WATER, units="K Pa-1", summary="adiabatic temperature gradient, K/Pa"),
    "soniclayerdepth": Function(
        arguments=WATER, column=True, units="m", summary="depth of the fastest sound above the deep sound channel, m"
    ),
    "deepsoundchannel": Function(arguments=WATER, column=True, units="m", summary="depth of the slowest sound, m"),
    "deepsoundchannelbottom": Function(
        arguments=(*WATER, "bathymetry"),
        optional=1,
        column=True,
        units="m",
        summary="depth below the channel where sound is as fast as at the sonic layer depth, m",
    ),
    "depthexcess": Function(
        arguments=(*WATER, "bathymetry"),
        column=True,
        units="m",
        summary="water below the bottom of the deep sound channel, m",
    ),
    "potentialsubsurfacechannel": Function(
        arguments=(*WATER, "cutoff"),
        optional=1,
        column=True,
        units="1",
        summary="1 where the top 1000 m hold a channel for sound above the cutoff frequency (Hz), else 0",
    ),
    "geostrophic_x": Function(
        arguments=("height", *PLACE),
        optional=2,
        units="m s-1",
        summary="eastward geostrophic velocity, m/s; none within 1 degree of the equator",
    ),
    "geostrophic_y": Function(
        arguments=("height", *PLACE),
        optional=2,
        units="m s-1",
        summary="northward geostrophic velocity, m/s; none within 1 degree of the equator",
    ),
    "vorticity": Function(
        arguments=("u", "v", *PLACE), optional=2, units="s-1", summary="vertical vorticity of a current, 1/s"
    ),
    "divergence": Function(
        arguments=("u", "v", *PLACE), optional=2, units="s-1", summary="horizontal divergence of a current, 1/s"
    ),
    "gradient_x": Function(arguments=("a", *PLACE), optional=2, summary="eastward derivative, per m"),
    "gradient_y": Function(arguments=("a", *PLACE), optional=2, summary="northward derivative, per m"),
}
