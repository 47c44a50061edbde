"""`python -m ocean_data`: serve."""

from ocean_common.service import serve
from ocean_data.app import build
from ocean_data.settings import Settings

if __name__ == "__main__":
    serve(Settings, build)
