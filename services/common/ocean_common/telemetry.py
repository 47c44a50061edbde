"""Request ids, trace context, logs and metrics: what is seen of a service from outside."""

import logging
import re
import secrets
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from functools import lru_cache
from time import perf_counter
from typing import Literal

import msgspec
import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.process_collector import ProcessCollector

REQUEST_ID = "x-request-id"
TRACE_PARENT = "traceparent"
QUIET = ("/health/", "/metrics")  # requested every second: not worth a line each

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_TRACE = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})")
current_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)  # of that which is answered
_trace: ContextVar[tuple[str, str] | None] = ContextVar("trace", default=None)  # trace id, flags

_log = structlog.get_logger("ocean.access")


def outgoing_headers() -> dict[str, str]:
    """Return the headers that tell a neighbour whose request it answers (W3C Trace Context, level 1)."""
    headers = {}
    if (request_id := current_request_id.get()) is not None:
        headers[REQUEST_ID] = request_id
    if (trace := _trace.get()) is not None:
        headers[TRACE_PARENT] = f"00-{trace[0]}-{secrets.token_hex(8)}-{trace[1]}"
    return headers


class _Lines:
    """Logger of structlog that writes to standard error."""

    def __init__(self, name: str = "ocean") -> None:
        self.name = name

    def info(self, line: str) -> None:
        sys.stderr.write(f"{line}\n")

    debug = warning = error = critical = info


def configure_logs(level: str, form: Literal["json", "text"]) -> None:
    """Write each record as one line on standard error, those of libraries included."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    render: structlog.types.Processor = (
        structlog.processors.JSONRenderer(
            lambda record, default: msgspec.json.encode(record, enc_hook=default).decode()
        )
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    # A line for every request: our own go straight to standard error, without the loggers of the standard library.
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_Lines,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for chatty in ("httpx", "httpcore"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


class Metrics:
    """Counters of one service. Routes are labelled by their template: a map has a million tiles."""

    def __init__(self, service: str) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        labels = ("service", "method", "route", "status")
        self._service = service
        requests = Counter("ocean_requests", "Requests answered", labels, registry=self.registry)
        seconds = Histogram(
            "ocean_request_seconds",
            "Time from request to last byte",
            labels[:3],
            registry=self.registry,
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
        )
        # Of these labels there are few, and to look them up takes longer than to count.
        self._count, self._time = lru_cache(None)(requests.labels), lru_cache(None)(seconds.labels)

    def record(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        self._count(self._service, method, route, status).inc()
        self._time(self._service, method, route).observe(seconds)


class Telemetry:
    """ASGI layer that gives each request its id and trace, and each response ``headers``, a log line and a count."""

    def __init__(self, app: ASGIApp, metrics: Metrics, headers: Mapping[str, str]) -> None:
        self.app, self.metrics = app, metrics
        self.headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        method = scope["method"]  # before the layers within answer HEAD as GET
        request_id = _begin(dict(scope["headers"]))
        response = {"status": 500, "bytes": 0}

        async def count(message: Message) -> None:
            if message["type"] == "http.response.start":
                response["status"] = int(message["status"])
                message["headers"] = [*message["headers"], *self.headers, (REQUEST_ID.encode(), request_id.encode())]
            elif message["type"] == "http.response.body":
                response["bytes"] += len(message["body"])
            await send(message)

        started = perf_counter()
        try:
            await self.app(scope, receive, count)
        finally:
            seconds, route = perf_counter() - started, scope.get("path_template") or "unmatched"
            self.metrics.record(method, route, response["status"], seconds)
            if not scope["path"].startswith(QUIET):
                ms = round(seconds * 1000, 2)
                _log.info("request", method=method, path=scope["path"], route=route, ms=ms, **response)


def _begin(headers: Mapping[bytes, bytes]) -> str:
    """Take the request's id and trace from its headers, or give it new ones."""
    sent = headers.get(REQUEST_ID.encode(), b"").decode("latin-1")
    request_id = sent if _ID.fullmatch(sent) else secrets.token_hex(8)
    traced = _TRACE.fullmatch(headers.get(TRACE_PARENT.encode(), b"").decode("latin-1"))
    trace = (traced[1], traced[2]) if traced else (secrets.token_hex(16), "00")
    current_request_id.set(request_id)
    _trace.set(trace)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=request_id, trace_id=trace[0])
    return request_id
