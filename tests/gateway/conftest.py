"""The real Traefik over the real gateway files, with stand-ins for the services."""

import os
import shutil
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from stack.files import copy_configuration
from stack.options import free_ports

SERVICES = ("metadata", "data", "plotting")
TEXT = b'{"sample": "' + 4000 * b"sea " + b'"}'


class Echo(BaseHTTPRequestHandler):
    """Tells what arrived in its headers; answers as the request asks it to."""

    protocol_version = "HTTP/1.1"

    def answer(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.received.append(self.command)
        if self.server.stopped:  # a kept connection to a service that is dead
            self.close_connection = True
            return
        status = int(self.headers.get("want-status", "200"))
        body = self.headers.get("want-body", "").encode() or TEXT
        self.send_response(status)
        self.send_header("content-type", self.headers.get("want-type", "application/json"))
        self.send_header("content-length", str(len(body)))
        self.send_header("reached", self.server.name)
        self.send_header("raw", self.path.encode("latin-1", "replace").decode("latin-1"))
        self.send_header("told", self.headers.get("x-ocean-service", ""))
        self.send_header("etag", 'W/"1"')
        self.send_header("vary", "accept")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = answer  # noqa: N815  # the base class names them

    def log_message(self, *_):
        pass


class StandIn:
    """One service that is not there."""

    def __init__(self, name, port, host="127.0.0.1"):
        self.name, self.address, self.server, self.received = name, (host, port), None, []

    def start(self):
        self.server = ThreadingHTTPServer(self.address, Echo)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # Traefik leaves in the middle when it is stopped
        self.server.name, self.server.received, self.server.stopped = self.name, self.received, False
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}).start()

    def stop(self):
        if self.server:
            self.server.stopped = True
            self.server.shutdown()
            self.server.server_close()
            self.server = None


class Gateway:
    """The gateway and its stand-ins."""

    def __init__(self, http, stand_ins, urls, log):
        self.http, self.stand_ins, self.urls, self.log = http, stand_ins, urls, log

    def __getattr__(self, method):
        return getattr(self.http, method)


def until(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return result


def answers(http, path):
    try:
        return http.get(path).is_success
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with run_gateway(tmp_path_factory.mktemp("gateway"), {name: [name] for name in SERVICES}) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def gateway_of_pairs(tmp_path_factory):
    """Two instances of each service."""
    pairs = {name: [f"{name}-1", f"{name}-2"] for name in SERVICES}
    with run_gateway(tmp_path_factory.mktemp("gateway"), pairs) as gateway:
        yield gateway


@contextmanager
def run_gateway(folder, instances, **other_urls):
    """Traefik and the gateway's own app before stand-ins for the instances of each service, or at other addresses."""
    stand_in_names = [name for names in instances.values() for name in names]
    names = (*stand_in_names, "gateway", "web", "websecure", "admin", "metrics")
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    addresses = {name: f"127.0.0.1:{port}" for name, port in ports.items()}
    stand_ins = {name: StandIn(name, ports[name]) for name in stand_in_names}
    for item in stand_ins.values():
        item.start()
    services = {**instances, "gateway": ["gateway"]}
    urls = {
        f"{service.upper()}_URL": ",".join(f"http://{addresses[name]}" for name in names)
        for service, names in services.items()
    } | other_urls
    own = {"OCEAN_GATEWAY_PORT": str(ports["gateway"])} | {
        f"OCEAN_GATEWAY_{key}": url for key, url in urls.items() if key != "GATEWAY_URL"
    }
    traefik = shutil.which("traefik", path=str(Path(sys.executable).parent)) or "traefik"
    log = folder / "traefik.log"
    with log.open("wb") as out:
        processes = [
            subprocess.Popen([sys.executable, "-m", "ocean_gateway"], env={**os.environ, **own}, stderr=out),
            subprocess.Popen(
                [traefik, f"--configFile={copy_configuration(folder, addresses)}"],
                env={**os.environ, **urls},
                stdout=out,
                stderr=out,
            ),
        ]
    try:
        with httpx.Client(base_url=f"http://{addresses['web']}") as http:
            until(lambda: answers(http, "/docs") and answers(http, "/api/v2.0/datasets"))
            yield Gateway(http, stand_ins, {name: f"http://{item}" for name, item in addresses.items()}, log)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(20)
        for item in stand_ins.values():
            item.stop()
