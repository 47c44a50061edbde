"""Observations in formats whose sample files cannot be given away; read where `OCEAN_SAMPLES` says they are."""

import gzip
import json
import os
from pathlib import Path

import gsw
import numpy as np
import pytest
from tests.metadata.observing import array, observing

__all__ = ["observing"]

SAMPLES = os.environ.get("OCEAN_SAMPLES")
needs_samples = pytest.mark.skipif(SAMPLES is None, reason="OCEAN_SAMPLES says where the sample files are")
OBS = Path(SAMPLES or "") / "obs"


def rows_after(path, mark):
    text = gzip.decompress(path.read_bytes()).decode("latin-1").splitlines()
    start = next(place for place, line in enumerate(text) if line.strip() == mark)
    return np.array([[float(word) for word in line.split()] for line in text[start + 1 :] if line.strip()])


def values_of(station):
    return {variable.key: (array(variable.depth), array(variable.values)) for variable in station.variables}


@needs_samples
def test_an_odf_cast_is_that_of_its_file(observing):
    path = OBS / "CTD_BCD2014666_008_1_DN.ODF.gz"
    [outcome] = observing.bring(path)
    assert (outcome.problem, outcome.stations) == (None, 1)
    [station] = observing.stored.read_stations([observing.station("mission:BCD2014666", "008-1-DN")])
    assert (station.time, station.latitude, station.longitude) == ("2014-12-16T14:09:09+00:00", 44.2675, -63.3175)
    rows = rows_after(path, "-- DATA --")
    depth, temperature = values_of(station)["sea_water_temperature"]
    assert temperature.tolist() == rows[:, 3].tolist()
    assert depth == pytest.approx(-gsw.z_from_p(rows[:, 1], 44.2675))
    good = np.isin(rows[:, 14], [0, 1, 2, 5])
    assert values_of(station)["sea_water_salinity"][1].tolist() == rows[good, 13].tolist()


@needs_samples
def test_a_sea_bird_cast_is_that_of_its_file_in_its_own_century(observing):
    path = OBS / "ctd_bedford_basin_2003.cnv.gz"
    assert [item.problem for item in observing.bring(path)] == [None]
    [station] = observing.stored.read_stations([1])
    assert (station.time, station.name, station.platform_type) == ("2003-10-15T11:38:38+00:00", "Stn 2", "mission")
    assert (station.latitude, station.longitude) == pytest.approx((44 + 41.056 / 60, -(63 + 38.633 / 60)))
    rows = rows_after(path, "*END*")
    stored = rows[:, 4] < 99
    depth, temperature = values_of(station)["sea_water_temperature"]
    assert temperature.tolist() == rows[stored, 4].tolist()
    assert depth.tolist() == rows[stored, 3].tolist()


@needs_samples
def test_tables_of_another_database_come_in_whole(observing):
    assert [item.stations for item in observing.bring(OBS / "dfo_stubs")] == [103]
    assert observing.count("samples") == 1919
    first = json.loads((OBS / "dfo_stubs" / "stations.json").read_text())[0]
    track = observing.stored.read_track(observing.platform("drifter:4401636"), None, None, ["sea_surface_temperature"])
    assert (array(track.latitude)[0], array(track.longitude)[0]) == (first["latitude"], first["longitude"])
    assert array(track.variables[0].values)[0] == 9.0


@needs_samples
def test_one_profile_of_a_float_is_the_same_as_in_the_file_of_all(observing):
    observing.bring(OBS / "argo_13857_prof.nc")
    before = observing.tables()
    assert [item.stations for item in observing.bring(OBS / "argo_R13857_001.nc")] == [1]
    assert observing.tables() == before
