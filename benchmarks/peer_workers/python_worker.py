"""A peer in a process of its own: takes tasks as lines of JSON, answers with what it measured.

    python python_worker.py fer|fer-mtcnn|tutorial|emocam-read|emocam-follow

Run by `benchmarks/peers.py`, with the interpreter of the environment that the peer lives in.
Tasks: `{"task": "clip", "path"}`, `{"task": "photos", "paths"}`, `{"task": "faces", "path"}`.
"""

from __future__ import annotations

import json
import os
import sys
import time

import cv2
import numpy as np

ANSWERS = os.fdopen(os.dup(sys.stdout.fileno()), "w")
os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what libraries print is no answer

FER_LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


class Fer:
    """The package `fer` as its README uses it."""

    def __init__(self, mtcnn: bool = False) -> None:
        from fer.fer import FER

        self.fer = FER(mtcnn=mtcnn)

    def start(self) -> None:
        """Another clip begins."""

    def read(self, picture, _time_s):
        """Labels of the faces of a picture."""
        found = self.fer.detect_emotions(picture)
        return [max(one["emotions"], key=one["emotions"].get) for one in found]

    def faces(self, crops):
        """Labels of faces that are cut out already, shape (n, 48, 48)."""
        large = np.stack([cv2.resize(one, (64, 64)) for one in crops]).astype(np.float32)
        scores = np.asarray(self.fer._classify_emotions((large / 255.0 - 0.5) * 2.0))
        return [FER_LABELS[best] for best in scores.argmax(axis=1)]


class Tutorial(Fer):
    """What tutorials show: OpenCV's default cascade over the full frame, then a network."""

    def __init__(self) -> None:
        super().__init__()
        name = cv2.data.haarcascades + "haarcascade_frontalface_default.xml"
        self.cascade = cv2.CascadeClassifier(name)

    def read(self, picture, _time_s):
        gray = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        boxes = self.cascade.detectMultiScale(gray, 1.1, 5)
        crops = [gray[y : y + h, x : x + w] for x, y, w, h in boxes]
        return self.faces(crops) if crops else []


class EmocamRead:
    """`EmotionRecognizer.read`, each picture for itself."""

    def __init__(self) -> None:
        from emocam import EmotionRecognizer

        self.recognizer = EmotionRecognizer.load(certainty=0.0)

    def start(self) -> None:
        pass

    def read(self, picture, _time_s):
        return [one.emotion for one in self.recognizer.read(picture)]

    def faces(self, crops):
        return [one.emotion for one in self.recognizer.read_crops(np.stack(crops))]


class EmocamFollow(EmocamRead):
    """`Follower`: the same for frames in order."""

    def start(self) -> None:
        from emocam import Follower

        self.follower = Follower(self.recognizer)

    def read(self, picture, time_s):
        return [one.emotion for one in self.follower.follow(picture, time_s)]


PEERS = {
    "fer": Fer,
    "fer-mtcnn": lambda: Fer(mtcnn=True),
    "tutorial": Tutorial,
    "emocam-read": EmocamRead,
    "emocam-follow": EmocamFollow,
}


def clip(peer, task):
    """All frames of a clip, decoded by OpenCV."""
    peer.start()
    capture, labels = cv2.VideoCapture(task["path"]), []
    while True:
        came, picture = capture.read()
        if not came:
            break
        labels.append(peer.read(picture, len(labels) / 25))
    capture.release()
    return {"labels": labels}


def photos(peer, task):
    """Photos one by one, from their files."""
    peer.start()
    return {"labels": [peer.read(cv2.imread(path), 0.0) for path in task["paths"]]}


def faces(peer, task):
    """Faces of 48×48 pixels, one at a time or many at once."""
    crops, at_once = np.load(task["path"]), task["at_once"]
    labels = []
    for first in range(0, len(crops), at_once):
        labels += peer.faces(list(crops[first : first + at_once]))
    return {"labels": labels}


def main() -> None:
    peer = PEERS[sys.argv[1]]()
    tasks = {"clip": clip, "photos": photos, "faces": faces}
    print(json.dumps({"ready": True}), file=ANSWERS, flush=True)
    for line in sys.stdin:
        task = json.loads(line)
        start_s, cpu_s = time.perf_counter(), time.process_time()
        answer = tasks[task["task"]](peer, task)
        answer["seconds"] = time.perf_counter() - start_s
        answer["cpu_seconds"] = time.process_time() - cpu_s
        print(json.dumps(answer), file=ANSWERS, flush=True)


if __name__ == "__main__":
    main()
