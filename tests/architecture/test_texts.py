"""Every text that a service says to callers is there in French."""

import ast
import re
from string import Formatter

import pytest
from tests.architecture.harvest import PACKAGES, ROOT, nodes, texts

from ocean_common import problems
from ocean_common.i18n import LANGUAGES, SOURCE, read_catalogue
from ocean_core.colour import COLORMAPS
from ocean_core.errors import field_names
from ocean_plotting.export import text as table_text

pytestmark = pytest.mark.xdist_group("architecture")  # what is parsed serves all

OTHERS = [each for each in LANGUAGES if each != SOURCE]
# The same in both languages, or a name.
ALIKE = {
    *("Variables", "Variable", "Licence"),
    *("Latitude", "Longitude", "Station", "{count} stations", "Distance", "Distance (km)", "Observations"),
    *("Attribution", "Direction", "Viridis", "Min", "Max", "maximum {value}"),
    *("latitude", "longitude"),
    *("Balance", "Mercator", "NEO SST", "Nitrate", "Phosphate", "Silicate"),
}
# Said by what a variable holds, so that no syntax tree shows them.
SAID = {
    "ocean_core": set(),
    "ocean_common": {status.phrase for status in problems.STATUS.values()},
    "ocean_metadata": {
        *("hour", "day", "month", "season", "year"),
        *(": {advice}", "ocean_predict and riops_obs", "{name} cannot be read: {error}"),
        *("{name} is not an index database: {error}", "{name}: {reason}"),
        # Reasons in a configuration, whose errors are for operators.
        *("its equation is invalid: {error}", "its url is an empty list"),
    },
    "ocean_data": {
        *("values", "east", "north", "x axis", "y axis", "latitude", "longitude"),
        # Of the libraries that read files and polygons.
        *("No such file or directory", "Permission denied", "Input/output error"),
        *("NetCDF: HDF error", "NetCDF: Unknown file format"),
        *("Self-intersection", "Ring Self-intersection", "Too few points in geometry component"),
    },
    "ocean_plotting": {
        *(name for name, _ in COLORMAPS.values()),
        *table_text.STATISTICS,
        *("hour", "day", "month"),  # steps of a track
        *("nothing", "{title}: {what}."),
    },
}


def known(package, language):
    return dict(read_catalogue("ocean_common", "messages", language)) | dict(
        read_catalogue(package, "messages", language)
    )


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("package", PACKAGES)
def test_every_text_is_translated(package, language):
    translations = known(package, language)
    result = texts(package) | dict.fromkeys(SAID[package], "said by what a variable holds")
    missing = {text: where for text, where in result.items() if text not in translations}
    assert not missing, "python tests/architecture/harvest.py adds them to the catalogues, to be translated"


@pytest.mark.parametrize("package", PACKAGES)
def test_the_harvest_finds_texts_wherever_they_are_put_together(package):
    expected = {
        "ocean_core": set(),
        "ocean_common": {
            "there is no parameter {name!r}; {suggestion}",
            "did you mean {name}",
            "the parameter '{name}' is required",
        },
        "ocean_metadata": {"; did you mean {name!r}?", "its time axis is empty", "Bottom", "metres of a pixel"},
        # Of errors that another module makes, of lists of reasons, and of what would fit instead.
        "ocean_data": {
            "{name} has times, and {key} has none",
            "the OPeNDAP server does not answer",
            "time steps",
            "{box}, or stride={stride}, or fewer time steps,",
        },
        # Of what is said through a sheet, and of one word alone.
        "ocean_plotting": {"no data", "{begin} to {end}", "bottom", "latitude, -90 to 90", "no salinity"},
    }
    assert expected[package] <= set(texts(package))


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("domain", ["messages", "quantities"])
@pytest.mark.parametrize("package", PACKAGES)
def test_translations_have_the_values_of_their_texts_and_other_words(package, domain, language):
    for english, text in read_catalogue(package, domain, language).items():
        if '{"' in english:  # without values: the braces are text
            continue
        assert sorted(field_names(text)) == sorted(field_names(english)), english
        assert text != english or english in ALIKE or domain == "quantities", english
        assert not any(spec for _, _, spec, _ in Formatter().parse(text)), english


@pytest.mark.parametrize("package", PACKAGES)
def test_no_two_values_stand_side_by_side(package):
    # Nobody could tell where one ends and the next begins; what is quoted has an end.
    assert not [text for text in texts(package) if re.search(r"(?<!!r)\}\{(?!\{)", text.replace("}}", ""))]


@pytest.mark.parametrize("language", OTHERS)
def test_quantities_are_stored_in_lower_case_for_searches(language):
    catalogue = read_catalogue("ocean_common", "quantities", language)
    assert [english for english in catalogue if english != english.lower()] == []
    standard = [english for english in catalogue if "_" in english]
    assert len(standard) > 500


# The common catalogue has the framework's texts too.
@pytest.mark.parametrize("package", sorted(set(PACKAGES) - {"ocean_common", "ocean_core"}))
def test_catalogues_keep_nothing_that_nobody_says(package):
    assert set(read_catalogue(package, "messages", "fr")) <= set(texts(package)) | SAID[package]


def test_texts_that_are_values_of_messages_are_messages_themselves():
    """Find texts of the catalogues that stand neither in a call nor in a table of translated names."""
    tables = ("export/text.py", "ocean_core/colour.py")
    stray = []
    for package, folder in PACKAGES.items():
        ids = {text for text in read_catalogue(package, "messages", "fr") if " " in text}
        for path in sorted(folder.rglob("*.py")):
            called = {id(call.args[0]) for call in nodes(path) if isinstance(call, ast.Call) and call.args}
            called |= {id(statement.value) for statement in nodes(path) if isinstance(statement, ast.Expr)}
            constants = (node for node in nodes(path) if isinstance(node, ast.Constant) and node.value in ids)
            relative = path.relative_to(ROOT).as_posix()
            if not relative.endswith(tables):
                stray += [f"{relative}:{node.lineno} {node.value}" for node in constants if id(node) not in called]
    known = {"the description ends early", "the object storage does not answer"}  # wrapped where they are raised
    known.add("it is no Icechunk repository, or does not answer")
    assert not [text for text in stray if text.split(" ", 1)[1] not in known]
