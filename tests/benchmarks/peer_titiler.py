# mypy: ignore-errors
"""Serves tiles of files with titiler-xarray, which opens the file of an address for each tile."""

import sys

import uvicorn
from fastapi import FastAPI
from titiler.xarray.factory import TilerFactory
from titiler.xarray.io import FsReader

app = FastAPI()
app.include_router(TilerFactory(reader=FsReader).router)

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
