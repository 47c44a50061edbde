"""Add layers of a running server to QGIS and draw them; run by the Python of QGIS (Debian: python3-qgis).

`QT_QPA_PLATFORM=offscreen python3 tests/comparison/qgis_layers.py http://localhost:8080 folder` prints a line of JSON
for each layer.
"""

import json
import sys
from pathlib import Path

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsDateTimeRange,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsRasterLayer,
    QgsRectangle,
)
from qgis.PyQt.QtCore import QDateTime, QSize, Qt

LAYER = "giops_day/votemper"


def list_layers(base: str) -> "dict[str, str]":
    """Return the addresses of layers as QGIS writes them, by names."""
    wms = f"crs=EPSG:4326&dpiMode=7&format=image/png&layers={LAYER}&styles&url={base}/wms/giops_day"
    times = "type=wmst&allowTemporalUpdates=true&temporalSource=provider&timeDimensionExtent=2016-07-01/2016-07-10/P1D"
    wmts = (
        f"crs=EPSG:3857&format=image/png&layers={LAYER}&styles=thermal&tileMatrixSet=EPSG:3857"
        f"&tileDimensions=time%3D2016-07-03T12:00:00Z;level%3D0&url={base}/wmts/giops_day/1.0.0/WMTSCapabilities.xml"
    )
    return {"QGIS (WMS)": wms, "QGIS (WMS-T)": f"{wms}&{times}", "QGIS (WMTS)": wmts}


def draw_layer(layer: QgsRasterLayer, file: Path) -> int:
    """Draw the North Atlantic on 3 July 2016; return the number of colours."""
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
    settings.setExtent(QgsRectangle(-78, 32, -10, 66))
    settings.setOutputSize(QSize(600, 300))
    day = QDateTime.fromString("2016-07-03T12:00:00", Qt.ISODate)
    settings.setTemporalRange(QgsDateTimeRange(day, day.addSecs(3600)))
    settings.setIsTemporal(True)
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    picture = job.renderedImage()
    picture.save(str(file))
    return len({picture.pixel(x, y) for x in range(0, 600, 5) for y in range(0, 300, 5)})


def main() -> None:
    base, folder = sys.argv[1], Path(sys.argv[2])
    application = QgsApplication([], True)
    application.initQgis()
    for name, address in list_layers(base).items():
        layer = QgsRasterLayer(address, name, "wms")
        # QGIS 3.22 ends if the error of a valid layer is asked for.
        reason = "" if layer.isValid() else layer.error().summary()
        colours = draw_layer(layer, folder / f"{name}.png") if layer.isValid() else 0
        found = {"name": name, "version": Qgis.QGIS_VERSION, "colours": colours, "reason": reason}
        print(json.dumps(found), flush=True)
    application.exitQgis()


if __name__ == "__main__":
    main()
