"""What neighbours ask, in MessagePack."""

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from ocean_common.contracts.assets import Assets, Revisions, VariableInfo, without_files
from ocean_metadata.catalogue import serializers as answers
from ocean_metadata.catalogue import store
from ocean_metadata.catalogue.encoded import Encoded
from ocean_metadata.ports import Catalogue

MESSAGEPACK = "application/x-msgpack"


@get("/revisions", media_type=MESSAGEPACK)
async def get_revisions(
    catalogue: NamedDependency[Catalogue], known: FromQuery[str] = "", dataset: FromQuery[str] = ""
) -> Revisions:
    """The revision of everything; without the list when the asker knows it."""
    now = catalogue.snapshot
    if dataset:
        now.dataset(dataset)
    return answers.revisions(now, known)


@get("/assets/{dataset:str}/{variable:str}")
async def get_assets(
    catalogue: NamedDependency[Catalogue],
    encoded: NamedDependency[Encoded],
    dataset: FromPath[str],
    variable: FromPath[str],
    *,
    files: FromQuery[bool] = True,
) -> Response[bytes]:
    """All that is needed to read a variable; without ``files``, what labels and maps need."""
    record, found, steps = await store.read_variable(catalogue, dataset, variable, answers.needed_axes)

    def make() -> Assets:
        assets = answers.assets(record, found, steps)
        return assets if files else without_files(assets)

    key = ("assets", dataset, variable, record.revision, files)
    return await encoded.answer(key, make, msgspec.msgpack.encode, MESSAGEPACK)


@get("/variables/{dataset:str}", media_type=MESSAGEPACK)
async def get_variables(catalogue: NamedDependency[Catalogue], dataset: FromPath[str]) -> list[VariableInfo]:
    """What each variable is that lists show, in the order of the configuration."""
    return answers.infos(catalogue.snapshot.dataset(dataset))
