"""Joblib's Dask backend, mended for workers that come late and tasks that kill them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from joblib._dask import DaskDistributedBackend


class ClusterBackend(DaskDistributedBackend):  # type: ignore[misc]
    """To be given to `joblib.parallel_config` as its backend.

    With the backend of joblib 1.6 as it is, a call waits for ever once Dask gives a task up
    (`KilledWorker`): that is noted on a future which nobody looks at. And a call that begins when
    the first worker has come, but no second one, is never sent to the cluster at all.
    """

    def effective_n_jobs(self, n_jobs: int = 1) -> int:
        """At least two: with one, joblib would do all the work in this process."""
        return max(2, int(super().effective_n_jobs(n_jobs)))

    def submit(self, func: Any, callback: Callable[[Any], None] | None = None) -> Any:
        """Start a task; the callback is called however it ends."""
        future = super().submit(func, callback)

        def tell(ended: Any) -> None:
            error = ended.exception()
            if error is not None and callback is not None:
                callback(error)

        future.add_done_callback(tell)
        return future

    def retrieve_result_callback(self, out: Any) -> Any:
        """What a task gave, or the reason why Dask gave it up."""
        if isinstance(out, Exception):
            raise out
        return super().retrieve_result_callback(out)
