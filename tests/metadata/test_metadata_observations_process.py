"""The service as it runs: observations come in beside it, and are there when it is started again."""

import shutil
import signal

import pytest
from tests.metadata.observing import SHIPPED
from tests.metadata.serving import PATIENCE, http_client, serving, until


def features(http):
    return len(http.get("/api/v2.0/observation/track/platform_type=drifter&quantum=day.json").json()["features"])


@pytest.mark.ci
@pytest.mark.timeout(400)  # processes are started, which takes its time where others are at work
def test_observations_are_imported_while_the_service_runs_and_stay(tmp_path):
    folder, path, database = tmp_path / "obs", tmp_path / "s", tmp_path / "c.sqlite3"
    folder.mkdir()
    shutil.copy(SHIPPED / "drifters_barents_2022.nc", folder)
    with serving(path, database=database, watch=0, observations_folder=folder) as running, http_client(path) as http:
        assert until(lambda: features(http) == 2)
        running.send_signal(signal.SIGTERM)
        assert running.wait(PATIENCE) is not None
    nothing = tmp_path / "nothing"  # a folder that is not there is no trouble
    with serving(path, database=database, watch=0, observations_folder=nothing), http_client(path) as http:
        assert until(lambda: features(http) == 2)
        assert "observations" not in str(http.get("/health/ready").json()["reasons"])
