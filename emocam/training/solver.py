"""Linear algebra of kernel ridge regression on tens of thousands of faces, in place, in float32."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import get_lapack_funcs
from threadpoolctl import threadpool_limits

from emocam.types import FloatArray, IntArray

_BLOCK = 1024
_ROWS = 2048  # of the kernel matrix computed at a time

Progress = Callable[[float], None]


def silent(_share: float) -> None:
    """No progress is reported."""


def gaussian_kernel(points: FloatArray, others: FloatArray, gamma: float) -> FloatArray:
    """exp(-gamma × squared distance), shape (points, others), float32."""
    # Two more columns carry the squared lengths, so one product gives the whole exponent.
    left = _with_lengths(points * np.float32(2 * gamma), points, gamma, last=False)
    right = np.ascontiguousarray(_with_lengths(others, others, gamma, last=True).T)
    kernel = np.empty((len(points), len(others)), np.float32)
    for first in range(0, len(points), _ROWS):
        part = kernel[first : first + _ROWS]
        np.matmul(left[first : first + _ROWS], right, out=part)
        np.minimum(part, 0, out=part)
        np.exp(part, out=part)
    return kernel


def _with_lengths(
    scaled: FloatArray, points: FloatArray, gamma: float, *, last: bool
) -> FloatArray:
    lengths = np.float32(-gamma) * np.square(points).sum(axis=1, keepdims=True)
    ones = np.ones_like(lengths)
    return np.hstack([scaled, ones, lengths] if last else [scaled, lengths, ones])


def factorise(matrix: FloatArray) -> None:
    """Cholesky factor of a positive definite matrix, into its lower triangle (LAPACK's potrf).

    What stands above the diagonal stays.

    Raises
    ------
    numpy.linalg.LinAlgError
        When the matrix is not positive definite.
    """
    info = _lapack("potrf", matrix, overwrite_a=True, clean=False)[-1]
    if info:
        raise np.linalg.LinAlgError(f"minor {info} of the matrix is not positive definite")


def solve_factorised(factor: FloatArray, right: FloatArray) -> FloatArray:
    """x in A x = right, for the factor of A that `factorise` left, shape (n, columns)."""
    return np.asarray(_lapack("potrs", factor, right)[0], dtype=np.float32)


def invert_factor(factor: FloatArray) -> None:
    """Inverse of the lower-triangular factor, in its place (LAPACK's trtri)."""
    _lapack("trtri", factor, overwrite_c=True)


def _lapack(name: str, matrix: FloatArray, *others: FloatArray, **options: bool) -> Any:
    """Call a function of LAPACK on the lower triangle of a matrix, in place.

    LAPACK is column-major: the transposed view has its layout, so nothing is copied, and the
    lower triangle becomes the upper one.
    """
    if not matrix.flags.c_contiguous:
        raise ValueError("the matrix should be C-contiguous to be worked on in place")
    (function,) = get_lapack_funcs((name,), (matrix,))
    # With two threads, OpenBLAS 0.3.30 crashes on some 25,000 rows or more. The limit
    # is set anew here, since `one_blas_thread` may have looked before SciPy brought its own.
    with threadpool_limits(1, user_api="blas"):
        return function(matrix.T, *others, lower=False, **options)


def held_out(
    inverse_factor: FloatArray, weights: FloatArray, targets: FloatArray, groups: IntArray
) -> FloatArray:
    """Scores of each training face by the faces of other groups.

    Leaving points out of a ridge regression changes their residuals in closed form: they are
    (A⁻¹ restricted to them)⁻¹ times their weights (Allen, "The relationship between variable
    selection and data augmentation", Technometrics 1974).

    Parameters
    ----------
    inverse_factor
        What `invert_factor` left for A, shape (n, n).
    weights
        Shape (n, labels): A⁻¹ targets.
    targets
        Shape (n, labels).
    groups
        Shape (n,), sorted: equal numbers are left out together, as copies of a face should be.
    """
    count = len(inverse_factor)
    diagonal = np.zeros(count, np.float64)
    for first in range(0, count, _BLOCK):
        rows = np.tril(inverse_factor[first : first + _BLOCK, : first + _BLOCK], first)
        diagonal[: rows.shape[1]] += np.square(rows).sum(axis=0, dtype=np.float64)
    scores = targets - weights / diagonal[:, None]
    starts = np.flatnonzero(np.diff(groups, prepend=groups[0] - 1))
    sizes = np.diff(starts, append=count)
    for first, size in zip(starts[sizes > 1], sizes[sizes > 1], strict=True):
        group = slice(first, first + size)
        columns = np.array(inverse_factor[first:, group], dtype=np.float64)
        columns[:size] = np.tril(columns[:size])
        block = columns.T @ columns
        scores[group] = targets[group] - np.linalg.solve(block, weights[group])
    return np.asarray(scores, dtype=np.float32)


def refine(
    weights: FloatArray,
    factor: FloatArray,
    centers: FloatArray,
    copies: Sequence[FloatArray],
    targets: FloatArray,
    importance: FloatArray,
    gamma: float,
    ridge: float,
    steps: int,
    progress: Progress = silent,
) -> FloatArray:
    """Fit the dual coefficients of the training faces to jittered copies of them as well.

    Conjugate gradients on the normal equations of Nyström kernel ridge regression,
    preconditioned by the exact solution for the remembered faces (after Rudi, Carratino, Rosasco,
    "FALKON: an optimal large scale kernel method", NIPS 2017). Stopped early, so `steps` is a
    ridge of its own.

    Parameters
    ----------
    weights
        Shape (faces, labels): the exact solution, from which to start.
    factor
        The factor of kernel + ridge / importance that `factorise` left.
    centers
        Shape (faces, dims): remembered faces.
    copies
        Arrays of the same shape: changed copies of the faces, and the faces themselves.
    targets, importance
        Shape (faces, labels) and (faces,): the same for each copy.
    gamma, ridge
        Of the kernel and of the exact solution.
    steps
        Conjugate-gradient steps; each costs a kernel matrix a copy.
    """
    normal = _NormalEquations(centers, copies, importance, gamma, ridge)
    found = weights.copy()
    rest = normal.right_side(targets) - normal.apply(found)
    better = normal.precondition(factor, rest)
    direction, power = better, (rest * better).sum(axis=0)
    for step in range(steps):
        image = normal.apply(direction)
        length = power / np.maximum((direction * image).sum(axis=0), 1e-30)
        found += length * direction
        rest -= length * image
        better = normal.precondition(factor, rest)
        former, power = power, (rest * better).sum(axis=0)
        direction = better + (power / np.maximum(former, 1e-30)) * direction
        progress((step + 1) / steps)
    return np.asarray(found, dtype=np.float32)


@dataclass(frozen=True, eq=False)
class _NormalEquations:
    """(mean over copies of Kᵀ W K + ridge × K) weights = mean over copies of Kᵀ W targets."""

    centers: FloatArray
    copies: Sequence[FloatArray]
    importance: FloatArray
    gamma: float
    ridge: float

    def right_side(self, targets: FloatArray) -> FloatArray:
        return self._summed(lambda _kernel, rows: targets[rows])

    def apply(self, weights: FloatArray) -> FloatArray:
        fitted = self._summed(lambda kernel, _rows: kernel @ weights)
        return np.asarray(fitted + np.float32(self.ridge) * self._own(weights))

    def precondition(self, factor: FloatArray, right: FloatArray) -> FloatArray:
        inner = solve_factorised(factor, right) / self.importance[:, None]
        return solve_factorised(factor, inner)

    def _summed(self, values: Callable[[FloatArray, slice], FloatArray]) -> FloatArray:
        total: FloatArray | None = None
        share = np.float32(1 / len(self.copies)) * self.importance[:, None]
        for copy in self.copies:
            for first in range(0, len(copy), _ROWS):
                rows = slice(first, first + _ROWS)
                kernel = gaussian_kernel(copy[rows], self.centers, self.gamma)
                part = kernel.T @ (values(kernel, rows) * share[rows])
                total = part if total is None else total + part
        return np.asarray(total, dtype=np.float32)

    def _own(self, weights: FloatArray) -> FloatArray:
        parts = [
            gaussian_kernel(self.centers[first : first + _ROWS], self.centers, self.gamma) @ weights
            for first in range(0, len(self.centers), _ROWS)
        ]
        return np.concatenate(parts)
