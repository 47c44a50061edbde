"""Serve pictures: `python -m ocean_plotting`."""

if __name__ == "__main__":
    # Imported here, since every worker process imports this module and needs none of it.
    from ocean_common.service import serve
    from ocean_plotting.app import build
    from ocean_plotting.settings import Settings

    serve(Settings, build)
