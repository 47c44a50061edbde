"""`python -m ocean_metadata`."""

from ocean_common.service import serve
from ocean_metadata.app import build
from ocean_metadata.settings import Settings

if __name__ == "__main__":
    serve(Settings, build)
