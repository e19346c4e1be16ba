"""How long tests wait for what must happen: so long that only what hangs is ended by it."""

from __future__ import annotations

WAIT_S = 900.0  # no test depends on how fast a machine is, or how busy
SEEN_S = 180.0  # for what takes a session a second or less: a hundred times that and more
