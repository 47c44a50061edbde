"""The writers by the value of `format`; the first is the default."""

from collections.abc import Mapping

from ocean_data.writing import FileWriter, StreamWriter
from ocean_data.writing.covjson import COVJSON, COVJSON_CRS84
from ocean_data.writing.geojson import GEOJSON
from ocean_data.writing.netcdf import NetCdf
from ocean_data.writing.table import Csv, Ndjson
from ocean_data.writing.values import JSON

FORMATS: Mapping[str, StreamWriter | FileWriter] = {
    "json": JSON,
    "csv": Csv(),
    "covjson": COVJSON,
    "covjson-crs84": COVJSON_CRS84,
    "netcdf": NetCdf(),
    "ndjson": Ndjson(),
    "geojson": GEOJSON,
}
