# mypy: ignore-errors
"""The functions behind Flask, served by gunicorn; evidence.py starts it."""

import os

from evidence_work import MODE, create_pool, draw_in_worker, open_work
from flask import Flask, Response, jsonify

app = Flask(__name__)
work = open_work()
pool = create_pool() if os.environ[MODE] == "pool" else None


@app.get("/empty")
def get_nothing():
    """Answer as little as there is."""
    return jsonify(status="ok")


@app.get("/datasets")
def get_datasets():
    """List the datasets."""
    return Response(work.list_datasets(), mimetype="application/json")


@app.get("/tile/<int:step>/<int:zoom>/<int:x>/<int:y>")
def get_tile(step, zoom, x, y):
    """Draw a tile."""
    return Response(work.draw_tile(step, zoom, x, y), mimetype="image/png")


@app.get("/plot/<int:number>")
def get_plot(number):
    """Draw a plot: here, or in the pool."""
    picture = pool.submit(draw_in_worker, number).result() if pool else work.draw_plot(number)
    return Response(picture, mimetype="image/png")


@app.get("/buffered/<last>")
def get_buffered(last):
    """Answer a subset that is made as a whole first."""
    return Response(b"".join(work.write_subset(last)), mimetype="text/csv")


@app.get("/streamed/<last>")
def get_streamed(last):
    """Answer a subset while it is made."""
    return Response(work.write_subset(last), mimetype="text/csv")
