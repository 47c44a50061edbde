"""The table of sample files in the documentation."""

import importlib.util
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def sample_files():
    spec = importlib.util.spec_from_file_location("sample_files", DOCS / "sample_files.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.ci
def test_the_table_of_the_sample_data_is_up_to_date(sample_files):
    shipped = sample_files.PAGE.read_text("utf-8").partition(sample_files.SHIPPED)[2]
    shipped = shipped.partition(sample_files.OTHERS)[0]
    assert shipped == sample_files.make_table(sample_files.SAMPLES), "python docs/sample_files.py writes it anew"


def test_nothing_in_the_table_is_of_1970(sample_files):
    assert "1970-" not in sample_files.PAGE.read_text("utf-8")
