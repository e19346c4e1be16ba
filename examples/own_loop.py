"""A loop of your own over frames: read, draw, write a film and say when the label changes.

python examples/own_loop.py samples/webcam.mp4 annotated.mp4
python examples/own_loop.py 0                     # a camera, shown until q is pressed
"""

from __future__ import annotations

import sys
import time

import cv2

from emocam import EmotionRecognizer, Follower, draw


def main(source: str, film: str | None = None) -> None:
    follower = Follower(EmotionRecognizer.load())
    capture = cv2.VideoCapture(int(source) if source.isdigit() else source)
    if not capture.isOpened():
        sys.exit(f"{source} can't be opened")
    fps, writer, said = capture.get(cv2.CAP_PROP_FPS) or 30.0, None, {}
    start_s, number = time.monotonic(), 0
    while True:
        ok, frame_bgr = capture.read()
        if not ok:
            break
        # Of a file, the time of the frame; of a camera, the time now.
        time_s = time.monotonic() - start_s if source.isdigit() else number / fps
        number += 1
        readings = follower.follow(frame_bgr, time_s)
        for reading in readings:
            if said.get(reading.face.id) != reading.emotion:
                said[reading.face.id] = reading.emotion
                print(f"{time_s:7.2f} s  face {reading.face.id}: {reading.emotion}")
        drawn_bgr = draw(frame_bgr, readings)
        if film is None:
            cv2.imshow("own loop", drawn_bgr)
            if cv2.waitKey(1) == ord("q"):
                break
        else:
            if writer is None:
                size_wh = drawn_bgr.shape[1], drawn_bgr.shape[0]
                writer = cv2.VideoWriter(film, cv2.VideoWriter.fourcc(*"mp4v"), fps, size_wh)
                if not writer.isOpened():
                    sys.exit(f"{film} can't be written")
            writer.write(drawn_bgr)
    capture.release()
    if writer is not None:
        writer.release()


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 3:
        sys.exit("usage: python examples/own_loop.py CLIP_OR_CAMERA [FILM]")
    main(*sys.argv[1:])
