"""Small Class 4 files, as models are compared by them."""

from pathlib import Path

import netCDF4
import numpy as np

DAY = "class4_20200101_GIOPS_CONCEPTS_3.0_profile.nc"
MODELJULD = [25_566.0, 25_565.0]  # days since 1950: 31 and 30 December 2019
SHAPE = (5, 2, 4)  # profiles, variables, levels
LEADS = 2


def values(seed: int = 0) -> dict[str, np.ndarray]:
    """What a file holds: five profiles, of which the fourth can be compared nowhere and the last is short."""
    random = np.random.default_rng(seed)
    observed = random.uniform(0, 20, SHAPE).astype("f4")
    best = observed + random.uniform(-2, 2, SHAPE).astype("f4")
    best[3, 0] = np.nan
    depth = np.tile(np.array([1, 10, 100, 1000], "f4"), (SHAPE[0], 1))
    depth[4, 2:], observed[4, :, 2:], best[4, :, 2:] = np.nan, np.nan, np.nan
    leads = random.uniform(0, 20, (SHAPE[0], SHAPE[1], LEADS, SHAPE[2])).astype("f4")
    return {
        "latitude": np.array([0.5, 60, -70, 10, 45]),
        "longitude": np.array([-30.5, 5, 179.5, -179.5, 200]),
        "juld": np.array([25_567.25, 25_567.5, 25_567.5, 25_567.5, 25_567.75]),  # 1 January 2020
        "depth": depth,
        "observation": observed,
        "best_estimate": best,
        "climatology": (observed + 1).astype("f4"),
        "qc": np.zeros(SHAPE, "f4"),
        "forecast": leads,
        "persistence": (leads + 1).astype("f4"),
        "modeljuld": np.array(MODELJULD),
        "leadtime": np.array([24.0, 48.0]),
    }


DIMENSIONS = {
    **dict.fromkeys(("latitude", "longitude", "juld"), ("numobs",)),
    **dict.fromkeys(("modeljuld", "leadtime"), ("numfcsts",)),
    **dict.fromkeys(("observation", "best_estimate", "climatology", "qc"), ("numobs", "numvars", "numdeps")),
    **dict.fromkeys(("forecast", "persistence"), ("numobs", "numvars", "numfcsts", "numdeps")),
    "depth": ("numobs", "numdeps"),
}
JULD = "days since 1950-01-01 00:00:00 utc"
UNITS = {"juld": JULD, "modeljuld": JULD, "leadtime": "hours", "depth": "m"}


def write(
    path: Path, *, profiles: tuple[int, ...] = (0, 1, 2, 3, 4), seed: int = 0, without: tuple[str, ...] = (),
    turned: bool = False, units: dict[str, str] | None = None, **other,
) -> Path:  # fmt: skip
    """Write some of the profiles to a file; ``other`` values replace theirs, ``turned`` reverses the dimensions."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with netCDF4.Dataset(path, "w") as data:
        sizes = {"numobs": len(profiles), "numvars": SHAPE[1], "numdeps": SHAPE[2], "numfcsts": LEADS, "string8": 8}
        for name, size in sizes.items():
            data.createDimension(name, size)
        for name, full in (values(seed) | other).items():
            if name in without:
                continue
            item = full[list(profiles)] if DIMENSIONS[name][0] == "numobs" else full
            own = tuple(reversed(DIMENSIONS[name])) if turned else DIMENSIONS[name]
            variable = data.createVariable(name, item.dtype, own, fill_value=99999.0)
            variable.units = (UNITS | (units or {})).get(name, "")
            variable[:] = np.where(np.isnan(item), 99999.0, item).transpose() if turned else np.ma.masked_invalid(item)
        texts = {
            "id": ("numobs", [f"49010{number}" for number in profiles]),
            "varname": ("numvars", ["votemper", "vosaline"]),
            "unitname": ("numvars", ["Celsius", "PSU"]),
        }
        for name, (dimension, words) in texts.items():
            if name not in without:
                variable = data.createVariable(name, "S1", (dimension, "string8"))
                variable[:] = np.array([list(word.ljust(8)) for word in words], "S1")
    return path
