"""A web service: POST a photo, get the readings of its faces as JSON.

    pip install fastapi uvicorn
    uvicorn --app-dir examples fastapi_service:app --host 127.0.0.1
    curl --data-binary @samples/photos/obama.jpg http://127.0.0.1:8000/read

It keeps nothing. Before others can reach it, add a login and a limit of requests, and get the
consent of the people in the photos.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from fastapi import FastAPI, HTTPException, Request
from starlette.concurrency import run_in_threadpool

from emocam import EmotionRecognizer

MOST_BYTES, MOST_PIXELS = 20_000_000, 50_000_000
app = FastAPI(title="emocam")


@lru_cache(maxsize=1)
def recognizer() -> EmotionRecognizer:
    return EmotionRecognizer.load()


def read_photo(data: bytes) -> list[dict[str, Any]]:
    image_bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    if image_bgr is None or image_bgr.size > 3 * MOST_PIXELS:
        raise HTTPException(415, "no picture that can be read")
    return [row for row in recognizer().read(image_bgr).rows() if row["status"] == "ok"]


@app.post("/read")
async def read(request: Request) -> dict[str, Any]:
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > MOST_BYTES:
            raise HTTPException(413, f"more than {MOST_BYTES:,} bytes")
    return {"faces": await run_in_threadpool(read_photo, bytes(data))}


if __name__ == "__main__":
    sys.exit("usage: uvicorn --app-dir examples fastapi_service:app --host 127.0.0.1")
