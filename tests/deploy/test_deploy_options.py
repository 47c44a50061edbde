"""What a run can be told, and what is checked before anything is started."""

import socket
from importlib import import_module
from pathlib import Path

import pytest
from tests.looping import loop_over

from ocean_common.settings import load
from ocean_metadata.settings import Settings as MetadataSettings
from stack.options import INTERNAL_PORTS, SAMPLES, Refused, check, claim, default_processes, free_ports, parse
from stack.programs import Plan


def refusal(call, *arguments):
    with pytest.raises(Refused) as caught:
        call(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_run_without_options_serves_the_sample_data():
    options = parse([], {})
    assert (options.port, options.https_port, options.host) == (8080, 8443, "127.0.0.1")
    assert options.datasets == SAMPLES / "datasets.json"
    assert options.datasets.is_file()
    assert options.places == SAMPLES / "kml"
    assert options.observations == SAMPLES / "obs"
    assert options.state.parts[-2:] == ("var", "8080")


def test_each_choice_of_data_has_a_catalogue_of_its_own(tmp_path):
    runs = [parse([], {"STATE": str(tmp_path), **data}) for data in ({}, {"DATA": "a"}, {"DATA": "b"}, {"DATA": "a"})]
    catalogues = [run.catalogue for run in runs]
    assert {path.parent for path in catalogues} == {tmp_path}
    assert (len(set(catalogues)), catalogues[1]) == (3, catalogues[3])


def test_options_are_read_from_the_variables_of_make(tmp_path):
    options = parse([], {"PORT": "80", "DATA": str(tmp_path), "STATE": str(tmp_path / "s"), "DATASETS": ""})
    assert (options.port, options.https_port) == (80, 443)
    assert (options.data, options.datasets, options.state) == (tmp_path, None, tmp_path / "s")
    assert options.places is None
    assert options.observations is None


def test_a_flag_wins_over_a_variable():
    assert parse(["--port", "8090"], {"PORT": "8091"}).port == 8090


@loop_over("text", ["0", "65536", "eighty", "-1", "80.5", "٨٠"])
def test_an_invalid_port_is_refused(text):
    assert "is not a port" in refusal(parse, [], {"PORT": text})


def test_the_tls_port_of_a_very_high_port_must_be_given():
    assert "HTTPS_PORT=65863" in refusal(parse, [], {"PORT": "65500"})


def test_a_port_in_use_is_refused_with_the_name_of_its_option():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert "choose another PORT" in refusal(check, parse(["--port", str(port), "--https-port", "8443"], {}))


@loop_over(
    ("argv", "words"),
    [
        (["--datasets", "/nowhere/datasets.json"], "there is no file /nowhere/datasets.json"),
        (["--data", "/nowhere"], "there is no folder /nowhere"),
        (["--places", "/nowhere"], "PLACES: there is no folder /nowhere"),
        (["--data", "/", "--datasets", __file__], "not both"),
        (["--port", "8080", "--https-port", "8080"], "they must differ"),
        (["--host", "192.0.2.1"], "cannot listen on 192.0.2.1:8080"),
    ],
)
def test_an_impossible_option_is_refused_in_one_line(argv, words):
    assert words in refusal(check, parse(argv, {}))


def test_free_ports_differ_and_are_not_those_of_outgoing_connections():
    ports = free_ports(6)
    assert len(set(ports)) == 6
    assert set(ports) <= set(INTERNAL_PORTS)


def test_two_runs_cannot_share_their_state(tmp_path):
    with claim(tmp_path):
        assert "another run uses" in refusal(claim, tmp_path)
    claim(tmp_path).close()


def test_state_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").touch()
    assert "cannot write to" in refusal(claim, Path(tmp_path / "file"))


@loop_over(
    ("cores", "processes"),
    [(1, (1, 1, 1)), (2, (1, 1, 1)), (4, (1, 1, 2)), (16, (1, 4, 8)), (64, (4, 16, 32)), (256, (16, 64, 64))],
)
def test_the_cores_decide_how_many_instances_there_are(cores, processes):
    chosen = default_processes(cores)
    assert (chosen["METADATA"], chosen["DATA"], chosen["PLOTTING"]) == processes


def test_instances_are_chosen_by_variables_and_have_addresses_and_names_of_their_own(tmp_path):
    counts = {"DATA_PROCESSES": "2", "PLOTTING_PROCESSES": "3", "METADATA_PROCESSES": "2"}
    options = parse([], {**counts, "STATE": str(tmp_path)})
    assert options.processes == {"metadata": 2, "data": 2, "plotting": 3}
    plan = Plan(options)
    programs = {program.name: program for program in plan.services()}
    names = ["metadata-1", "metadata-2", "data-1", "data-2", "plotting-1", "plotting-2", "plotting-3", "gateway"]
    assert list(programs) == names
    assert len({program.log for program in programs.values()}) == len(names)
    assert len({plan.urls[name] for name in names}) == len(names)
    assert plan.urls["data"] == f"{plan.urls['data-1']},{plan.urls['data-2']}"
    for name, program in programs.items():
        service = name.partition("-")[0]
        prefix = f"OCEAN_{service.upper()}_"
        assert plan.urls[name].endswith(f":{program.environment[f'{prefix}PORT']}")
        settings = import_module(f"ocean_{service}.settings").Settings
        assert load(settings, program.environment)
    assert programs["plotting-2"].environment["OCEAN_PLOTTING_DATA_URL"] == plan.urls["data"]


def test_one_metadata_instance_indexes_and_imports(tmp_path):
    plan = Plan(parse([], {"METADATA_PROCESSES": "3", "STATE": str(tmp_path)}))
    environments = [p.environment for p in plan.services() if p.name.startswith("metadata")]
    settings = [load(MetadataSettings, environment) for environment in environments]
    assert [bool(item.watch) for item in settings] == [True, False, False]
    assert [bool(item.observations_folder) for item in settings] == [True, False, False]
    assert len({item.database for item in settings}) == 1


@loop_over("text", ["0", "-1", "65", "two", "1.5", "٢"])
def test_an_impossible_number_of_processes_is_refused(text):
    assert f"DATA_PROCESSES={text}" in refusal(parse, [], {"DATA_PROCESSES": text})
