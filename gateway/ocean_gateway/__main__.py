"""Run the gateway's app: `python -m ocean_gateway`."""

from ocean_common.service import serve
from ocean_gateway.app import build
from ocean_gateway.settings import Settings

if __name__ == "__main__":
    serve(Settings, build)
