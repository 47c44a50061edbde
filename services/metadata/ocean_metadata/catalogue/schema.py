"""The tables of the catalogue. Where they change, a migration in `migrations/versions` says how."""

import sqlalchemy as sa

metadata = sa.MetaData()

Json = sa.JSON(none_as_null=True)


def _of_dataset() -> sa.Column[str]:
    return sa.Column("dataset", sa.Text, sa.ForeignKey("datasets.id", ondelete="CASCADE"), primary_key=True)


def _number() -> sa.Column[int]:
    return sa.Column("number", sa.Integer, primary_key=True, autoincrement=False)


catalogue = sa.Table(
    "catalogue",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),  # always 1
    sa.Column("revision", sa.Text, nullable=False),
)

datasets = sa.Table(
    "datasets",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("revision", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("quantum", sa.Text),
    sa.Column("help", sa.Text),
    sa.Column("attribution", sa.Text),
    sa.Column("model_class", sa.Text),
    sa.Column("group", sa.Text),
    sa.Column("subgroup", sa.Text),
    sa.Column("time_dim_units", sa.Text),
    sa.Column("default_location", Json),
    sa.Column("bounds", Json),
    sa.Column("time", sa.Integer),
    sa.Column("attributes", Json, nullable=False),  # global ones of the files
    sa.Column("translations", Json, nullable=False),  # of what the configuration says
)

files = sa.Table(
    "files",
    metadata,
    _of_dataset(),
    _number(),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("mtime_ns", sa.BigInteger, nullable=False),
)

problems = sa.Table(
    "problems",
    metadata,
    _of_dataset(),
    _number(),
    sa.Column("file", sa.Text),  # either a file or a variable
    sa.Column("variable", sa.Text),
    sa.Column("reason", sa.Text, nullable=False),
)

grids = sa.Table(
    "grids",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),  # hash of the coordinates: equal grids share
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("shape", Json, nullable=False),
    sa.Column("bounds", Json),
)

placements = sa.Table(
    "placements",
    metadata,
    _of_dataset(),
    _number(),
    sa.Column("grid", sa.Text, sa.ForeignKey("grids.id"), nullable=False),
    sa.Column("file", sa.Text, nullable=False),
    sa.Column("latitude", sa.Text),
    sa.Column("longitude", sa.Text),
    sa.Column("y_axis", sa.Text),
    sa.Column("x_axis", sa.Text),
    sa.Column("axis_factor", sa.Float, nullable=False),
    sa.Column("mapping", Json),
    sa.Column("connectivity", sa.Text),
    sa.Column("start_index", sa.Integer),
    sa.Column("corners_first", sa.Boolean, nullable=False),
    sa.Column("location", sa.Text, nullable=False),
    sa.Column("face_latitude", sa.Text),
    sa.Column("face_longitude", sa.Text),
    sa.Column("footprint", sa.Text),  # GeoJSON
)

depths = sa.Table(
    "depths",
    metadata,
    _of_dataset(),
    _number(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("values", Json, nullable=False),
)

times = sa.Table(
    "times",
    metadata,
    _of_dataset(),
    _number(),
    sa.Column("units", sa.Text, nullable=False),
    sa.Column("calendar", sa.Text, nullable=False),
    sa.Column("first", sa.BigInteger, nullable=False),  # s since 1970-01-01 UTC
    sa.Column("last", sa.BigInteger, nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
)

# One row for each time axis and file, its steps as packed numbers: a million steps are a few thousand rows.
time_steps = sa.Table(
    "time_steps",
    metadata,
    _of_dataset(),
    sa.Column("time", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("file", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("raw", sa.LargeBinary, nullable=False),
    sa.Column("seconds", sa.LargeBinary, nullable=False),
    sa.Column("position", sa.LargeBinary, nullable=False),
)

variables = sa.Table(
    "variables",
    metadata,
    _of_dataset(),
    _number(),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("units", sa.Text, nullable=False),
    sa.Column("scale", Json, nullable=False),
    sa.Column("standard_name", sa.Text),
    sa.Column("long_name", sa.Text),
    sa.Column("zero_centered", sa.Boolean, nullable=False),
    sa.Column("categories", Json, nullable=False),
    sa.Column("hidden", sa.Boolean, nullable=False),
    sa.Column("vector", sa.Boolean, nullable=False),
    sa.Column("interpolation", Json),
    sa.Column("attributes", Json, nullable=False),
    sa.Column("dimensions", Json, nullable=False),
    sa.Column("file", sa.Integer, nullable=False),
    sa.Column("grid", sa.Integer, nullable=False),
    sa.Column("depth", sa.Integer),
    sa.Column("time", sa.Integer),
    sa.Column("equation", sa.Text),
    sa.Column("components", Json, nullable=False),
    sa.Column("levels", Json),
    sa.Column("bathymetry", sa.Text),  # keys of variables of the dataset
    sa.Column("angle", Json, nullable=False),
    sa.Column("auxiliary", sa.Boolean, nullable=False),
    sa.Column("translations", Json, nullable=False),
    sa.UniqueConstraint("dataset", "key"),
)

# What was read of each file, so that an unchanged one costs a stat.
headers = sa.Table(
    "headers",
    metadata,
    sa.Column("path", sa.Text, primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("mtime_ns", sa.BigInteger, nullable=False),
    sa.Column("format", sa.Integer, nullable=False),  # of the two that follow
    sa.Column("header", sa.LargeBinary, nullable=False),  # MessagePack
    sa.Column("detail", sa.LargeBinary),
)

class4 = sa.Table(
    "class4",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),  # always 1
    sa.Column("revision", sa.Text, nullable=False),
)

class4_files = sa.Table(
    "class4_files",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),  # name without its ending
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("mtime_ns", sa.BigInteger, nullable=False),
    sa.Column("format", sa.Integer, nullable=False),  # of what follows, and of the profiles
    sa.Column("reason", sa.Text),  # why it cannot be served; then there is nothing of it
    sa.Column("about", sa.LargeBinary),  # MessagePack
    sa.Column("points", sa.LargeBinary),
)

# A profile holds all that a plot of it needs, so that no request opens a file.
class4_profiles = sa.Table(
    "class4_profiles",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("file", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("content", sa.LargeBinary, nullable=False),  # compressed MessagePack
    sa.ForeignKeyConstraint(["kind", "file"], ["class4_files.kind", "class4_files.id"], ondelete="CASCADE"),
)

# What happened, oldest first. Ids follow each other without gaps; the last ones are kept.
events = sa.Table(
    "events",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", sa.BigInteger, nullable=False),  # ms since 1970-01-01 UTC
    sa.Column("dataset", sa.Text, nullable=False),  # which may be gone
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("revision", sa.Text),
    sa.Column("count", sa.Integer, nullable=False),  # of new time steps
    sa.Column("first", sa.BigInteger),  # s since 1970-01-01 UTC
    sa.Column("last", sa.BigInteger),
)
