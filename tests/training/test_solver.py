"""The blocked solver against plain linear algebra; blocks are made small enough to matter."""

from __future__ import annotations

import numpy as np
import pytest

from emocam.training import solver as solve


@pytest.fixture
def problem(monkeypatch):
    monkeypatch.setattr(solve, "_BLOCK", 64)
    monkeypatch.setattr(solve, "_ROWS", 100)
    random = np.random.default_rng(0)
    points = random.standard_normal((300, 6)).astype(np.float32)
    targets = random.standard_normal((300, 3)).astype(np.float32)
    importance = random.uniform(0.5, 2, 300).astype(np.float32)
    kernel = solve.gaussian_kernel(points, points, 0.1)
    matrix = kernel + np.diag(0.1 / importance)
    return points, targets, importance, kernel, matrix


def test_the_kernel_is_gaussian(problem):
    points, *_ = problem
    distance = np.square(points[:, None] - points[None, :7]).sum(axis=2)
    wanted = np.exp(-0.1 * distance)
    assert solve.gaussian_kernel(points, points[:7], 0.1) == pytest.approx(wanted, abs=1e-5)


def test_solving(problem):
    _, targets, _, _, matrix = problem
    factor = matrix.copy()
    solve.factorise(factor)
    wanted = np.linalg.solve(matrix.astype(float), targets)
    assert solve.solve_factorised(factor, targets) == pytest.approx(wanted, abs=3e-3)


def test_what_is_not_positive_definite_has_no_factor():
    with pytest.raises(np.linalg.LinAlgError):
        solve.factorise(np.array([[1, 2], [2, 1]], np.float32))


def test_held_out_scores_are_those_of_a_fit_without_the_face(problem):
    _, targets, _, kernel, matrix = problem
    groups = np.arange(300)
    groups[100:103] = 100  # three pictures of one face, across nothing
    groups[127:130] = 127  # and three across a block's edge
    factor = matrix.copy()
    solve.factorise(factor)
    weights = solve.solve_factorised(factor, targets)
    solve.invert_factor(factor)
    found = solve.held_out(factor, weights, targets, groups)
    for group in (0, 63, 100, 127, 299):
        others = groups != group
        fitted = np.linalg.solve(matrix[np.ix_(others, others)].astype(float), targets[others])
        wanted = kernel[np.ix_(~others, others)] @ fitted
        assert found[~others] == pytest.approx(wanted, abs=2e-3)


def test_refining_comes_close_to_the_best_fit_of_all_copies(problem):
    points, targets, importance, kernel, matrix = problem
    moved = points + 0.5 * np.random.default_rng(1).standard_normal(points.shape)
    copies = [points, moved.astype(np.float32)]
    kernels = [solve.gaussian_kernel(copy, points, 0.1).astype(float) for copy in copies]
    normal = 0.1 * kernel.astype(float)
    right = np.zeros((300, 3))
    for one in kernels:
        normal += one.T @ (one * importance[:, None]) / 2
        right += one.T @ (targets * importance[:, None]) / 2
    best = np.linalg.lstsq(normal, right, rcond=None)[0]

    def loss(weights):
        missed = sum(
            (importance[:, None] * (one @ weights - targets) ** 2).sum() for one in kernels
        )
        return missed / 2 + 0.1 * (weights * (kernel @ weights)).sum()

    factor = matrix.copy()
    solve.factorise(factor)
    exact = solve.solve_factorised(factor, targets)
    losses = [
        loss(solve.refine(exact, factor, points, copies, targets, importance, 0.1, 0.1, steps))
        for steps in (0, 2, 8)
    ]
    assert losses[0] > losses[1] > losses[2]
    assert losses[2] - loss(best) < 0.2 * (losses[0] - loss(best))
