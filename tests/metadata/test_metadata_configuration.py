"""The dataset configuration of the existing teams, and what is wrong with one."""

import subprocess
import sys

import pytest

from ocean_metadata.index.configuration import ConfigurationError, load_configuration


def test_one_file_holds_all_datasets_in_its_order(write):
    configuration = load_configuration(write({"b": {"url": "b.nc"}, "a": {"url": "a.nc", "enabled": False}}))
    assert [(item.id, item.enabled) for item in configuration] == [("b", True), ("a", False)]


def test_an_index_names_one_stub_for_each_dataset(write, tmp_path):
    (tmp_path / "stubs").mkdir()
    write({"a": {"url": "a.nc", "name": "A"}}, "stubs/a.json")
    configuration = load_configuration(write({"a": ""}), tmp_path / "stubs")
    assert (configuration[0].name, configuration[0].files) == ("A", [str(tmp_path / "stubs" / "a.nc")])


def test_stubs_are_next_to_the_index_by_default(write):
    write({"a": {"url": "a.nc"}}, "a.json")
    assert load_configuration(write({"a": {}}))[0].id == "a"


def test_globs_and_lists_are_files_of_one_series(write, tmp_path):
    for name in ("s_2.nc", "s_1.nc", "other.nc"):
        (tmp_path / name).touch()
    result = load_configuration(write({"a": {"url": ["other.nc", "s_*.nc"]}}))[0]
    assert [path.rsplit("/", 1)[1] for path in result.files] == ["other.nc", "s_1.nc", "s_2.nc"]


def test_marks_are_taken_from_attributions(write):
    configuration = load_configuration(
        write({"a": {"url": "a.nc", "attribution": "<b>Met &amp; <a href='x'>Office</a></b>"}})
    )
    assert configuration[0].attribution == "Met & Office"


def test_words_for_yes_are_understood(write):
    variables = {"t": {"hide": "true", "zero_centered": "True"}}
    result = load_configuration(write({"a": {"url": "a.nc", "enabled": 1, "variables": variables}}))[0]
    assert (result.enabled, result.variables[0].hidden, result.variables[0].zero_centered) == (True, True, True)


@pytest.mark.parametrize("url", ["https://example.org/dods/a", "s3://bucket/a.zarr", "icechunk:s3://bucket/a"])
def test_addresses_stay_as_they_are(write, url):
    assert load_configuration(write({"a": {"url": url}}))[0].files == [url]


@pytest.mark.parametrize("url", ["icechunk", "a.zarr", "../a.nc"])
def test_relative_paths_start_at_the_configuration(write, tmp_path, url):
    assert load_configuration(write({"a": {"url": url}}))[0].files == [str((tmp_path / url).absolute())]


def test_an_icechunk_repository_may_be_configured_by_its_kind(write, tmp_path):
    assert load_configuration(write({"a": {"url": "icechunk:runs/a"}}))[0].files == [f"icechunk:{tmp_path}/runs/a"]


def test_unknown_keys_are_warned_about_once(write, caplog):
    pair = {name: {"url": "a.nc", "colour_of_the_sea": 1} for name in "ab"}
    load_configuration(write(pair))
    assert sum("colour_of_the_sea" in record.message for record in caplog.records) == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{\n "a": {\n  "url": \n}', ["datasets.json", "line 4"]),
        ("[]", ["datasets.json", "object"]),
        ({"a": {"url": 5}}, ["datasets.json", "a.url"]),
        ({"a": {"url": "x.nc", "variables": {"t": {"scale": [1]}}}}, ["a.variables.t.scale"]),
        ({"a": {"url": "x.nc", "variables": {"t": 7}}}, ["a.variables.t", "object"]),
        ({"a": {"url": "x.nc", "variables": {"t": {"scale": [5, 5]}}}}, ["a.variables.t.scale", "lower limit"]),
        ({"a": {"url": "x.nc", "variables": {"u,v": {}}}}, ["a.variables", "'u,v'", "address"]),
        ({"../secret": {}}, ["datasets.json", "'../secret'", "address"]),
        ({"": {"url": "x.nc"}}, ["datasets.json", "''", "address"]),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, ["datasets.json", "nested too deeply"]),
        ({"a": {"url": "x.nc", "vector_variables": "t"}}, ["a.vector_variables"]),
        ({"a": "no url"}, ["a has no url", "a.json"]),
    ],
)
def test_a_broken_configuration_names_the_place(write, content, words):
    with pytest.raises(ConfigurationError) as error:
        load_configuration(write(content))
    assert all(word in str(error.value) for word in words)
    assert "\n" not in str(error.value)


def test_the_command_ends_with_one_line_and_a_code(write, tmp_path):
    path = write('{"a": ')
    command = [
        sys.executable,
        "-m",
        "ocean_metadata.index",
        "--database",
        str(tmp_path / "c.sqlite3"),
        "--datasets",
        str(path),
    ]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.strip().splitlines() == ["datasets.json, line 1: Input data was truncated"]


def test_variables_that_are_missing_are_left_out_with_reasons(write, tmp_path, index, make):
    make(tmp_path / "a.nc")
    variables = {"warm": {"source": "thetao"}, "salt": {}}
    result = index(datasets=write({"a": {"url": "a.nc", "variables": variables}})).dataset("a")
    assert [variable.key for variable in result.variables] == ["warm"]
    assert {variable.name: str(variable.reason) for variable in result.left_out} == {"salt": "no file holds salt"}


def test_different_variables_may_be_in_different_files(write, tmp_path, index, make):
    make(tmp_path / "u.nc", variable="u", times=[0, 1])
    make(tmp_path / "v.nc", variable="v", times=[0, 1, 2])
    result = index(datasets=write({"a": {"url": ["u.nc", "v.nc"], "vector_variables": ["u"]}})).dataset("a")
    counts = {variable.key: result.times[variable.time].count for variable in result.variables}
    assert counts == {"u": 2, "v": 3}
    assert result.state == "served"


def test_a_file_on_another_grid_is_left_out_of_a_series(write, tmp_path, index, make):
    make(tmp_path / "s1.nc", times=[0])
    make(tmp_path / "s2.nc", times=[1], shape=(9, 9))
    result = index(datasets=write({"a": {"url": "s*.nc"}})).dataset("a")
    assert [(problem.name, str(problem.reason)) for problem in result.problems] == [
        ("s2.nc", "its grid differs from that of s1.nc")
    ]
