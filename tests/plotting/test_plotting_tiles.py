"""Tiles over HTTP: what is asked, what is kept, what is refused."""

import asyncio
import io
import time

import httpx
import numpy as np
import pytest
from PIL import Image
from tests.looping import loop_over
from tests.plotting.fakes import block_field

from ocean_core.errors import ServiceUnavailable
from ocean_plotting.tiles.ahead import IdleQueue

TILE = "/tiles/arctic/votemper/1/0/4/8/3"


def pixels(response):
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "image/png"
    return np.asarray(Image.open(io.BytesIO(response.content)).convert("RGBA"))


def test_the_tile_request_of_the_front_end_is_answered(client, numbers):
    how = "projection=EPSG:3857&scale=-5,30&interp=inverse&radius=50&neighbours=7"
    assert pixels(client.get(f"{TILE}?{how}")).shape == (256, 256, 4)
    requests = numbers.tiles[0]
    assert (requests.dataset, requests.variable, requests.time, requests.depth) == ("arctic", "votemper", "1", "0")
    assert (requests.zoom, requests.x, requests.y, requests.projection) == (4, 8, 3, "EPSG:3857")
    assert (requests.interpolation, requests.radius, requests.neighbours) == ("inverse", 50, 7)


def test_without_a_scale_the_variable_s_own_is_used(client):
    assert (pixels(client.get(TILE)) == pixels(client.get(f"{TILE}?scale=-2,10"))).all()


def test_another_scale_or_colormap_costs_no_question(client, numbers):
    plain = pixels(client.get(TILE))
    for how in ("scale=0,5", "scale=1.5000,22.2500", "colormap=ice"):
        assert (pixels(client.get(f"{TILE}?{how}")) != plain).any()
    assert len(numbers.tiles) == 1


def test_a_new_revision_is_requested_again(client, numbers, catalogue):
    client.get(TILE)
    catalogue.now = numbers.revision = "r2"
    client.get(TILE)
    assert len(numbers.tiles) == 2


def test_a_field_of_another_revision_is_neither_stored_nor_tagged(client, numbers, catalogue):
    catalogue.now = "r2"  # the data service has not seen it yet
    first = client.get(TILE)
    assert first.headers["cache-control"] == "no-cache"
    numbers.revision = "r2"
    second = client.get(TILE)
    assert len(numbers.tiles) == 2
    assert "max-age" in second.headers["cache-control"]


def test_a_client_with_the_revision_gets_304_before_any_request(client, numbers):
    tag = client.get(TILE).headers["etag"]
    again = client.get(TILE, headers={"if-none-match": tag, "cache-control": "no-cache"})
    assert (again.status_code, again.content) == (304, b"")
    assert "immutable" in client.get(f"{TILE}?rev=r1").headers["cache-control"]


def test_a_tile_without_data_is_transparent(client):
    assert not pixels(client.get("/tiles/arctic/votemper/1/0/4/0/3")).any()


@pytest.mark.parametrize("tile", ["2/-1/0?projection=EPSG:32661", "3/2/8?projection=EPSG:3031"])
def test_a_tile_outside_the_square_of_a_polar_view_is_blank_without_a_request(client, numbers, tile):
    assert not pixels(client.get(f"/tiles/arctic/votemper/1/0/{tile}")).any()
    assert not numbers.tiles


def test_a_tile_far_from_the_grid_is_blank_without_a_request(client, catalogue, numbers):
    catalogue.bounds = (0.0, 60.0, 40.0, 85.0)
    far, near = client.get("/tiles/arctic/votemper,vosaline/1/0/4/2/3"), client.get(TILE)
    assert not pixels(far).any()
    assert "max-age" in far.headers["cache-control"]
    assert pixels(near).any()
    assert len(numbers.tiles) == 1
    assert client.get("/tiles/arctic/nope/1/0/4/2/3").status_code == 404


BROWSER = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"


@loop_over(
    ("accept", "media_type"),
    [
        ("image/webp", "image/webp"),
        ("image/webp,image/png;q=0.9", "image/webp"),
        ("text/html,image/webp,*/*;q=0.8", "image/webp"),
        ("image/png,image/webp", "image/png"),
        (BROWSER, "image/png"),
        ("*/*", "image/png"),
        ("image/*;q=0.5, image/webp;q=0.1", "image/png"),
        ("image/webp;q=nonsense", "image/png"),
        ("text/html", "image/png"),
    ],
)
def test_a_tile_is_webp_where_that_is_liked_better_and_png_otherwise(client, accept, media_type):
    response = client.get(TILE, headers={"accept": accept})
    assert (response.status_code, response.headers["content-type"]) == (200, media_type)
    assert "accept" in response.headers["vary"].lower()


def test_both_formats_have_the_same_pixels_and_tags_of_their_own(client, numbers):
    png, webp = client.get(TILE), client.get(TILE, headers={"accept": "image/webp"})
    assert (pixels(png) == np.asarray(Image.open(io.BytesIO(webp.content)).convert("RGBA"))).all()
    assert png.headers["etag"] != webp.headers["etag"]
    assert len(numbers.tiles) == 1
    again = client.get(TILE, headers={"accept": "image/webp", "if-none-match": webp.headers["etag"]})
    assert (again.status_code, again.headers["vary"]) == (304, "accept")
    assert client.get(TILE, headers={"if-none-match": webp.headers["etag"]}).status_code == 200


def test_categories_are_painted_in_their_own_colours_and_have_no_scale(client):
    item, other = (pixels(client.get(f"/tiles/arctic/kind/1/0/4/8/3?scale={scale}")) for scale in ("0,1", "-9,99"))
    assert (item == other).all()
    assert len(np.unique(item[item[..., 3] > 0], axis=0)) == 3


def test_a_vector_is_requested_with_both_components(client, numbers):
    assert pixels(client.get("/tiles/arctic/u,v/1/0/4/8/3")).any()
    assert numbers.tiles[0].variable == "u,v"


@loop_over(
    ("path", "status", "field", "words"),
    [
        ("/tiles/arctic/votemper/1/0/99/8/3", 404, "zoom", "0 to 24"),
        ("/tiles/arctic/votemper/1/0/4/16/3", 404, "x", "0 to 15"),
        ("/tiles/arctic/votemper/1/0/4/8/-1", 404, "y", "0 to 15"),
        ("/tiles/nowhere/votemper/1/0/4/8/3", 404, "dataset", "/datasets"),
        (f"{TILE}?scale=nan,3", 400, "scale", "-5,30"),
        (f"{TILE}?scale=-5,30,auto", 400, "scale", "-5,30"),
        (f"{TILE}?colormap=nope", 400, "colormap", "/plot/colormaps"),
        ("/tiles/arctic/votemper/1/0/2/9/9?projection=EPSG:3031&colormap=nope", 400, "colormap", "/plot/colormaps"),
        (f"{TILE}?interp=nope", 400, "interp", "gaussian"),
        (f"{TILE}?projection=EPSG:1", 400, "projection", "EPSG:3857"),
        ("/tiles/arctic/votemper,/1/0/4/8/3", 400, "variable", "u,v"),
        ("/tiles/arctic/u,v,w/1/0/4/8/3", 400, "variable", "u,v"),
        ("/tiles/arctic/votemper/1/0/25/8/3", 404, "zoom", "0 to 24"),
        (f"{TILE}?radius=0", 400, "radius", "> 0"),
        (f"{TILE}?radius=501", 400, "radius", "500"),
        (f"{TILE}?neighbours=51", 400, "neighbours", "50"),
        (f"{TILE}?neighbours=nan", 400, "neighbours", "int"),
    ],
)
def test_a_wrong_tile_is_refused_with_what_works(client, path, status, field, words):
    response = client.get(path)
    problem = response.json()
    assert (response.status_code, problem["errors"][0]["field"]) == (status, field), problem
    assert words in response.text


@pytest.mark.anyio
async def test_equal_requests_at_once_are_done_once_and_none_is_refused(app, numbers):
    numbers.gate, numbers.many = asyncio.Event(), asyncio.Event()
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://plotting/api/v2.0") as client:
        paths = [f"/tiles/arctic/votemper/1/0/5/{x}/3" for x in range(1, 31) for _ in range(4)]
        requests = [asyncio.create_task(client.get(path)) for path in paths]
        await asyncio.wait_for(numbers.many.wait(), 30)
        assert len(numbers.tiles) == 16  # the others wait for their turn
        numbers.gate.set()
        answers = await asyncio.gather(*requests)
    assert {answer.status_code for answer in answers} == {200}
    assert len(numbers.tiles) == 30


LEVEL = "/tiles/arctic/votemper/1/0/4"


def test_tiles_of_one_block_are_cut_out_of_one_answer(client, numbers):
    numbers.blocks = True
    for x, y in ((8, 4), (9, 4), (8, 5), (11, 7)):
        tile = pixels(client.get(f"{LEVEL}/{x}/{y}?interp=nearest"))
        cells = np.isfinite(block_field()[16 * (y - 4) : 16 * (y - 3), 16 * (x - 8) : 16 * (x - 7)])
        assert (tile[..., 3] > 0).tolist() == cells.repeat(16, axis=0).repeat(16, axis=1).tolist()
    assert [(asked.x, asked.y, asked.block) for asked in numbers.tiles] == [(8, 4, 4)]
    client.get(f"{LEVEL}/12/4?interp=nearest")
    client.get(f"{LEVEL}/8/4?interp=gaussian")
    assert [(asked.x, asked.block) for asked in numbers.tiles[1:]] == [(12, 4), (8, 1)]


def test_a_block_with_every_pixel_of_its_own_is_cut_as_well(client, numbers):
    values = np.full((512, 512), np.nan, np.float32)
    values[256:, :256] = 3.0
    numbers.block_values = values
    for x, y in ((8, 4), (9, 4), (8, 5), (9, 5)):
        tile = pixels(client.get(f"{LEVEL}/{x}/{y}?interp=bilinear"))
        assert (tile[..., 3] > 0).all() == ((x, y) == (8, 5))
    assert [(asked.x, asked.y, asked.block) for asked in numbers.tiles] == [(8, 4, 2)]


def test_a_data_service_without_blocks_is_asked_for_each_tile_once(client, numbers):
    first, second = (client.get(f"{LEVEL}/{x}/4?interp=nearest").content for x in (8, 0))
    assert first != second
    assert client.get(f"{LEVEL}/8/4?interp=nearest&scale=0,5").status_code == 200
    client.get(f"{LEVEL}/9/4?interp=nearest")
    assert [(asked.x, asked.block) for asked in numbers.tiles] == [(8, 4), (0, 1), (9, 1)]


@pytest.mark.anyio
@pytest.mark.parametrize("blocks", [True, False])
async def test_tiles_of_one_block_at_the_same_time_are_each_their_own(app, numbers, blocks):
    numbers.blocks, numbers.gate = blocks, asyncio.Event()
    numbers.many, numbers.how_many = asyncio.Event(), 1
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://plotting/api/v2.0") as http:
        answers = [asyncio.create_task(http.get(f"{LEVEL}/{x}/3?interp=nearest")) for x in (0, 1, 2, 3)]
        await asyncio.wait_for(numbers.many.wait(), 30)
        numbers.gate.set()
        tiles = [pixels(await answer) for answer in answers]
    if blocks:
        assert len(numbers.tiles) == 1
        assert len({tile.tobytes() for tile in tiles}) == 4
    else:
        assert (numbers.tiles[0].x, numbers.tiles[0].block) == (0, 4)
        assert sorted((asked.x, asked.block) for asked in numbers.tiles[1:]) == [(1, 1), (2, 1), (3, 1)]
        assert [bool(tile.any()) for tile in tiles] == [False, True, True, True]


def test_the_tile_of_the_next_time_step_is_prepared_while_nothing_is_asked(client, numbers):
    numbers.following = {"1": "2", "2": ""}
    client.get(TILE)
    deadline = time.monotonic() + 30
    while len(numbers.tiles) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert [asked.time for asked in numbers.tiles] == ["1", "2"]
    later = client.get(TILE.replace("/1/0/", "/2/0/"))
    assert later.status_code == 200
    assert len(numbers.tiles) == 2  # it was there


@pytest.mark.anyio
async def test_work_for_idle_moments_waits_for_requests_and_the_latest_comes_first():
    queue, done, complete = IdleQueue(3), [], asyncio.Event()

    def piece(name):
        async def work():
            done.append(name)
            if name == "c":
                raise ServiceUnavailable("the data service does not answer")
            if len(done) == 3:
                complete.set()

        return work

    async with queue.task:
        with queue.request():
            for name in ("dropped", "a", "b", "c"):
                queue.add(name, piece(name))
            await asyncio.sleep(0)
            assert done == []
        queue.add("a", piece("d"))
        await asyncio.wait_for(complete.wait(), 30)
    assert done == ["d", "c", "b"]
