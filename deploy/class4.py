"""Make the demonstration of Class 4: profiles of an Argo float beside two of the sample data, which are of other years.

`python deploy/class4.py [FOLDER]` writes `deploy/sample_data/class4`. There are no shippable observations and model
of one day and place: the files say so in their titles, and nothing can be concluded about the models from them.
"""

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import gsw
import netCDF4
import numpy as np
from numpy.typing import NDArray
from pyproj import Geod

SAMPLES = Path(__file__).parent / "sample_data"
FLOAT = SAMPLES / "obs" / "argo_13857_prof.nc"
ATLANTIC = SAMPLES / "regular" / "atlantic_profiles.nc"
OSTIA = SAMPLES / "regular" / "ostia_monthly.nc"
NEAR = 300.0  # km from a float to the column of the model that it is compared with
SHALLOW = 20.0  # m: what is measured above is compared with the temperature of the surface
FREEZING = 273.15  # K
GOOD = (b"1", b"2", b"5", b"8")
ARGO = (
    "These data were collected and made freely available by the International Argo Program and the national programs "
    "that contribute to it (https://argo.ucsd.edu, doi 10.17882/42182), CC BY 4.0"
)
MET_OFFICE = "Contains Met Office data, Crown copyright, Open Government Licence"

Floats = NDArray[np.float64]


class Profile(NamedTuple):
    """Measurements of a float on its way up."""

    platform: str
    instrument: str  # code of the World Meteorological Organization
    time: datetime
    latitude: float
    longitude: float
    depth: Floats  # (level,) m
    temperature: Floats  # (level,) degrees Celsius, in situ


class Estimate(NamedTuple):
    """Values of a model at the levels of a profile; NaN where it has none."""

    best: Floats  # (level,) degrees Celsius, in situ
    climatology: Floats


def read_profiles() -> list[Profile]:
    """Read the good values of the float, ascending in time."""
    profiles = []
    with netCDF4.Dataset(FLOAT) as data:
        times = netCDF4.num2date(data["JULD"][:], data["JULD"].units, only_use_cftime_datetimes=False)
        quality = (data["TEMP_QC"][:].filled(b"9"), data["PRES_QC"][:].filled(b"9"))
        pressure, temperature = data["PRES"][:].filled(np.nan), data["TEMP"][:].filled(np.nan)
        for index, time in enumerate(times):
            latitude, longitude = float(data["LATITUDE"][index]), float(data["LONGITUDE"][index])
            good = np.isin(quality[0][index], GOOD) & np.isin(quality[1][index], GOOD)
            good &= np.isfinite(pressure[index]) & np.isfinite(temperature[index])
            profiles.append(
                Profile(
                    platform=_text(data["PLATFORM_NUMBER"][index]),
                    instrument=_text(data["WMO_INST_TYPE"][index]),
                    time=time,
                    latitude=latitude,
                    longitude=longitude,
                    depth=-gsw.z_from_p(pressure[index][good].astype(float), latitude),
                    temperature=temperature[index][good].astype(float),
                )
            )
    return sorted(profiles, key=lambda profile: profile.time)


def estimate_from_atlantic(profile: Profile) -> Estimate | None:
    """Return the nearest column of the Atlantic analysis; None where there is none nearby."""
    with netCDF4.Dataset(ATLANTIC) as data:
        latitude, longitude = np.meshgrid(data["lat"][:], data["lon"][:], indexing="ij")
        wet_cells = ~np.ma.getmaskarray(data["theta"][0])
        latitude, longitude = latitude[wet_cells].filled(), longitude[wet_cells].filled()
        start = np.full(latitude.shape, profile.longitude), np.full(latitude.shape, profile.latitude)
        distance = Geod(ellps="WGS84").inv(*start, longitude, latitude)[2] / 1000
        nearest = int(np.argmin(distance))
        if distance[nearest] > NEAR:
            return None
        theta, salinity = (data[name][:].filled(np.nan)[:, wet_cells][:, nearest] for name in ("theta", "salinity"))
        depth = data["depth"][:].filled(np.nan).astype(float)
    position = float(longitude[nearest]), float(latitude[nearest])
    pressure = gsw.p_from_z(-depth, position[1])
    absolute = gsw.SA_from_SP(salinity, pressure, *position)
    in_situ = gsw.t_from_CT(absolute, gsw.CT_from_pt(absolute, theta - FREEZING), pressure)
    wet = np.isfinite(in_situ)
    best = np.interp(profile.depth, depth[wet], in_situ[wet], left=np.nan, right=np.nan)
    return Estimate(best, np.full_like(best, np.nan))


def estimate_from_ostia(profile: Profile) -> Estimate:
    """Return OSTIA of the same month of 2006, and the mean of this month over all years, at the shallowest level."""
    with netCDF4.Dataset(OSTIA) as data:
        time = data["time"]
        dates = netCDF4.num2date(time[:], time.units, getattr(time, "calendar", "standard"))
        row = int(np.abs(data["latitude"][:] - profile.latitude).argmin())
        column = int(np.abs((data["longitude"][:] - profile.longitude + 180) % 360 - 180).argmin())
        months = [index for index, date in enumerate(dates) if date.month == profile.time.month]
        surface = np.array([float(data["surface_temperature"][index, row, column]) for index in months]) - FREEZING
    level = np.argmin(profile.depth)
    best, climatology = np.full_like(profile.depth, np.nan), np.full_like(profile.depth, np.nan)
    if profile.depth[level] <= SHALLOW:
        best[level], climatology[level] = surface[0], surface.mean()
    return Estimate(best, climatology)


def write(
    path: Path,
    title: str,
    comment: str,
    profiles: Sequence[Profile],
    estimates: Sequence[Estimate],
    *,
    acknowledgement: str = f"{ARGO}. {MET_OFFICE}.",
) -> None:
    """Write a file of the layout that models are compared by."""
    with netCDF4.Dataset(path, "w", format="NETCDF4_CLASSIC") as data:
        data.setncatts({"title": title, "comment": comment, "acknowledgement": acknowledgement})
        sizes = {"numobs": len(profiles), "numvars": 1, "numdeps": max(profile.depth.size for profile in profiles)}
        for name, size in {**sizes, "string8": 8, "string128": 128}.items():
            data.createDimension(name, size)
        _write_texts(data, "id", ("numobs", "string8"), [profile.platform for profile in profiles])
        _write_texts(data, "type", ("numobs", "string128"), [profile.instrument for profile in profiles])
        _write_texts(data, "varname", ("numvars", "string8"), ["votemper"])
        _write_texts(data, "unitname", ("numvars", "string8"), ["Celsius"])
        since = "days since 1950-01-01 00:00:00 utc"
        times = netCDF4.date2num([profile.time for profile in profiles], since)
        latitude, longitude = ([getattr(profile, name) for profile in profiles] for name in ("latitude", "longitude"))
        _write(data, "juld", ("numobs",), times, units=since, kind="f8")
        _write(data, "latitude", ("numobs",), latitude, units="degrees_north", kind="f8")
        _write(data, "longitude", ("numobs",), longitude, units="degrees_east", kind="f8")
        length = sizes["numdeps"]
        depth = _pad_rows([profile.depth for profile in profiles], length)
        _write(data, "depth", ("numobs", "numdeps"), depth, units="m")
        values = {
            "observation": [profile.temperature for profile in profiles],
            "best_estimate": [estimate.best for estimate in estimates],
            "climatology": [estimate.climatology for estimate in estimates],
        }
        for name, rows in values.items():
            _write(
                data, name, ("numobs", "numvars", "numdeps"), _pad_rows(rows, length)[:, np.newaxis], units="Celsius"
            )


def _write(
    data: netCDF4.Dataset, name: str, dimensions: tuple[str, ...], values: object, *, units: str, kind: str = "f4"
) -> None:
    variable = data.createVariable(name, kind, dimensions, zlib=True, fill_value=99999.0)
    variable.units = units
    variable[:] = np.ma.masked_invalid(np.round(np.asarray(values), 6 if kind == "f8" else 3))


def _write_texts(data: netCDF4.Dataset, name: str, dimensions: tuple[str, str], texts: Sequence[str]) -> None:
    length = data.dimensions[dimensions[1]].size
    variable = data.createVariable(name, "S1", dimensions, zlib=True)
    variable[:] = np.array([list(text.ljust(length)[:length]) for text in texts], dtype="S1")


def _pad_rows(rows: Sequence[Floats], length: int) -> Floats:
    padded = np.full((len(rows), length), np.nan)
    for index, row in enumerate(rows):
        padded[index, : row.size] = row
    return padded


def _text(characters: NDArray[np.bytes_]) -> str:
    return b"".join(np.ma.filled(characters, b" ").tolist()).decode().strip()


def make(folder: Path) -> None:
    """Write the two files."""
    estimates = [(profile, estimate_from_atlantic(profile)) for profile in read_profiles() if profile.depth.size]
    compared = [(profile, estimate) for profile, estimate in estimates if estimate]
    profiles = [profile for profile, _ in compared]
    first, last = profiles[0].time, profiles[-1].time
    period = f"Argo of {first:%B} to {last:%B %Y}"
    name = f"class4_{first:%Y%m%d}_{{}}_demo_profile.nc"
    folder.mkdir(parents=True, exist_ok=True)
    write(
        folder / name.format("ATLANTIC"),
        f"Demonstration: {period} beside a Met Office analysis of December 1984",
        f"Not a comparison of one day and place: the nearest column of the analysis is up to {NEAR:.0f} km away. Its "
        "potential temperature was converted to that which a thermometer shows, and interpolated to the levels.",
        profiles,
        [estimate for _, estimate in compared],
    )
    write(
        folder / name.format("OSTIA"),
        f"Demonstration: {period} beside OSTIA of the same months of 2006, surface only",
        "Not a comparison of one year: OSTIA of 2006, and as climatology the mean of the same month of its years.",
        profiles,
        [estimate_from_ostia(profile) for profile in profiles],
    )


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLES / "class4")
