"""Clips in a DataFrame: how long each shows what, and how that goes through time.

    pip install pandas
    python examples/dataframe_study.py results samples/webcam.mp4

Writes results/readings.csv (a row a face and frame), results/shares.csv (share of time of each
label) and results/course.png. `emocam study` does much more of this by itself.
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib
import pandas as pd

from emocam import EmocamError, EmotionRecognizer, read_video, to_frame

matplotlib.use("agg")


def main(folder: Path, clips: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    recognizer = EmotionRecognizer.load()
    table = pd.concat(
        to_frame(read_video(clip, recognizer, every_s=0.1), "pandas") for clip in clips
    )
    table.to_csv(folder / "readings.csv", index=False)

    seen = table[table["status"] == "ok"]
    if seen.empty:
        sys.exit("no face is seen in these clips")
    shares = pd.crosstab(seen["source"], seen["emotion"], normalize="index").round(3)
    shares["frames with a face"] = table.groupby("source")["status"].agg(
        lambda status: round((status == "ok").mean(), 3)
    )
    shares.to_csv(folder / "shares.csv")
    print(shares.to_string())

    # Mean probability of each label in each second, of the face that is seen most.
    first = seen[seen["face"] == seen["face"].mode()[0]]
    labels = list(recognizer.labels)
    course = first.groupby(first["time_s"] // 1)[labels].mean()
    axes = course.plot(figsize=(9, 4), ylim=(0, 1), xlabel="seconds", ylabel="probability")
    axes.figure.savefig(folder / "course.png", dpi=100)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: python examples/dataframe_study.py FOLDER CLIP...")
    try:
        main(Path(sys.argv[1]), sys.argv[2:])
    except EmocamError as error:
        sys.exit(str(error))
