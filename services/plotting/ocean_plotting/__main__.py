"""`python -m ocean_plotting`: serve pictures."""

if __name__ == "__main__":
    # Here, not above: every worker process imports this module, and needs none of it.
    from ocean_common.serve import serve
    from ocean_plotting.app import build
    from ocean_plotting.settings import Settings

    serve(Settings, build)
