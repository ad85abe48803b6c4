"""Face measures: who it is, where its points are, and whether eyes, mouth and head move alike.

Source: points: ctc/metrics/networks/face_mesh.py, identity: ctc/metrics/networks/face_identity.py;
distances are in percent of the original's outer eye distance, as landmark errors usually are
(C. Sagonas et al., "300 faces in-the-wild challenge", ICCV workshops 2013).
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from ctc.metrics.base import Metric
from ctc.metrics.learned import LearnedPictureMetric
from ctc.metrics.per_picture import Values
from ctc.metrics.pictures import PictureBatch
from reference_sw.video.format import VideoFormat

Array = npt.NDArray[np.float64]

OUTER_EYES = (33, 263)
MOUTH = ((13, 14),)
EYES = ((159, 145), (386, 374))
# Points that speech and expression leave in place: forehead, temples, eye corners, nose.
RIGID = (10, 54, 284, 67, 297, 127, 356, 234, 454, 33, 133, 362, 263, 168, 6, 197, 195, 5, 4, 1)
MOVING = (33, 133, 159, 145, 362, 263, 386, 374, 61, 291, 13, 14, 1, 152)
LEAST_SHARE = 0.5
SMALLEST_SIDE = 64
CROP = "original's,1.5x,two passes"


class FaceMetric(LearnedPictureMetric):
    """A metric of the one face that the pictures show."""

    def weight_sets(self) -> tuple[str, ...]:
        """The detector and the mesh."""
        return ("ultraface-rfb320", "facemesh468")

    def applies_to(self, video: VideoFormat) -> str:
        """Defined for pictures in which a face can be found."""
        small = min(video.width, video.height) < SMALLEST_SIDE
        return f"needs pictures of at least {SMALLEST_SIDE}x{SMALLEST_SIDE}" if small else ""

    def sequence_score(self, pictures: Values) -> float | None:
        """Return the mean over pictures whose original shows a face, if they are half or more."""
        seen = np.isfinite(pictures)
        return float(pictures[seen].mean()) if seen.mean() >= LEAST_SHARE else None

    def reason(self, pictures: Values) -> str:
        """Say in how many pictures no face was found."""
        missing = int(len(pictures) - np.isfinite(pictures).sum())
        return f"no face found in {missing} of {len(pictures)} pictures of the original"


class PointMetric(FaceMetric):
    """A metric of the points of the face on both sides."""

    def compare(self, original: PictureBatch, decoded: PictureBatch) -> Values:
        """Return the figure of each picture; NaN where the original shows no face."""
        from ctc.metrics.face_analysis import points_of

        return self.of_points(points_of(original, original), points_of(original, decoded))

    @abstractmethod
    def of_points(self, original: Array, decoded: Array) -> Values:
        """Return figures from points (n, 468, 3) of both sides, in samples."""


def eye_distance(points: Array) -> Array:
    """Return the distance between the outer eye corners of points (n, 468, 3): (n,)."""
    across = points[:, OUTER_EYES[0], :2] - points[:, OUTER_EYES[1], :2]
    return np.asarray(np.linalg.norm(across, axis=1), dtype=np.float64)


@dataclass(frozen=True)
class LandmarkDistance(PointMetric):
    """Mean distance of the 468 points, in percent of the outer eye distance."""

    name: ClassVar[str] = "landmark-distance"
    unit: ClassVar[str] = "%"
    higher_is_better: ClassVar[bool] = False

    crop: str = CROP

    @property
    def title(self) -> str:
        """`Landmark distance`."""
        return "Landmark distance"

    def of_points(self, original: Array, decoded: Array) -> Values:
        """Return the distance of each picture."""
        apart = np.linalg.norm((original - decoded)[..., :2], axis=2).mean(axis=1)
        return np.asarray(100 * apart / eye_distance(original), dtype=np.float64)


@dataclass(frozen=True)
class OpeningError(PointMetric):
    """Error of the opening of the mouth or the eyes, in percent of the outer eye distance."""

    name: ClassVar[str] = "opening-error"
    unit: ClassVar[str] = "%"
    higher_is_better: ClassVar[bool] = False

    of: str = "mouth"
    crop: str = CROP

    @property
    def title(self) -> str:
        """`Mouth opening error`."""
        return f"{self.of.capitalize()} opening error"

    def of_points(self, original: Array, decoded: Array) -> Values:
        """Return the absolute error of each picture; the mean of both eyes."""
        pairs = MOUTH if self.of == "mouth" else EYES
        errors = [np.abs(_apart(original, p) - _apart(decoded, p)) for p in pairs]
        return np.asarray(100 * np.mean(errors, axis=0) / eye_distance(original))


def _apart(points: Array, pair: tuple[int, int]) -> Array:
    gap = points[:, pair[0], :2] - points[:, pair[1], :2]
    return np.asarray(np.linalg.norm(gap, axis=1), dtype=np.float64)


@dataclass(frozen=True)
class HeadPoseError(PointMetric):
    """Angle of the rotation between the head of the original and of the decoded picture."""

    name: ClassVar[str] = "head-pose-error"
    unit: ClassVar[str] = "degrees"
    higher_is_better: ClassVar[bool] = False

    crop: str = CROP

    @property
    def title(self) -> str:
        """`Head pose error`."""
        return "Head pose error"

    def of_points(self, original: Array, decoded: Array) -> Values:
        """Return the angle of each picture."""
        return np.array(
            [
                rotation_angle(a, b) if np.isfinite(a).all() else np.nan
                for a, b in zip(original[:, RIGID], decoded[:, RIGID], strict=True)
            ]
        )


def rotation_angle(first: Array, second: Array) -> float:
    """Return the angle in degrees of the rotation that best turns points (k, 3) onto others.

    Source: W. Kabsch, "A solution for the best rotation to relate two sets of vectors", 1976.
    """
    covariance = (first - first.mean(axis=0)).T @ (second - second.mean(axis=0))
    left, _, right = np.linalg.svd(covariance)
    handed = np.sign(np.linalg.det(left @ right))
    rotation = (left * np.array([1, 1, handed])) @ right
    skew = rotation - rotation.T
    sine = np.linalg.norm([skew[0, 1], skew[0, 2], skew[1, 2]])
    return float(np.degrees(np.arctan2(sine, np.trace(rotation) - 1)))


@dataclass(frozen=True)
class LandmarkTrajectory(PointMetric):
    """Error of how eyes, mouth, nose and chin move about their mean place.

    The root mean square over points, in percent of the mean outer eye distance; relative: over
    that of the original's own motion, so that 0 is the same motion and 1 is none at all. A constant
    displacement does not count.
    """

    name: ClassVar[str] = "landmark-trajectory"
    higher_is_better: ClassVar[bool] = False

    relative: bool = False
    crop: str = CROP

    @property
    def title(self) -> str:
        """`Landmark trajectory error`."""
        kind = "Relative landmark" if self.relative else "Landmark"
        return f"{kind} trajectory error"

    def of_points(self, original: Array, decoded: Array) -> Values:
        """Return both sides' moving points and the eye distance: (n, 2 x 14 x 2 + 1)."""
        sides = np.stack([original[:, MOVING, :2], decoded[:, MOVING, :2]], axis=1)
        return np.column_stack([sides.reshape(len(sides), -1), eye_distance(original)])

    def picture_scores(self, observed: Values) -> Values:
        """Return the root mean square error over the points of each picture."""
        seen = np.isfinite(observed).all(axis=1)
        if not seen.any():
            return np.full(len(observed), np.nan)
        paths = observed[:, :-1].reshape(len(observed), 2, len(MOVING), 2)
        about = paths - paths[seen].mean(axis=0)
        error = np.sqrt(((about[:, 0] - about[:, 1]) ** 2).sum(axis=2).mean(axis=1))
        if not self.relative:
            return np.asarray(100 * error / observed[seen, -1].mean())
        motion = float(np.sqrt((about[seen, 0] ** 2).sum(axis=2).mean()))
        return error / motion if motion > 0 else np.full(len(observed), np.nan)

    def sequence_score(self, pictures: Values) -> float | None:
        """Return the root mean square over the pictures whose original shows a face."""
        seen = np.isfinite(pictures)
        if seen.mean() < LEAST_SHARE:
            return None
        return float(np.sqrt((pictures[seen] ** 2).mean()))


@dataclass(frozen=True)
class IdentitySimilarity(FaceMetric):
    """Cosine of the identity vectors of both sides, 1 for identical faces.

    Different people score below 0.41 with this network, the same person in another video above
    0.56 (measured on 98 people).
    """

    name: ClassVar[str] = "identity-similarity"

    crop: str = CROP
    alignment: str = "5 points,similarity"

    @property
    def title(self) -> str:
        """`Identity similarity`."""
        return "Identity similarity"

    def weight_sets(self) -> tuple[str, ...]:
        """The detector, the mesh and the identity network."""
        return (*super().weight_sets(), "mobilefacenet")

    def compare(self, original: PictureBatch, decoded: PictureBatch) -> Values:
        """Return the cosine of each picture; NaN where the original shows no face."""
        from ctc.metrics.face_analysis import identity_of

        a, b = identity_of(original, original), identity_of(original, decoded)
        return np.asarray((a * b).sum(axis=1), dtype=np.float64)


METRICS: dict[str, Metric] = {
    "landmark-distance": LandmarkDistance(),
    "landmark-trajectory": LandmarkTrajectory(),
    "landmark-trajectory-relative": LandmarkTrajectory(relative=True),
    "mouth-opening-error": OpeningError("mouth"),
    "eye-opening-error": OpeningError("eye"),
    "head-pose-error": HeadPoseError(),
    "identity-similarity": IdentitySimilarity(),
}
