"""Look at the files now: for operators."""

import hmac
from typing import Any

from litestar import Request, post
from litestar.di import NamedDependency

from ocean_common.contracts.events import Refreshed
from ocean_common.docs import OPERATORS
from ocean_common.errors import NotFound, NotSupported, ServiceUnavailable, Unauthorized
from ocean_common.problems import documented
from ocean_common.strict import known_only
from ocean_metadata.catalogue.token import Token
from ocean_metadata.ports import Refresher


@post(
    "/datasets/refresh",
    operation_id="refreshDatasets",
    summary="Look at the files now",
    tags=["events"],
    status_code=202,
    response_description="What was found, as far as the files were looked at by now",
    security=[{OPERATORS: []}],
    before_request=known_only,
    responses=documented(NotFound, Unauthorized, NotSupported, ServiceUnavailable),
)
async def refresh_datasets(
    request: Request[Any, Any, Any], refresher: NamedDependency[Refresher], token: NamedDependency[Token]
) -> Refreshed:
    """Follows what was added, changed and removed at once, and tells what was found.

    Files are watched anyway: this is for those who do not want to wait some seconds, and for services that do not
    watch. The token is the setting `OCEAN_METADATA_TOKEN`; without it, nobody may.
    """
    _check(request.headers.get("authorization", ""), token.secret)
    return await refresher.refresh()


def _check(header: str, secret: str | None) -> None:
    if secret is None:
        raise NotFound("this service has no OCEAN_METADATA_TOKEN, so nobody may refresh its datasets")
    scheme, _, told = header.partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(told.strip().encode(), secret.encode()):
        raise Unauthorized("send the token of this service's operators: Authorization: Bearer …")
