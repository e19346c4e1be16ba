"""A window of your own with PySide: the newest frame, drawn, and the readings as its title.

pip install PySide6-Essentials
python examples/pyside_window.py samples/webcam.mp4       # or 0, a camera
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from PySide6.QtCore import QThread, Signal
from PySide6.QtGui import QCloseEvent, QImage, QPixmap
from PySide6.QtWidgets import QApplication, QLabel

from emocam import EmocamError, FrameReadings, draw, read_live

# OpenCV points Qt to plugins of its own, which are not those of PySide.
os.environ.pop("QT_QPA_PLATFORM_PLUGIN_PATH", None)


class Reader(QThread):
    came, failed, source = Signal(QImage, FrameReadings), Signal(str), "0"

    def run(self) -> None:
        try:
            self.read()
        except EmocamError as error:
            self.failed.emit(str(error))

    def read(self) -> None:
        for frame, readings in read_live(self.source, realtime=Path(self.source).is_file()):
            drawn_bgr = draw(frame.image_bgr, readings)
            height, width = drawn_bgr.shape[:2]
            image = QImage(drawn_bgr.data, width, height, 3 * width, QImage.Format.Format_BGR888)
            self.came.emit(image.copy(), readings)
            if self.isInterruptionRequested():
                return


class Window(QLabel):
    def __init__(self, source: str) -> None:
        super().__init__()
        self.reader = Reader()
        self.reader.source = source
        self.reader.came.connect(self.show_frame)
        self.reader.failed.connect(self.setText)
        self.reader.start()

    def show_frame(self, image: QImage, readings: FrameReadings) -> None:
        self.setPixmap(QPixmap.fromImage(image))
        self.adjustSize()
        said = (f"face {one.face.id}: {one.emotion} {one.certainty:.0%}" for one in readings)
        self.setWindowTitle(", ".join(said) or "no face")

    def closeEvent(self, event: QCloseEvent) -> None:
        self.reader.requestInterruption()
        self.reader.wait()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python examples/pyside_window.py CLIP_OR_CAMERA")
    application = QApplication([])
    window = Window(sys.argv[1])
    window.show()
    sys.exit(application.exec())
