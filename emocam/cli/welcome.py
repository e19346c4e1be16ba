"""What `emocam` alone prints."""

from __future__ import annotations

WELCOME = """\
emocam reads the apparent expression of faces with K-Means. Pictures stay on this computer.

  emocam live                  your webcam in a window; h lists its keys, q ends it
  emocam video clip.mp4        an annotated film, a table and a report, in emocam-output
  emocam label photos/         a table with a row for each face in a folder of photos
  emocam explain photo.jpg     which parts of a face spoke for and against its label
  emocam doctor                whether everything works here, and how to fix what doesn't

emocam 0, emocam clip.mp4 and emocam photo.jpg choose the command themselves.
emocam --help lists all commands, emocam COMMAND --help shows options and an example."""
