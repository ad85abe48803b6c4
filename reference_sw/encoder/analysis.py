"""Analysis network of the encoder: key points and local affine matrices of one picture."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import functional

from reference_sw.encoder.motion_parameters import Keypoints, pixel_centres

ANALYSIS_SIZE = 128
SOFTARGMAX_TEMPERATURE = 0.1


class AnalysisError(ValueError):
    """An analysis network file that cannot be used."""


class _Block(nn.Sequential):
    """3x3 convolution, group normalisation, ReLU."""

    def __init__(self, inputs: int, outputs: int, size: int = 3, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False),
            nn.GroupNorm(8, outputs),
            nn.ReLU(inplace=True),
        )


class KeypointDetector(nn.Module):
    """Finds K key points and their 2x2 matrices by soft-argmax over heat maps at 64x64.

    Without `matrices` every matrix is the identity.
    Input: (N, 3, H, W) float32 RGB in 0..255, any size. Output: `Keypoints`.
    Source: Siarohin et al., First Order Motion Model, 2019, clause 3.1, own layout.
    """

    def __init__(self, num_points: int = 10, matrices: bool = True) -> None:
        super().__init__()
        self.num_points = num_points
        self.stem = _Block(3, 32, 7, 2)
        self.down1 = _Block(32, 64)
        self.down2 = _Block(64, 96)
        self.down3 = _Block(96, 128)
        self.up3 = _Block(128, 96)
        self.up2 = _Block(96, 64)
        self.up1 = _Block(64, 32)
        self.heat = nn.Conv2d(32, num_points, 5, padding=2)
        self.matrix = nn.Conv2d(32, 4 * num_points, 3, padding=1) if matrices else None
        if self.matrix is not None:
            nn.init.zeros_(self.matrix.weight)
            identity = torch.tensor([1.0, 0.0, 0.0, 1.0])
            self.matrix.bias = nn.Parameter(identity.repeat(num_points))

    def _features(self, pictures: Tensor) -> Tensor:
        x = functional.adaptive_avg_pool2d(pictures, ANALYSIS_SIZE) / 128 - 1
        s0 = self.stem(x)
        s1 = self.down1(functional.avg_pool2d(s0, 2))
        s2 = self.down2(functional.avg_pool2d(s1, 2))
        y = self.down3(functional.avg_pool2d(s2, 2))
        y = s2 + self.up3(functional.interpolate(y, scale_factor=2.0))
        y = s1 + self.up2(functional.interpolate(y, scale_factor=2.0))
        features: Tensor = s0 + self.up1(functional.interpolate(y, scale_factor=2.0))
        return features

    def forward(self, pictures: Tensor) -> Keypoints:
        """Parameters of each picture of a batch."""
        features = self._features(pictures)
        n, _, h, w = features.shape
        logits = self.heat(features).flatten(2).float() / SOFTARGMAX_TEMPERATURE
        heat = logits.softmax(dim=2)
        grid = pixel_centres(h, w, features.device).reshape(1, h * w, 2)
        points = torch.einsum("nkp,npc->nkc", heat, grid.expand(n, -1, -1))
        if self.matrix is None:
            return Keypoints(points, torch.eye(2).to(points).expand(*points.shape, 2))
        maps = self.matrix(features).float().reshape(n, self.num_points, 4, h * w)
        matrices = torch.einsum("nkp,nkcp->nkc", heat, maps)
        return Keypoints(points, matrices.reshape(n, self.num_points, 2, 2))


def save_detector(detector: KeypointDetector, path: Path) -> None:
    """Writes the network as safetensors with its layout in the header, whole or not at all."""
    layout = {"points": detector.num_points, "matrices": detector.matrix is not None}
    header = {"format": "gvc-analysis-1", "layout": json.dumps(layout)}
    tensors = {k: v.detach().cpu().contiguous() for k, v in detector.state_dict().items()}
    part = path.with_name(path.name + ".part")
    part.write_bytes(save(tensors, metadata=header))
    part.replace(path)


def load_detector(path: Path) -> KeypointDetector:
    """The detector stored in a file; raises AnalysisError naming the file."""
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            if header.get("format") != "gvc-analysis-1":
                raise AnalysisError(
                    f"{path}: format {header.get('format')!r}: shall be gvc-analysis-1"
                )
            layout = json.loads(header.get("layout", "{}"))
            points, matrices = layout.get("points"), layout.get("matrices", True)
            if not isinstance(points, int) or not 1 <= points <= 64:
                raise AnalysisError(f"{path}: layout.points = {points!r}: shall be in 1..64")
            detector = KeypointDetector(points, bool(matrices))
            detector.load_state_dict({key: file.get_tensor(key) for key in list(file.keys())})
    except (OSError, SafetensorError, json.JSONDecodeError, RuntimeError) as error:
        raise AnalysisError(f"{path}: not an analysis network: {str(error)[:200]}") from error
    return detector.eval()
