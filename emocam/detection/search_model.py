"""The detector's parameters: arrays in a safetensors file beside this module."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from emocam.detection.context import ContextClassifier
from emocam.detection.haar import AMBIGUOUS_TURNED, FRONTAL, PROFILE, HaarEnsemble, load_cascade
from emocam.detection.head_pose import HeadPose
from emocam.detection.rbf_classifier import RbfClassifier
from emocam.detection.scan import ScanArrays, TemplateScan
from emocam.detection.side_view import SideView
from emocam.detection.verifier import FaceVerifier
from emocam.types import FloatArray

ARRAYS_FILE = Path(__file__).with_name("search.safetensors")


@dataclass(frozen=True, eq=False)
class Search:
    """The stages of the detector, coarse to fine."""

    scan: TemplateScan
    verifier: FaceVerifier
    ensemble: HaarEnsemble
    turned_verifier: FaceVerifier  # of faces that are turned aside, raised or bent down
    turned_ensemble: HaarEnsemble
    context: ContextClassifier  # of the candidates of both
    side_view: SideView
    head_pose: HeadPose


def load_search() -> Search:
    """The stages of the detector; each thread needs its own.

    Raises
    ------
    SetupError
        When the installed OpenCV has no Haar cascades.
    """
    arrays = _arrays()
    load = cache(load_cascade)  # both ensembles ask two of them
    scan = ScanArrays(
        arrays["scan_weights"],
        arrays["scan_biases"],
        arrays["scan_tilts_deg"],
        float(arrays["scan_threshold"][0]),
        arrays["scan_pose_weights"],
        arrays["scan_pose_biases"],
        _classifier("scan"),
    )
    turned_verifier = FaceVerifier(
        arrays["turned_pose_weights"], arrays["turned_pose_biases"], _classifier("turned")
    )
    context = ContextClassifier(
        _classifier("context"),
        float(arrays["context_weight"][0]),
        float(arrays["context_bias"][0]),
    )
    return Search(
        TemplateScan(scan),
        FaceVerifier(arrays["pose_weights"], arrays["pose_biases"], _classifier("look")),
        HaarEnsemble(arrays["vote_weights"], float(arrays["vote_bias"][0]), load=load),
        turned_verifier,
        HaarEnsemble(
            arrays["turned_vote_weights"],
            float(arrays["turned_vote_bias"][0]),
            (*FRONTAL, PROFILE),
            AMBIGUOUS_TURNED,
            load,
        ),
        context,
        SideView(
            arrays["side_pose_weights"],
            arrays["side_pose_biases"],
            arrays["side_yaw_weights"],
            float(arrays["side_yaw_bias"][0]),
            _classifier("side"),
            turned_verifier,
            context,
            arrays["side_weights"],
            float(arrays["side_bias"][0]),
            load,
        ),
        HeadPose(turned_verifier.classifier, arrays["yaw_weights"], float(arrays["yaw_bias"][0])),
    )


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
