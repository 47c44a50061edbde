"""Variables: what they are, where their numbers are and how they lie, as the metadata service tells its neighbours."""

from typing import Any, Literal

import msgspec

from ocean_core.cells import MaskMeaning
from ocean_core.colour import MAGNITUDE_COLORMAP, Colours, choose_colours
from ocean_core.units import unit_conversion
from ocean_core.vectors import is_velocity

Role = Literal["time", "depth", "y", "x", "node", "face", "other"]
GridKind = Literal["rectilinear", "projected", "curvilinear", "triangles", "none"]
Location = Literal["node", "face"]
DepthKind = Literal["depth", "height", "sigma", "index"]

FLAG_NAMES = ("_flag", "area_type")  # ends of standard names whose numbers are no quantity


class Array(msgspec.Struct, frozen=True, kw_only=True):
    """N-dimensional array in C order: it crosses a border as its bytes, never as a list of numbers."""

    dtype: str  # as numpy spells it, with byte order: "<f4"
    shape: tuple[int, ...]
    data: bytes


class VariableInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Description of a variable, for labels, colours and units."""

    dataset: str
    key: str  # as in the API's addresses
    name: str  # display name
    units: str
    scale: tuple[float, float]
    standard_name: str | None = None
    long_name: str | None = None
    zero_centered: bool = False
    categories: list[str] = []  # labels of discrete values, in order
    category_values: list[float] = []  # number of each category, ascending; none: 0, 1, 2, …
    flags: dict[str, Any] = {}  # attributes of flags (CF 3.5) that make no categories: bit fields
    two_dimensional: bool = False
    dataset_name: str = ""
    attribution: str | None = None
    quantum: str | None = None
    dated: bool = True  # else its time steps have values of unknown meaning, but no dates
    climatology: bool = False  # its times are of no one year
    revision: str = ""  # of the dataset
    colormap: str = ""  # id of the colormap that the quantity has by itself; empty: to be chosen by what is told here
    logarithmic: bool = False  # colours are spread over logarithms where limits allow it
    translations: dict[str, dict[str, str]] = {}  # configured texts of both: by language, by English

    @property
    def is_discrete(self) -> bool:
        """Return True for numbers of categories or flags: there is nothing between them, and no mean."""
        return bool(self.categories or self.flags) or (self.standard_name or "").endswith(FLAG_NAMES)

    @property
    def category_numbers(self) -> list[float]:
        """Values of the categories, ascending."""
        return self.category_values or [float(number) for number in range(len(self.categories))]

    @property
    def numbered_categories(self) -> dict[str, str]:
        """Labels of the categories by their numbers."""
        numbers = (f"{number:g}" for number in self.category_numbers)
        return dict(zip(numbers, self.categories, strict=False))

    @property
    def dataset_label(self) -> str:
        """Name of the dataset, or its id."""
        return self.dataset_name or self.dataset

    @property
    def colours(self) -> Colours:
        """Colours of the quantity."""
        if self.colormap:
            return Colours(self.colormap, self.logarithmic)
        if "," in self.key:
            return Colours(MAGNITUDE_COLORMAP)
        return choose_colours(
            standard_name=self.standard_name,
            name=self.name,
            units=self.units,
            limits=self.scale,
            zero_centered=self.zero_centered,
            categorical=bool(self.categories),
        )

    def magnitude_with(self, other: "VariableInfo") -> "VariableInfo":
        """Return the magnitude of this component and another: in their units, from zero; of velocities, the speed."""
        names = self.standard_name, other.standard_name
        languages = {*self.translations, *other.translations}
        factor, offset = unit_conversion(other.units, self.units) or (1.0, 0.0)
        limits = (*self.scale, *(limit * factor + offset for limit in other.scale))
        velocity, in_water = is_velocity(*names), all("sea_water" in (name or "") for name in names)
        return self.as_quantity(
            key=f"{self.key},{other.key}",
            name="Speed" if velocity else f"Magnitude of {self.name} and {other.name}",
            standard_name="sea_water_speed" if velocity and in_water else None,
            long_name=None,
            scale=(0.0, max(abs(limit) for limit in limits)),
            zero_centered=False,
            colormap=MAGNITUDE_COLORMAP,
            logarithmic=False,
            translations={
                language: other.translations.get(language, {}) | self.translations.get(language, {})
                for language in languages
            },
        )

    def as_quantity(self, **changes: Any) -> "VariableInfo":
        """Return the description of what is calculated from this variable: a quantity."""
        return msgspec.structs.replace(self, categories=[], category_values=[], flags={}, **changes)


class Dimension(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One dimension of a variable, as in the file, and what it means."""

    name: str
    size: int  # of a time dimension: in the first file
    role: Role


class Grid(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Place of a variable's cells on the Earth, and the file that tells it.

    ===========  ======================================================================
    rectilinear  `latitude(y)` and `longitude(x)`
    projected    `y_axis(y)` and `x_axis(x)` in the plane of `mapping`
    curvilinear  `latitude(y, x)` and `longitude(y, x)`
    triangles    `latitude(node)`, `longitude(node)` and `connectivity`; the cells are
                 the nodes, or the faces (`location`) of three or more corners
    none         not a map
    ===========  ======================================================================
    """

    id: str  # equal ids: the same cells, so that what was computed for one serves the other
    kind: GridKind
    shape: tuple[int, ...]  # (y, x), (node,) or (face,)
    file: str = ""  # path of the file that holds the coordinates
    latitude: str | None = None  # names of variables in `file`
    longitude: str | None = None
    degrees: float = 1.0  # units of latitudes and longitudes to degrees: of those in radians
    signs: tuple[int, int] = (1, 1)  # of latitudes and longitudes: -1 where they count southwards or westwards
    y_axis: str | None = None
    x_axis: str | None = None
    axis_factor: float = 1.0  # projected: axis units to metres, or to degrees for a rotated pole
    mapping: dict[str, Any] | None = None  # CF grid mapping attributes
    connectivity: str | None = None  # the nodes of each face
    start_index: int | None = None  # the number of the first node in `connectivity`; None: its smallest number
    corners_first: bool = False  # `connectivity` is (corner, face), not (face, corner)
    location: Location = "node"
    face_latitude: str | None = None  # centres of the faces, where the file has them
    face_longitude: str | None = None
    bounds: tuple[float, float, float, float] | None = None  # west, south, east, north; degrees


class DepthAxis(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The vertical levels of a variable: the first is nearest the surface, whichever way the file has them."""

    name: str  # of the coordinate variable, or of the dimension where there is none
    kind: DepthKind
    values: list[float]  # m, positive down, for depth; m, positive up, for height; else in `units`
    units: str = ""  # of values that are no lengths
    order: list[int] = []  # index in the file of each level; none: the same

    @property
    def levels(self) -> list[float]:
        """Levels as EDR names them: m, positive down, of depths and heights; else `values`."""
        return [-value for value in self.values] if self.kind == "height" else self.values


class File(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A data file, or what stands for one (`ocean_common.dataset_uri`), and the state in which it was indexed."""

    path: str
    size: int
    mtime_ns: int
    conversion: tuple[float, float] | None = None  # factor and offset of a variable's values to its unit


class Steps(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The time steps of a variable, ascending: parallel arrays.

    Where no date can be known (`dated`), `raw` and `seconds` are the numbers of the steps, from 0.
    """

    raw: Array  # int64: in `units`
    seconds: Array  # int64: seconds since 1970-01-01 UTC, by the calendar's own date
    file: Array  # int32: index into `Assets.files`
    position: Array  # int32: index along the file's time dimension
    units: str
    calendar: str = "standard"
    dated: bool = True
    climatology: bool = False  # of the months or seasons of no one year
    values: Array | None = None  # float64: as in the files, in `units`; None where steps have dates


LENGTH_TERMS = frozenset({"depth", "height", "eta", "depth_c"})  # of levels, in any unit of length


class Levels(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Depths of a variable's levels where they are not the same everywhere.

    ``kind`` is `field`: the term `depth` holds the depth of every cell, positive down (or of the height of every
    cell, the term `height`, positive up); or the standard name of a CF formula (`ocean_s_coordinate_g2`, CF appendix
    D) whose terms are named as there. Each term is read like a variable: with the variable's own grid and levels, with
    fewer dimensions, or with none. Those that have a place may lie on another grid, all on the same: velocities lie
    between the points at which depths are told. Depths are then brought from there to the variable's cells.
    """

    kind: str
    terms: "dict[str, Assets]"


class LandMask(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Variable that tells where land is, on the cells of another one.

    It has the levels of that variable, or its own if that has none: the one nearest the surface counts. With a time
    dimension it is in the same files, at the same positions.
    """

    mask: "Assets"
    meaning: MaskMeaning


class Assets(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that reading a variable needs: of its own files, or of those of the variables it is calculated from."""

    dataset: str
    revision: str
    variable: VariableInfo
    source: str  # the variable's name in the files
    dimensions: list[Dimension]
    grid: Grid
    depth: DepthAxis | None
    files: list[File]
    steps: Steps | None  # None: the variable has no time; it is read from the first file
    timeless: bool = False  # no variable of the dataset has time
    equation: str | None = None  # calculated: `source` is empty, the files and the rest are of what it is made from
    operands: "dict[str, Assets]" = {}  # by the names in the equation; whoever evaluates it asks for them
    levels: Levels | None = None  # true depths, where `depth` tells nominal ones or none
    bathymetry: "Assets | None" = None  # the model's own depth of the sea floor, on the same grid or another
    angle: "dict[str, Assets]" = {}  # of the grid's x axis from east: `alpha` (degrees), or `cosine` and `sine`
    components: dict[Literal["east", "north", "bearing"], str] = {}  # keys of the parts of a vector variable
    land: LandMask | None = None  # hides the cells on land


class MixedVariable(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A variable that is not stored alike in all files: only its values can be joined."""

    units: str  # of its values
    conversions: list[tuple[float, float] | None] = []  # factor and offset to `units`, for each file; none: no file


class FileGroup(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Files of a dataset that hold the same variables at different times, or one file."""

    files: list[File]
    variables: list[str]  # names in the files of those that the catalogue knows
    mixed: dict[str, MixedVariable] = {}  # by name in the files
    time: str = ""  # name of the time dimension; empty: a file has no more than one time
    steps: Steps | None = None


class DatasetFiles(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The files of a dataset, by what they hold."""

    dataset: str
    revision: str
    groups: list[FileGroup]
    selected: bool = False  # the configuration lists the variables that are served: others are not public


def without_files(assets: Assets) -> Assets:
    """Return what labels and maps need of assets: not the files, and not what only reading takes."""
    steps = assets.steps and msgspec.structs.replace(assets.steps, file=NO_INTEGERS, position=NO_INTEGERS)
    less: dict[str, Any] = {"operands": {}, "levels": None, "bathymetry": None, "angle": {}, "land": None}
    return msgspec.structs.replace(assets, files=[], steps=steps, **less)


NO_INTEGERS = Array(dtype="<i4", shape=(0,), data=b"")


class Revisions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The revision of the catalogue and of every dataset in it."""

    catalogue: str
    datasets: dict[str, str] | None = None  # None: as the asker knows them
