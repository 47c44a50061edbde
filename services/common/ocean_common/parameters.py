"""Path parameters that all services read the same way."""

from typing import Annotated

from litestar.openapi.spec import Example
from litestar.params import PathParameter

DatasetId = Annotated[
    str,
    PathParameter(
        description="Id of a dataset, as listed by `/api/v2.0/datasets`. Case matters.",
        examples=[Example(summary="the Arctic model of the sample data", value="giops_day")],
    ),
]
VariableKey = Annotated[
    str,
    PathParameter(
        description="Key of a variable, as listed by `/api/v2.0/dataset/{dataset}/variables`.",
        examples=[Example(summary="sea water potential temperature", value="votemper")],
    ),
]
