"""Edges that are easily lost: the decimal comma of a French picture."""

from ocean_common.i18n import get_translator
from ocean_plotting.figure.labels import LabelFormatter


def test_french_numbers_have_a_comma():
    labels = LabelFormatter(get_translator("fr", "ocean_plotting"))
    assert labels.number(-1.25) == "\N{MINUS SIGN}1,25"
    assert labels.number(3.5, 2) == "3,50"
    assert labels.number(1.25e-7) == "1,25\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}10⁻⁷"
