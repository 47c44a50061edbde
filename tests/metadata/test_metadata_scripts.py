"""Generated programs: they run, they ask what was meant, and nothing in a query gets out of its quotes."""

import json
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import TestClient
from tests.looping import loop_over
from tree_sitter_language_pack import get_parser

from ocean_common.contracts.common import PLOT_KINDS
from ocean_metadata.app import create_app
from ocean_metadata.catalogue.model import Snapshot
from ocean_metadata.scripts import generator as script
from ocean_metadata.settings import Settings

AT = "/api/v2.0/generate_script"
PARSER_OF_R = get_parser("r")
PROFILE = {"dataset": "arctic_day", "names": [None], "station": [[75, 20.5]], "showmap": True, "variable": ["votemper"]}
SUBSET = {
    "output_format": "NETCDF4",
    "dataset_name": "arctic_day",
    "variables": "votemper,vosaline",
    "time": "1454284800,1454457600",
    "should_zip": 0,
    "min_range": "72,5",
    "max_range": "78,20",
}
HOSTILE = [
    "'; import os; os._exit(7) #",
    '"""; raise SystemExit(7) #',
    "\\",
    "\\'",
    "it's\n__import__('os')._exit(7)\n",
    "$(exit 7) `exit 7` ${IFS}",
    "\u2028\u202e\u0085é🌊",
    "\x00\x1b\r\t",
    "');quit(status=7);c('",
    "true false null {0} {{x}} %s",
]


class NoDatasets:
    snapshot = Snapshot(revision="1", datasets={})

    async def revision(self, dataset):
        return self.snapshot.dataset(dataset).revision

    async def steps(self, record, time):
        raise AssertionError("there are no datasets")


@pytest.fixture(scope="module")
def client():
    with TestClient(create_app(NoDatasets())) as result:
        yield result


def generated(client, query, lang="python", script_type="plot", plot_type="profile", **headers):
    requests = {"query": json.dumps(query), "lang": lang, "script_type": script_type, "plot_type": plot_type}
    response = client.get(AT, params={key: value for key, value in requests.items() if value}, headers=headers)
    assert response.status_code == 200, response.text
    return response


@pytest.fixture(scope="module")
def server():
    """Keeps what it is asked, and answers with a few bytes; a dataset `missing` is not found."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.asked.append(self.path)
            missing = "missing" in self.path
            body = b'{"detail": "there is no dataset"}' if missing else b"\x89 the answer"
            self.send_response(404 if missing else 200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    result = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    result.asked = []
    thread = threading.Thread(target=result.serve_forever, daemon=True)
    thread.start()
    yield result
    result.shutdown()
    result.server_close()


def address(server):
    return f"http://127.0.0.1:{server.server_address[1]}"


def run(command, text, folder, name):
    """Run a program of some language as a user would; what it saved."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    result = subprocess.run(
        [*command, str(path), "saved"], cwd=folder, capture_output=True, text=True, timeout=100, check=False
    )
    saved = folder / "saved"
    return result, saved.read_bytes() if saved.exists() else None


def make_script(query, wanted, language, server, plot_type="profile"):
    requests = script.make_request(script.parse_query(json.dumps(query)), wanted, plot_type, address(server))
    return script.generate_script(requests, language)


LANGUAGES = {"python": ([sys.executable, "-W", "error"], "a.py"), "curl": (["sh"], "a.sh")}
RUN = [one for one in LANGUAGES if one == "python" or shutil.which("curl")]


@pytest.mark.parametrize("language", RUN)
def test_scripts_for_a_plot_request_it(server, tmp_path, language):
    command, name = LANGUAGES[language]
    result, saved = run(command, make_script(PROFILE, "csv", language, server), tmp_path, name)
    assert (result.returncode, saved) == (0, b"\x89 the answer"), result.stderr
    parts = urlsplit(server.asked[-1])
    requests = {key: one for key, (one,) in parse_qs(parts.query).items()}
    assert parts.path == "/api/v2.0/plot/profile"
    assert json.loads(requests.pop("query")) == PROFILE
    assert requests == {"save": "True", "format": "csv"}


@pytest.mark.parametrize("language", RUN)
def test_scripts_for_a_subset_request_it(server, tmp_path, language):
    command, name = LANGUAGES[language]
    result, saved = run(command, make_script(SUBSET, "subset", language, server), tmp_path, name)
    assert (result.returncode, saved) == (0, b"\x89 the answer"), result.stderr
    parts = urlsplit(server.asked[-1])
    assert parts.path == "/api/v2.0/subset/arctic_day/votemper,vosaline"
    assert {key: one for key, (one,) in parse_qs(parts.query).items()} == {
        "output_format": "NETCDF4",
        "time": "1454284800,1454457600",
        "should_zip": "0",
        "min_range": "72,5",
        "max_range": "78,20",
    }


@pytest.mark.parametrize("language", RUN)
def test_scripts_print_the_problem_of_the_server(server, tmp_path, language):
    command, name = LANGUAGES[language]
    result, _ = run(command, make_script({**PROFILE, "dataset": "missing"}, "plot", language, server), tmp_path, name)
    assert result.returncode != 0
    assert "404" in result.stderr


@pytest.mark.parametrize("language", RUN)
def test_nothing_gets_out_of_its_quotes(server, tmp_path, language):
    command, name = LANGUAGES[language]
    query = {**PROFILE, "names": HOSTILE, "'; import os #\n": {"\\": [[]]}}
    result, _ = run(command, make_script(query, "plot", language, server), tmp_path, name)
    assert result.returncode == 0, result.stderr
    assert json.loads(parse_qs(urlsplit(server.asked[-1]).query)["query"][0]) == query
    subset = {**SUBSET, "dataset_name": HOSTILE[0], "variables": "../" + HOSTILE[4], "area": f"g/{HOSTILE[5]}"}
    result, _ = run(command, make_script(subset, "subset", language, server), tmp_path, name)
    assert result.returncode == 0, result.stderr
    parts = urlsplit(server.asked[-1])
    *_, dataset, variables = parts.path.split("/")
    assert (unquote(dataset), unquote(variables)) == (subset["dataset_name"], subset["variables"])
    assert parse_qs(parts.query)["area"] == [subset["area"]]


JSONS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), JSONS, max_size=4))
def test_the_literals_of_python_are_the_query(query):
    text = script.generate_script(
        script.make_request(script.parse_query(json.dumps(query)), "plot", "map", "http://h"), "python"
    )
    assert text.isascii()
    space = {}
    start, end = text.index("QUERY = "), text.index("\nPARAMETERS = ")
    exec(compile(text[start:end], "made", "exec"), space)
    assert space["QUERY"] == query


def tokens_of_r(text):
    """The strings of an R program, and what is around them; fails where either does not end."""
    strings, around, at = [], "", 0
    while at < len(text):
        one = text[at]
        if one == "#":
            at = text.index("\n", at)
        elif one in "'\"":
            end, value = at + 1, ""
            while text[end] != one:
                step = 1
                if text[end] == "\\" and text[end + 1] == "U":
                    close = text.index("}", end)
                    value, step = value + chr(int(text[end + 3 : close], 16)), close + 1 - end
                elif text[end] == "\\":
                    value, step = value + {"n": "\n"}.get(text[end + 1], text[end + 1]), 2
                else:
                    value += text[end]
                end += step
            strings, at, around = [*strings, value], end + 1, around + "S"
        else:
            around, at = around + one, at + 1
    assert [around.count(one) for one in "([{"] == [around.count(one) for one in ")]}"]
    return strings, around


def errors_of_r(text):
    """What a parser of R cannot make sense of, or misses."""
    result, open_ = [], [PARSER_OF_R.parse(text.encode()).root_node]
    while open_:
        node = open_.pop()
        open_ += node.children
        if node.is_error or node.is_missing:
            result.append(text.encode()[node.start_byte : node.end_byte] or node.type)
    return result


@loop_over("wanted", ["plot", "csv", "subset"])
@loop_over("extra", HOSTILE)
def test_programs_are_sound_in_the_grammar_of_r(wanted, extra):
    query = {**SUBSET, "area": extra} if wanted == "subset" else {**PROFILE, "names": [extra], extra: None}
    requests = script.make_request(script.parse_query(json.dumps(query)), wanted, "profile", "http://h")
    assert errors_of_r(script.generate_script(requests, "r")) == []


@loop_over(("sound", "broken"), [("TRUE)[1]", "TRUE[1]"), ("'", ""), (" <- ", " <- <- "), ("if (", "if ")])
def test_a_program_that_is_not_sound_in_the_grammar_of_r_is_found_out(sound, broken):
    query = script.make_request(script.parse_query(json.dumps(PROFILE)), "csv", "profile", "http://h")
    text = script.generate_script(query, "r")
    assert sound in text
    assert errors_of_r(text.replace(sound, broken, 1)) != []


@given(st.dictionaries(st.text(), JSONS, max_size=4))
def test_the_programs_of_r_hold_the_query_in_one_string(query):
    plain = script.generate_script(script.make_request({}, "csv", "map", "http://h"), "r")
    text = script.generate_script(
        script.make_request(script.parse_query(json.dumps(query)), "csv", "map", "http://h"), "r"
    )
    assert text.isascii()
    assert errors_of_r(text) == []
    strings, around = tokens_of_r(text)
    assert json.loads(strings[1]) == query
    assert around == tokens_of_r(plain)[1]


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), min_size=1))
def test_the_values_of_a_subset_are_strings_of_r(value):
    query = script.make_request(script.parse_query(json.dumps({**SUBSET, "area": value})), "subset", None, "http://h")
    strings, _ = tokens_of_r(script.generate_script(query, "r"))
    assert strings[strings.index("area") + 1] == value


@pytest.mark.skipif(not shutil.which("Rscript"), reason="there is no R on this machine")
def test_programs_of_r_run(server, tmp_path):
    result, saved = run(["Rscript"], make_script({**PROFILE, "names": HOSTILE}, "csv", "r", server), tmp_path, "a.r")
    assert (result.returncode, saved) == (0, b"\x89 the answer"), result.stderr
    assert json.loads(parse_qs(urlsplit(server.asked[-1]).query)["query"][0])["names"] == HOSTILE


@loop_over("script_type", ["plot", "csv", "subset"])
@loop_over(
    ("lang", "suffix", "media_type"),
    [("python", "py", "application/x-python"), ("r", "r", "text/plain"), ("curl", "sh", "application/x-sh")],
)
def test_a_program_is_an_attachment(client, lang, suffix, media_type, script_type):
    query, plot_type = (SUBSET, None) if script_type == "subset" else (PROFILE, "profile")
    response = generated(client, query, lang, script_type, plot_type)
    name = f"ocean_navigator_api_script_{script_type}.{suffix}"
    assert response.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert response.headers["content-type"].split(";")[0] == media_type


def test_a_program_is_written_for_every_kind_of_plot(client):
    for kind in PLOT_KINDS:
        assert f"/api/v2.0/plot/{kind}" in generated(client, PROFILE, plot_type=kind).text


def test_a_query_that_is_not_percent_encoded_is_read(client):
    text = json.dumps(SUBSET, separators=(",", ":")).replace('"', "%22").replace("{", "%7B").replace("}", "%7D")
    response = client.get(f"{AT}?query={text}&lang=r&script_type=subset")
    assert response.status_code == 200
    assert "/subset/arctic_day/votemper,vosaline" in response.text


def test_the_address_is_the_forwarded_one_of_the_gateway(client):
    reported = {"x-forwarded-proto": "https", "x-forwarded-host": "ocean.example.org:8443"}
    assert "'https://ocean.example.org:8443/api/v2.0/plot/profile'" in generated(client, PROFILE, **reported).text
    assert "'http://testserver.local/api/v2.0/plot/profile'" in generated(client, PROFILE).text
    reported["x-forwarded-host"] = "evil'; import os"
    response = client.get(
        AT, params={"query": "{}", "lang": "r", "script_type": "csv", "plot_type": "ts"}, headers=reported
    )
    assert response.status_code == 400


def test_the_address_of_the_settings_wins():
    with TestClient(create_app(NoDatasets(), Settings(public_url="https://ocean.example.org"))) as client:
        text = generated(client, PROFILE, "curl", **{"x-forwarded-host": "elsewhere"}).text
    assert "'https://ocean.example.org/api/v2.0/plot/profile'" in text


@loop_over(
    ("asked", "status"),
    [
        ({"query": ""}, 400),
        ({"query": "{"}, 400),
        ({"query": "[1]"}, 400),
        ({"query": "[" * 5_000}, 400),
        ({"query": '{"a":' + "[" * 20 + "]" * 20 + "}"}, 400),
        ({"query": '{"a": NaN}'}, 400),
        ({"query": '{"a": "\\ud800"}'}, 400),
        ({"lang": "perl"}, 400),
        ({"lang": "Python"}, 400),
        ({"script_type": "pdf"}, 400),
        ({"plot_type": None}, 400),
        ({"plot_type": "pie"}, 404),
        ({"script_type": "subset"}, 400),
        ({"script_type": "subset", "query": '{"dataset_name":"a","variables":"b","x":{}}'}, 400),
        ({"script_type": "subset", "query": '{"dataset_name":"a","variables":"b","":1}'}, 400),
        ({"script_type": "subset", "query": '{"dataset_name":"a","variables":"b","a b":1}'}, 400),
        ({"script_type": "subset", "query": '{"dataset_name":1,"variables":"b"}'}, 400),
    ],
)
def test_wrong_questions_are_answered_with_problems(client, asked, status):
    given = {"query": json.dumps(PROFILE), "lang": "python", "script_type": "plot", "plot_type": "profile", **asked}
    response = client.get(AT, params={key: value for key, value in given.items() if value is not None})
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
