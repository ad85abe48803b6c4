"""Where the points of the face mesh are in training pictures, so that key points can follow them.

The teacher only: neither encoder nor decoder needs it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from ctc.metrics.networks.face_crops import face_squares, points_in
from reference_sw.encoder.lpips import LossWeightsError

DETECTOR_FILE, MESH_FILE = "ultraface_rfb320.npz", "mediapipe_facemesh468.npz"
BATCH = 16
Tensors = dict[str, torch.Tensor]


class FaceTeacher:
    """Detector and mesh, from the files of a folder; raises LossWeightsError naming the file."""

    def __init__(self, weights: Path) -> None:
        self._detector = _tensors(weights / DETECTOR_FILE)
        self._mesh = _tensors(weights / MESH_FILE)

    def points(self, pictures: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """(N, 468, 2) of (N, 3, H, W) RGB: -1 and 1 at the edges, NaN where no face is."""
        size = np.array([pictures.shape[3], pictures.shape[2]], np.float32)
        parts = [self._batch(pictures[i : i + BATCH]) for i in range(0, len(pictures), BATCH)]
        return np.asarray((2 * np.concatenate(parts) + 1) / size - 1, np.float32)

    def _batch(self, pictures: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        with torch.inference_mode():
            rgb = torch.from_numpy(np.array(pictures)).float() / 255
            squares, found = face_squares(self._detector, self._mesh, rgb)
            points = points_in(self._mesh, rgb, squares)[..., :2]
        return np.where(found.numpy()[:, None, None], points.numpy(), np.float32(np.nan))


def _tensors(path: Path) -> Tensors:
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: torch.from_numpy(file[name]) for name in file.files}
    except (OSError, ValueError) as error:
        raise LossWeightsError(f"{path}: cannot be read: {error}") from error
