"""CSV (RFC 4180): one header row with units in the names, one row per time and depth."""

import csv
import io
import re

from ocean_common.contracts.data import PointValues

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


class Csv:
    """Writes tables as CSV."""

    media_type = "text/csv; header=present"  # the charset is told by whoever sends it

    def table(self, answer: PointValues, kind: str) -> tuple[bytes, str]:
        text = io.StringIO()
        rows = csv.writer(text)
        named = f"{answer.name} ({answer.units})" if answer.units else answer.name
        rows.writerow(["time", "latitude (degrees_north)", "longitude (degrees_east)", "depth (m)", named])
        for time, values in zip(answer.times or [""], answer.values, strict=True):
            for depth, value in zip(answer.depths, values, strict=True):
                rows.writerow([time, answer.latitude, answer.longitude, _text(depth), _text(value)])
        name = _UNSAFE.sub("_", f"{answer.dataset}_{answer.variable}_{kind}")
        return text.getvalue().encode(), f"{name}.csv"


def _text(value: float | None) -> str:
    return "" if value is None else repr(value)
