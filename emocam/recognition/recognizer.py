"""From a picture to the readings of its faces, in one call."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from emocam.detection.crop import crop_faces
from emocam.detection.detector import FaceDetector
from emocam.detection.haar import check_cascades
from emocam.errors import ModelError
from emocam.readings import FrameReadings
from emocam.recognition.labels import UNSURE
from emocam.recognition.model_file import ModelFile, find_model, load_model_file, save_model_file
from emocam.recognition.personal import PersonalModel
from emocam.recognition.pixels import PixelsModel
from emocam.recognition.prediction import FaceModel, Prediction
from emocam.recognition.profile import Profile
from emocam.recognition.view_certainty import discounted
from emocam.recognition.words_model import WordsModel
from emocam.types import AnyArray, Box, Face, FloatArray, ImageU8, Reading, check_bgr

_RECIPES: dict[str, type[FaceModel]] = {
    PixelsModel.recipe: PixelsModel,
    WordsModel.recipe: WordsModel,
}
_NOT_PICKLED = ("detector", "_searching")


class EmotionRecognizer:
    """Finds the faces of a picture and reads the apparent expression of each.

    Parameters
    ----------
    model
        A fitted recipe.
    card
        Its model card.
    certainty
        Below this calibrated probability (0 to 1) a face is labelled `unsure`; None takes the
        model's own threshold. Raising it makes the labels rarer and more often right.
    profile
        What is known of one person, whose face is then read relative to it.

    Raises
    ------
    InputError
        When the profile was made with another model.
    ValueError
        When `certainty` is not from 0 to 1.

    Notes
    -----
    Threads may share one, and it can be pickled.
    """

    def __init__(
        self,
        model: FaceModel,
        card: dict[str, Any],
        *,
        certainty: float | None = None,
        profile: Profile | None = None,
    ) -> None:
        self.model = model
        self.personal = None if profile is None else PersonalModel.fit(model, profile)
        self.card = card
        self.certainty = float(card.get("certainty", 0.0)) if certainty is None else certainty
        if not 0.0 <= self.certainty <= 1.0:
            raise ValueError(f"certainty is a probability from 0 to 1, got {certainty}")
        self._searching = Lock()
        check_cascades()

    def __getstate__(self) -> dict[str, Any]:
        # Both are made anew; OpenCV's parts of a detector can't be pickled.
        return {name: it for name, it in vars(self).items() if name not in _NOT_PICKLED}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _searching=Lock())

    @cached_property
    def detector(self) -> FaceDetector:
        """Made when it is asked for: clips and live sessions have detectors of their own."""
        return FaceDetector()

    @classmethod
    def load(
        cls,
        model: str | Path | None = None,
        *,
        certainty: float | None = None,
        profile: Profile | str | Path | None = None,
    ) -> EmotionRecognizer:
        """Read a model file, or the default model.

        Parameters
        ----------
        model
            Path of a .safetensors file that `emocam train` made, the name of a model that emocam
            carries, or None for the default one.
        certainty
            See the class.
        profile
            A profile, or the file of one that `emocam teach` made.

        Returns
        -------
        EmotionRecognizer
            Ready to read.

        Raises
        ------
        UsageError
            When there is no such model.
        ModelError
            When the file is not a model, or something in it doesn't fit.
        InputError
            When the profile can't be used with this model.
        """
        if profile is not None and not isinstance(profile, Profile):
            profile = Profile.load(profile)
        generic = cls.from_file(load_model_file(find_model(model)), certainty=certainty)
        return generic if profile is None else generic.with_profile(profile)

    @classmethod
    def from_file(cls, file: ModelFile, *, certainty: float | None = None) -> EmotionRecognizer:
        """A recognizer of a model file's content.

        Parameters
        ----------
        file
            What `load_model_file` read.
        certainty
            See the class.

        Returns
        -------
        EmotionRecognizer
            Without a profile.

        Raises
        ------
        ModelError
            When the recipe is not known, or an array is absent or does not fit.
        """
        recipe = file.card["recipe"]
        if recipe not in _RECIPES:
            raise ModelError(f"the model's recipe '{recipe}' is none of: {', '.join(_RECIPES)}")
        return cls(_RECIPES[recipe].from_file(file), file.card, certainty=certainty)

    def save(self, path: str | Path) -> None:
        """Write the model file, which `load` and every command's `--model` take.

        Parameters
        ----------
        path
            Where it goes, .safetensors.

        Raises
        ------
        OutputError
            When it can't be written there.
        """
        save_model_file(path, ModelFile(self.card, self.model.to_arrays()))

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in the order of the probabilities: the model's, then a profile's own."""
        return self.model.labels if self.personal is None else self.personal.labels

    def is_personal(self, reading: Reading) -> bool:
        """Whether a face was read with the profile: its cluster is one of the person's own.

        Parameters
        ----------
        reading
            By this recognizer.

        Returns
        -------
        bool
            False for all readings of a recognizer without a profile.
        """
        return self.personal is not None and reading.cluster >= self.personal.first_cluster

    def with_profile(self, profile: Profile | None) -> EmotionRecognizer:
        """The same for one person, or for everybody; the model is shared.

        Parameters
        ----------
        profile
            What `emocam teach` made of the person's faces; None for everybody.

        Returns
        -------
        EmotionRecognizer
            A new one; this one stays as it is.

        Raises
        ------
        InputError
            When the profile was made with another model.
        """
        return EmotionRecognizer(self.model, self.card, certainty=self.certainty, profile=profile)

    def read(self, frame_bgr: AnyArray) -> FrameReadings:
        """Readings of all faces of a picture, left to right.

        Parameters
        ----------
        frame_bgr
            Shape (height, width, 3), uint8, blue first, upright.

        Returns
        -------
        FrameReadings
            One reading a face, numbered from 0; empty without a face.

        Raises
        ------
        ValueError
            When the picture has another shape or type.
        """
        picture = check_bgr(frame_bgr)
        with self._searching:  # a detector belongs to one thread at a time
            faces = self.detector.detect(picture)
        return self.read_faces(picture, faces)

    def read_faces(
        self, frame_bgr: AnyArray, faces: Sequence[Face | Box] | AnyArray
    ) -> FrameReadings:
        """Readings of faces that are known already, in the same order.

        Parameters
        ----------
        frame_bgr
            Shape (height, width, 3), uint8, blue first, upright.
        faces
            Faces, or boxes of a detector of one's own, also as an array of shape (n, 4): left,
            top, right, bottom in pixels, right and bottom exclusive; they are rounded. Faces
            given as boxes are numbered from 0. The model is trained on boxes that reach from the
            brows to the chin, nearly square.

        Returns
        -------
        FrameReadings
            One reading a face.

        Raises
        ------
        ValueError
            When the picture has another shape or type, or a box has no area in the picture.
        """
        picture = check_bgr(frame_bgr)
        if not len(faces):
            return FrameReadings()
        known = [_known_face(one, number) for number, one in enumerate(faces)]
        height, width = picture.shape[:2]
        for face in known:
            x1, y1, x2, y2 = face.xyxy
            if x1 >= width or y1 >= height or x2 <= 0 or y2 <= 0:
                raise ValueError(f"{face.xyxy} is outside the picture of {width}×{height} pixels")
        prediction = self.predict(picture, known).of_frame()
        return FrameReadings(tuple(self.readings(known, prediction)))

    def read_crops(self, faces_gray: AnyArray) -> FrameReadings:
        """Readings of faces that are cut out already, in the training format, in the same order.

        Parameters
        ----------
        faces_gray
            Shape (n, size, size), uint8, where size is `model.size` (48 for the models that
            emocam carries).

        Returns
        -------
        FrameReadings
            One reading a crop, whose box is the whole crop.

        Raises
        ------
        ValueError
            When the crops are not of this shape and type.
        """
        size = self.model.size
        faces_gray = np.asarray(faces_gray)
        if faces_gray.dtype != np.uint8 or faces_gray.shape[1:] != (size, size):
            raise ValueError(
                f"crops are uint8 of shape (n, {size}, {size}), "
                f"got {faces_gray.dtype} of shape {faces_gray.shape}"
            )
        if not len(faces_gray):
            return FrameReadings()
        faces = [Face((0, 0, size, size), id=number) for number in range(len(faces_gray))]
        prediction = self.predict_crops(faces_gray)
        alone = [prediction.part(row, row + 1).of_frame() for row in range(len(faces))]
        return FrameReadings(
            tuple(self.readings([face], one)[0] for face, one in zip(faces, alone, strict=True))
        )

    def readings(self, faces: Sequence[Face], prediction: Prediction) -> list[Reading]:
        """Readings of a prediction's faces, in the same order.

        The certainty follows the view of each face, see `view_certainty.discounted`.

        Parameters
        ----------
        faces
            The n faces that were predicted.
        prediction
            For n faces.

        Returns
        -------
        list of Reading
            One a face.
        """
        rows = discounted(prediction.probabilities, faces)
        return [
            self.reading(face, probabilities, int(cluster))
            for face, probabilities, cluster in zip(faces, rows, prediction.clusters, strict=True)
        ]

    def predict(self, frame_bgr: ImageU8, faces: Sequence[Face]) -> Prediction:
        """Probabilities and clusters of known faces, before any smoothing.

        Parameters
        ----------
        frame_bgr
            Shape (height, width, 3), uint8, blue first, upright.
        faces
            One or more faces of it.

        Returns
        -------
        Prediction
            For these faces, in the same order.
        """
        return self.predict_crops(np.stack(crop_faces(frame_bgr, faces, self.model.size)))

    def predict_crops(self, faces_gray: ImageU8) -> Prediction:
        """Probabilities and clusters of faces in the training format.

        Parameters
        ----------
        faces_gray
            Shape (n, size, size), uint8, where size is `model.size`.

        Returns
        -------
        Prediction
            For these faces, in the same order.
        """
        reader = self.model if self.personal is None else self.personal
        return reader.predict(faces_gray)

    def reading(
        self, face: Face, probabilities: FloatArray, cluster: int, best: int | None = None
    ) -> Reading:
        """The reading of a face with these label probabilities.

        Parameters
        ----------
        face
            The face.
        probabilities
            Shape (labels,), summing to 1.
        cluster
            Number of its emotion cluster.
        best
            Index of the label where temporal smoothing has chosen it; by default the most
            probable one.

        Returns
        -------
        Reading
            `unsure` when the label's probability is below `certainty`.
        """
        best = int(probabilities.argmax()) if best is None else best
        certainty = float(probabilities[best])
        return Reading(
            face=face,
            emotion=self.labels[best] if certainty >= self.certainty else UNSURE,
            certainty=certainty,
            cluster=cluster,
            probabilities=tuple(float(p) for p in probabilities),
            labels=self.labels,
        )


def _known_face(given: Face | Sequence[float] | AnyArray, number: int) -> Face:
    if isinstance(given, Face):
        return given
    box = np.asarray(given, dtype=np.float64)
    if box.shape != (4,) or not np.isfinite(box).all():
        raise ValueError(f"a box is left, top, right, bottom in pixels, got {given}")
    x1, y1, x2, y2 = (round(one) for one in box.tolist())
    return Face((x1, y1, x2, y2), id=number)
