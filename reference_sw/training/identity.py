"""Face embedding (MobileFaceNet) as a differentiable identity loss."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ctc.metrics.networks.face_identity import INPUT_SIDE, embedding
from reference_sw.encoder.lpips import LossWeightsError


class FaceEmbedding(nn.Module):
    """128-dimensional embedding of the middle of a head-and-shoulders picture.

    The middle three quarters are taken in place of an aligned face: the loss compares two pictures
    of the same framing, so no detector is needed. Raises LossWeightsError naming the file.
    """

    def __init__(self, weights: Path) -> None:
        super().__init__()
        try:
            with np.load(weights, allow_pickle=False) as file:
                self._tensors = {name: torch.from_numpy(file[name]) for name in file.files}
            embedding(self._tensors, torch.zeros(1, 3, INPUT_SIDE, INPUT_SIDE))
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            text = " ".join(str(error).split())[:200]
            raise LossWeightsError(f"{weights}: no MobileFaceNet weights: {text}") from error

    def embed(self, pictures: Tensor) -> Tensor:
        """(N, 128) unit vectors for (N, 3, H, W) RGB in 0..255."""
        h, w = pictures.shape[2:]
        middle = pictures[:, :, h // 8 : h - h // 8, w // 8 : w - w // 8] / 255
        size = (INPUT_SIDE, INPUT_SIDE)
        faces = functional.interpolate(middle, size, mode="bilinear", align_corners=False)
        return embedding(self._tensors, faces)

    def forward(self, pictures: Tensor, targets: Tensor) -> Tensor:
        """Mean of 1 - cosine similarity."""
        with torch.no_grad():
            wanted = self.embed(targets)
        return (1 - (self.embed(pictures) * wanted).sum(1)).mean()
