"""The docs hub, and the document of all services in one."""

from importlib.resources import files
from string import Template

from litestar import MediaType, get
from litestar.di import NamedDependency
from litestar.response import Redirect

from ocean_common.service import API
from ocean_gateway import __version__
from ocean_gateway.domain.hub import hub
from ocean_gateway.domain.merge import merge
from ocean_gateway.domain.ports import Document, Services

_PAGES = files("ocean_gateway") / "pages"
_HUB = Template((_PAGES / "hub.html").read_text("utf-8"))
_ALL = (_PAGES / "all.html").read_text("utf-8")


@get("/", sync_to_thread=False)
def start() -> Redirect:
    """Who comes without a path wants to know what there is."""
    return Redirect("/docs")


@get("/docs", media_type=MediaType.HTML)
async def docs(services: NamedDependency[Services]) -> str:
    """The page that leads to everything else."""
    return hub(_HUB, await services.all(), __version__)


@get("/docs/all", media_type=MediaType.HTML, sync_to_thread=False)
def docs_of_all() -> str:
    """Swagger UI of the merged document."""
    return _ALL


@get("/openapi.json")
async def document(services: NamedDependency[Services]) -> Document:
    """The documents of all services in one."""
    return merge(await services.all(), __version__)


@get("/plot/colormaps.png", sync_to_thread=False)
def colormaps() -> Redirect:
    """The web front end asks for this picture without the API's prefix."""
    return Redirect(f"{API}/plot/colormaps.png")
