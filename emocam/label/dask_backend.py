"""Joblib's Dask backend, fixed for workers that join late and tasks that kill them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from joblib._dask import DaskDistributedBackend


class ClusterBackend(DaskDistributedBackend):  # type: ignore[misc]
    """Backend for `joblib.parallel_config`.

    With the backend of joblib 1.6 a call waits for ever once Dask gives a task up
    (`KilledWorker`), since the error is set on a future that is never awaited. And a call that
    starts with a single worker is never sent to the cluster.
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
