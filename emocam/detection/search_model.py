"""The detector's parameters: arrays in a safetensors file beside this module."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from emocam.detection.haar import HaarEnsemble
from emocam.detection.rbf_classifier import RbfClassifier
from emocam.detection.scan import ScanArrays, TemplateScan
from emocam.detection.verifier import FaceVerifier
from emocam.types import FloatArray

ARRAYS_FILE = Path(__file__).with_name("search.safetensors")


def load_search() -> tuple[TemplateScan, FaceVerifier, HaarEnsemble]:
    """The stages of the detector, coarse to fine; each thread needs its own.

    Raises
    ------
    SetupError
        When the installed OpenCV has no Haar cascades.
    """
    arrays = _arrays()
    scan = ScanArrays(
        arrays["scan_weights"],
        arrays["scan_biases"],
        arrays["scan_tilts_deg"],
        float(arrays["scan_threshold"][0]),
        arrays["scan_pose_weights"],
        arrays["scan_pose_biases"],
        _classifier("scan"),
    )
    verifier = FaceVerifier(arrays["pose_weights"], arrays["pose_biases"], _classifier("look"))
    ensemble = HaarEnsemble(arrays["vote_weights"], float(arrays["vote_bias"][0]))
    return TemplateScan(scan), verifier, ensemble


def _classifier(name: str) -> RbfClassifier:
    arrays = _arrays()
    return RbfClassifier(
        arrays[f"{name}_project_weights"],
        arrays[f"{name}_project_biases"],
        arrays[f"{name}_centers"],
        float(arrays[f"{name}_gamma"][0]),
        arrays[f"{name}_judge_weights"],
        float(arrays[f"{name}_judge_bias"][0]),
    )


@lru_cache(maxsize=1)
def _arrays() -> dict[str, FloatArray]:
    # Stored at half precision where that is enough; products are faster in single.
    return {name: np.asarray(array, np.float32) for name, array in load_file(ARRAYS_FILE).items()}
