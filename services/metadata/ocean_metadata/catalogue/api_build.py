"""Which build answers."""

from litestar import get
from litestar.di import NamedDependency

from ocean_common.contracts.metadata import GitInfo


@get("/git_info", operation_id="getGitInfo", summary="Which build answers", tags=["service"])
async def get_git_info(git: NamedDependency[GitInfo]) -> GitInfo:
    """Commit and tag, where the deployment told them."""
    return git
