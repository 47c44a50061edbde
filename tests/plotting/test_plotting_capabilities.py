"""Capabilities of layers of any kind, as OWSLib reads them; time and elevation as requests name them."""

import numpy as np
import pytest
from msgspec.structs import replace
from owslib.wms import WebMapService
from tests.plotting.fakes import array, info

from ocean_common.contracts.assets import Assets, DepthAxis, Grid, Steps
from ocean_common.contracts.metadata import DatasetLayer, DatasetLayers, LayerTimes, MapDataset, TimeInterval
from ocean_common.i18n import ENGLISH
from ocean_core.errors import DepthNotFound, InvalidRequest, TimeNotFound
from ocean_plotting.wms.capabilities import describe_dataset, describe_layers, write_capabilities
from ocean_plotting.wms.dimensions import ElevationAxis, choose_level, choose_time

ADDRESS = "https://example.org/wms"
VERSIONS = pytest.mark.parametrize("version", ["1.3.0", "1.1.1"])
DAY = 86_400


def read(datasets, version):
    """The capabilities as OWSLib reads them."""
    content = write_capabilities(datasets, "Service <&> \x01", ADDRESS, version, ENGLISH)
    return WebMapService(ADDRESS, version=version, xml=content)


def interval(start, end, step, count):
    return TimeInterval(start=start, end=end, step=step, count=count, start_id=0, end_id=count - 1)


def record(layers, times=(), depths=()):
    return DatasetLayers(
        dataset="arctic", revision="r1", name="Arctic & more", layers=layers, times=list(times), depths=list(depths)
    )


@VERSIONS
def test_time_steps_are_intervals_where_they_are_regular(version):
    times = LayerTimes(
        last="2016-03-01T00:00:00Z",
        intervals=[
            interval("2016-01-01T00:00:00Z", "2016-01-05T00:00:00Z", "P1D", 5),
            interval("2016-01-07T06:00:00Z", "2016-01-07T06:00:00Z", None, 1),
            interval("2016-02-01T00:00:00Z", "2016-03-01T00:00:00Z", "P1M", 2),
        ],
    )
    layers = [DatasetLayer(variable=info("votemper"), time=0), DatasetLayer(variable=info("vosaline"), time=1)]
    service = read([describe_layers(record(layers, [times, None]), ADDRESS, version, ENGLISH)], version)
    layer = service["arctic/votemper"]
    assert layer.timepositions == [
        "2016-01-01T00:00:00Z/2016-01-05T00:00:00Z/P1D",
        "2016-01-07T06:00:00Z",
        "2016-02-01T00:00:00Z",
        "2016-03-01T00:00:00Z",
    ]
    assert layer.defaulttimeposition == "2016-03-01T00:00:00Z"
    assert service["arctic/vosaline"].timepositions is None


@VERSIONS
@pytest.mark.parametrize(
    ("axis", "values", "units"),
    [
        (DepthAxis(name="depth", kind="depth", values=[0.5, 10.0, 1000.25]), ["0.5", "10", "1000.25"], "ncwms:depth"),
        (DepthAxis(name="height", kind="height", values=[2.0, 10.0]), ["2", "10"], "CRS:88"),
        (DepthAxis(name="s", kind="sigma", values=[-0.1, -0.9], units="1"), ["-0.1", "-0.9"], "1"),
        (DepthAxis(name="k", kind="index", values=[float("nan")] * 3), ["0", "1", "2"], "level"),
        (DepthAxis(name="k", kind="depth", values=[5.0, 5.0]), ["0", "1"], "level"),
    ],
)
def test_elevations_are_depths_or_what_levels_have_instead(version, axis, values, units):
    layer = DatasetLayer(variable=info("votemper"), depth=0)
    service = read([describe_layers(record([layer], depths=[axis]), ADDRESS, version, ENGLISH)], version)
    assert service["arctic/votemper"].elevations == values
    if version == "1.3.0":  # OWSLib reads no units of the older version
        assert service["arctic/votemper"].dimensions["elevation"]["units"] == units
    assets = replace(ASSETS, depth=axis)
    for level, value in enumerate(values):
        assert choose_level(assets, value) == (str(level), "")
    assert choose_level(assets, "").warning.startswith(f"99 Default value used: elevation={values[0]}")


@VERSIONS
def test_names_of_any_letters_and_boxes_over_the_date_line_are_written(version):
    variable = info("votemper", long_name='deep <water> & "more" \x02', standard_name=None)
    layers = [
        DatasetLayer(variable=variable, bounds=(170.0, -20.0, -160.0, 90.0)),
        DatasetLayer(variable=replace(variable, key='a"<b>', name="<i>&amp;"), bounds=(0.0, -90.0, 360.0, 90.0)),
        DatasetLayer(variable=info("u"), bounds=(10.0, 10.0, 10.0, 10.0)),
    ]
    service = read([describe_layers(record(layers), ADDRESS, version, ENGLISH)], version)
    assert set(service.contents) == {"arctic/votemper", 'arctic/a"<b>', "arctic/u"}
    assert service["arctic/votemper"].boundingBoxWGS84 == (-180, -20, 180, 90)
    assert service['arctic/a"<b>'].title == "<i>&amp; (Celsius)"
    assert service["arctic/votemper"].abstract.startswith('deep <water> & "more"')
    assert service.identification.title.startswith("Service <&>")


@VERSIONS
def test_many_datasets_tell_where_their_own_capabilities_are(version):
    listed = [MapDataset(id=f"réseau {n}", value=f"Dataset {n}", layers=1000) for n in range(50)]
    content = write_capabilities(
        [describe_dataset(item, ADDRESS, version) for item in listed], "All", ADDRESS, version, ENGLISH
    )
    assert content.count(b"https://example.org/wms/r%C3%A9seau%20") == 50
    assert read([describe_dataset(item, ADDRESS, version) for item in listed], version)


@VERSIONS
def test_ten_thousand_layers_that_share_a_box_have_it_once(version):
    box = (-80.0, 30.0, -10.0, 60.0)
    layers = [DatasetLayer(variable=info("votemper"), bounds=box) for _ in range(10_000)]
    text = write_capabilities(
        [describe_layers(record(layers), ADDRESS, version, ENGLISH)], "Many", ADDRESS, version, ENGLISH
    )
    assert text.count(b"<Name>arctic/votemper</Name>") == 10_000
    assert text.count(b"-80") < 50
    assert len(text) < 15_000_000


STEPS = Steps(
    raw=array(np.arange(5)),
    seconds=array(16_801 * DAY + np.arange(5) * DAY // 2),
    file=array(np.zeros(5, np.int32)),
    position=array(np.arange(5, dtype=np.int32)),
    units="halves of days",
)
ASSETS = Assets(
    dataset="arctic", revision="r1", variable=info("votemper"), source="t", dimensions=[],
    grid=Grid(id="g", kind="rectilinear", shape=(2, 2)),
    depth=DepthAxis(name="depth", kind="depth", values=[0.0, 10.0, 100.0]), files=[], steps=STEPS,
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", "-1"),
        ("current", "-1"),
        ("2016-01-01T12:00:00.000Z", "2016-01-01T12:00:00.000Z"),
        ("2016-01-01,2016-01-02", "2016-01-01"),
        ("2016-01-01T06:00:00Z/2016-01-09", "1"),
        ("2016-01-02/2016-01-02/PT12H", "2"),
    ],
)
def test_a_time_is_an_instant_or_the_first_of_several(text, value):
    choice = choose_time(ASSETS, text)
    assert choice.value == value
    assert choice.warning == ("" if text else "99 Default value used: time=2016-01-03T00:00:00Z")


@pytest.mark.parametrize("text", ["2017-01-01/2017-02-01", "2016-01-01T01:00:00Z/2016-01-01T02:00:00Z", "x/y", "/"])
def test_an_interval_without_time_steps_is_refused(text):
    with pytest.raises(TimeNotFound):
        choose_time(ASSETS, text)


def test_the_nearest_elevation_is_taken_and_told():
    assert choose_level(ASSETS, "10") == ("1", "")
    assert choose_level(ASSETS, "10.4,90") == ("1", "99 Nearest value used: elevation=10 m")
    assert choose_level(ASSETS, "bottom").value == "bottom"
    assert choose_level(replace(ASSETS, depth=None), "77") == ("0", "")
    with pytest.raises(DepthNotFound, match="0 to 100"):
        choose_level(ASSETS, "150")
    for text in ("nan", "inf", "deep"):
        with pytest.raises(InvalidRequest):
            choose_level(ASSETS, text)
    assert ElevationAxis.of(ASSETS.depth).format(2) == "100"
