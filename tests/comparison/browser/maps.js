// Web maps that read a running server: `node maps.js http://localhost:8080 folder`. Prints a line of JSON for each.
import { createRequire } from "node:module";
import { join } from "node:path";
import puppeteer from "puppeteer-core";

const [base, folder] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const path = (name) => require.resolve(name);

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
});

/** Open an empty page of 800 × 500 pixels at an address of the server, which is answered here, with scripts and styles. */
async function openPage(scripts, styles) {
  const page = await browser.newPage();
  await page.setViewport({ width: 800, height: 500 });
  const answers = [];
  page.on("response", (answer) => answers.push({ url: answer.url(), status: answer.status() }));
  await page.setRequestInterception(true);
  const body = '<!doctype html><body style="margin:0"><div id="map" style="width:800px;height:500px"></div></body>';
  page.on("request", (request) =>
    request.url() === `${base}/map.html` ? request.respond({ contentType: "text/html", body }) : request.continue(),
  );
  await page.goto(`${base}/map.html`);
  for (const name of styles) await page.addStyleTag({ path: path(name) });
  for (const name of scripts) await page.addScriptTag({ path: path(name) });
  return [page, answers];
}

async function report(name, page, answers, found) {
  await page.screenshot({ path: join(folder, `${name}.png`) });
  const failures = answers.filter(({ status }) => status >= 400 && status !== 404);
  console.log(JSON.stringify({ name, ...found, pictures: answers.length, failures: failures.length }));
  await page.close();
}

async function readLeaflet() {
  const scripts = ["leaflet/dist/leaflet.js", "iso8601-js-period/iso8601.js"];
  const own = "leaflet-timedimension/dist/leaflet.timedimension.src.js";
  const [page, answers] = await openPage([...scripts, own], ["leaflet/dist/leaflet.css"]);
  const found = await page.evaluate(async (address) => {
    const map = L.map("map", { timeDimension: true, center: [48, -42], zoom: 4 });
    const options = { layers: "giops_day/votemper", format: "image/png", transparent: true, version: "1.3.0" };
    const layer = L.tileLayer.wms(`${address}/wms/giops_day`, options);
    L.timeDimension.layer.wms(layer, { requestTimeFromCapabilities: true, wmsVersion: "1.3.0" }).addTo(map);
    const deadline = Date.now() + 20000;
    const times = () => map.timeDimension.getAvailableTimes();
    while (times().length < 10 && Date.now() < deadline) await new Promise((done) => setTimeout(done, 100));
    map.timeDimension.setCurrentTime(times()[3]);
    const tiles = () => [...document.querySelectorAll(".leaflet-tile-loaded")];
    const loaded = () => tiles().filter((tile) => tile.naturalWidth === 256 && /[?&]time=/i.test(tile.src));
    while (loaded().length < 4 && Date.now() < deadline) await new Promise((done) => setTimeout(done, 100));
    return { times: times().length, tiles: loaded().length };
  }, base);
  await report("Leaflet.TimeDimension (WMS)", page, answers.filter(({ url }) => /[?&]time=/i.test(url)), found);
}

async function readMapLibre() {
  const [page, answers] = await openPage(["maplibre-gl/dist/maplibre-gl.js"], ["maplibre-gl/dist/maplibre-gl.css"]);
  const found = await page.evaluate(async (address) => {
    const map = new maplibregl.Map({
      container: "map",
      style: { version: 8, sources: {}, layers: [] },
      center: [-42, 48],
      zoom: 3,
    });
    await new Promise((done) => map.once("load", done));
    map.addSource("sea", { type: "raster", tileSize: 256, url: `${address}/api/v2.0/tilejson/giops_day/votemper` });
    map.addLayer({ id: "sea", type: "raster", source: "sea" });
    await new Promise((done) => map.once("idle", done));
    return { loaded: map.areTilesLoaded() };
  }, base);
  await report("MapLibre (TileJSON)", page, answers.filter(({ url }) => url.includes("/tiles/")), found);
}

async function readOpenLayers() {
  const [page, answers] = await openPage(["ol/dist/ol.js"], ["ol/ol.css"]);
  const found = await page.evaluate(async (address) => {
    const text = await (await fetch(`${address}/wmts/giops_day/1.0.0/WMTSCapabilities.xml`)).text();
    const capabilities = new ol.format.WMTSCapabilities().read(text);
    const options = ol.source.WMTS.optionsFromCapabilities(capabilities, {
      layer: "giops_day/votemper",
      matrixSet: "EPSG:3857",
    });
    const source = new ol.source.WMTS(options);
    const view = new ol.View({ center: ol.proj.fromLonLat([-42, 48]), zoom: 3 });
    const map = new ol.Map({ target: "map", layers: [new ol.layer.Tile({ source })], view });
    await new Promise((done) => map.once("rendercomplete", done));
    return { dimensions: Object.keys(options.dimensions ?? {}).length };
  }, base);
  await report("OpenLayers (WMTS)", page, answers.filter(({ url }) => url.includes("/tiles/")), found);
}

try {
  for (const read of [readLeaflet, readMapLibre, readOpenLayers]) await read();
} finally {
  await browser.close();
}
