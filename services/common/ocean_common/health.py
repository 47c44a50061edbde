"""Live: the process answers. Ready: it can do its own job. Degraded: a neighbour is away (still 200)."""

from collections.abc import Awaitable, Callable

from litestar import Response, Router, get
from prometheus_client import generate_latest

from ocean_common.contracts.health import Health, Status
from ocean_common.telemetry import Metrics

PROMETHEUS = "text/plain; version=0.0.4"  # Litestar adds the charset


class Readiness:
    """What a service finds out about itself: why it cannot work, and what it has to do without."""

    def __init__(
        self,
        unready: Callable[[], Awaitable[list[str]]] | None = None,
        degraded: Callable[[], Awaitable[list[str]]] | None = None,
    ) -> None:
        self._unready = unready
        self._degraded = degraded

    async def reasons(self) -> tuple[list[str], list[str]]:
        """Why it is unready, and why it is degraded."""
        unready = await self._unready() if self._unready else []
        degraded = await self._degraded() if self._degraded else []
        return unready, degraded


def health_router(service: str, version: str, readiness: Readiness, metrics: Metrics) -> Router:
    """The routes that operators and load balancers ask."""

    @get("/health/live")
    async def live() -> Health:
        """The process answers."""
        return Health(status="live", service=service, version=version)

    @get("/health/ready")
    async def ready() -> Response[Health]:
        """The service can do its own job."""
        unready, degraded = await readiness.reasons()
        status: Status = "unready" if unready else "degraded" if degraded else "ready"
        health = Health(status=status, service=service, version=version, reasons=unready + degraded)
        return Response(health, status_code=503 if unready else 200)

    @get("/metrics")
    async def measured() -> Response[bytes]:
        """What Prometheus reads."""
        return Response(generate_latest(metrics.registry), media_type=PROMETHEUS)

    return Router("/", route_handlers=[live, ready, measured], include_in_schema=False)
