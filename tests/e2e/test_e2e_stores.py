"""OPeNDAP and Zarr through the gateway, as xarray and a browser use them."""

from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import xarray as xr

SHIPPED = Path(__file__).parents[2] / "deploy" / "sample_data"
FILES = {
    "giops_day": "idealised/*.nc",
    "ostia_month": "regular/ostia_monthly.nc",
    "wcofs_hour": "roms/wcofs_surface_uv.nc",
    "sfbofs_hour": "unstructured/*.nc",
}


@pytest.mark.parametrize("dataset", FILES)
def test_xarray_opens_a_dataset_as_its_file(run, dataset):
    (path,) = SHIPPED.glob(FILES[dataset])
    options = {"decode_timedelta": False, "drop_variables": ["Times"]}
    with (
        xr.open_dataset(f"{run.web}/opendap/{dataset}", **options) as remote,
        xr.open_dataset(path, **options) as local,
    ):
        assert set(remote.data_vars) <= set(local.data_vars)
        for name, variable in remote.variables.items():
            np.testing.assert_array_equal(variable.values, local[name].values, err_msg=name)
            assert variable.dims == local[name].dims


@pytest.mark.filterwarnings("ignore::zarr.errors.ZarrUserWarning")  # of metadata in the first document
@pytest.mark.parametrize("dataset", FILES)
def test_xarray_opens_a_store_as_its_file(run, dataset):
    (path,) = SHIPPED.glob(FILES[dataset])
    options = {"decode_timedelta": False, "drop_variables": ["Times"]}
    with (
        xr.open_zarr(f"{run.web}/zarr/{dataset}", chunks=None, **options) as remote,
        xr.open_dataset(path, **options) as local,
    ):
        assert set(remote.data_vars) <= set(local.data_vars)
        for name, variable in remote.variables.items():
            np.testing.assert_array_equal(variable.values, local[name].values, err_msg=name)


def test_a_slow_reader_gets_all_of_a_long_answer(http, run):
    text = http.get("/opendap/arctic_day.ascii?temperature").text
    lines = [line for line in text.splitlines() if line.startswith("[")]
    with xr.open_dataset(f"{run.web}/opendap/arctic_day", mask_and_scale=False) as remote:
        values = remote["temperature"].values
    assert len(lines) == values[..., 0].size
    last = [int(number) for number in lines[-1].split(", ")[1:]]
    assert last == values[-1, -1, -1].tolist()


def test_descriptions_errors_and_pages(http):
    description = http.get("/opendap/giops_day.dds")
    assert description.headers["content-type"] == "text/plain; charset=utf-8"
    assert "Int16 votemper[time = 10][depth = 14][latitude = 86][longitude = 137];" in description.text
    assert http.get("/opendap/giops_day.das", headers={"if-none-match": description.headers["etag"]}).status_code == 200
    assert http.get("/opendap/giops_day.dds", headers={"if-none-match": description.headers["etag"]}).status_code == 304
    assert http.head("/opendap/giops_day.dods?votemper").status_code == 200
    failure = http.get("/opendap/giops_day.dods?votemper[10][0][0][0]", headers={"accept-language": "fr"})
    assert failure.status_code == 400
    assert "dont les indices vont de 0 à 9" in failure.text
    page = http.get("/opendap/giops_day.html", headers={"accept": "text/html"}, follow_redirects=True)
    assert page.url.path == "/api/v2.0/dataset/giops_day"
    assert page.status_code == 200


def test_the_datasets_of_the_thredds_catalogue_can_be_opened(http, run):
    answer = http.get("/catalog.xml")
    assert answer.headers["content-type"].startswith("application/xml")
    names = {"t": "http://www.unidata.ucar.edu/namespaces/thredds/InvCatalog/v1.0"}
    catalogue = ET.fromstring(answer.content)
    services = {item.get("name"): item.get("base") for item in catalogue.iterfind(".//t:service", names)}
    assert services == {"all": "", "opendap": "/opendap/", "zarr": "/zarr/", "wms": "/wms/"}
    datasets = catalogue.findall("t:dataset", names)
    assert {item.get("ID") for item in datasets} == {item["id"] for item in http.get("/api/v2.0/datasets").json()}
    for item in datasets:
        declared = http.get(f"{services['opendap']}{item.get('urlPath')}.dds").text
        variables = [variable.get("name") for variable in item.iterfind(".//t:variable", names)]
        assert variables
        assert all(f" {name}[" in declared for name in variables)
        west, size = (float(item.find(f".//t:eastwest/t:{key}", names).text) for key in ("start", "size"))
        assert -180 <= west <= 540
        assert 0 < size <= 360
    french = http.get("/catalog.xml", headers={"accept-language": "fr"})
    assert "Température" in french.text
