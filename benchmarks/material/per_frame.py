"""The per-frame scheme of the GFVC common software's metric scripts, written anew and plainly.

Source: Berlin0610/GFVC_Software 18e1c8b, evaluate/multiMetric_rgb444.py: what is computed for each
picture, and in which order; the networks with torch's ordinary memory format.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy.signal import convolve2d
from skimage.transform import resize
from torch.nn import functional

Array = npt.NDArray[Any]
Tensors = dict[str, torch.Tensor]
_STAGES = ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28))
_FIRES = (3, 4, 6, 7, 9, 10, 11, 12)


class PerFrame:
    """One decoded file against one original, picture by picture, one network call a picture."""

    def __init__(self, tensors: dict[str, dict[str, Array]], names: tuple[str, ...]) -> None:
        self.names = names
        self.tensors = {
            name: {key: torch.from_numpy(value) for key, value in group.items()}
            for name, group in tensors.items()
        }

    def measure(self, original: Path, decoded: Path, pictures: int) -> dict[str, float]:
        """Return the mean of each metric over the pictures of 256x256 planar RGB files."""
        totals = dict.fromkeys(self.names, 0.0)
        with original.open("rb") as first, decoded.open("rb") as second:
            for _ in range(pictures):
                pair = [
                    np.fromfile(stream, np.uint8, 3 * 65536).reshape(3, 256, 256)
                    for stream in (first, second)
                ]
                for name, value in self._picture(*pair).items():
                    totals[name] += value / pictures
        return totals

    @torch.no_grad()
    def _picture(self, a: Array, b: Array) -> dict[str, float]:
        found: dict[str, float] = {}
        if "gfvc1-psnr-rgb" in self.names:
            found["gfvc1-psnr-rgb"] = sum(_psnr(x, y) for x, y in zip(a, b, strict=True)) / 3
        if "gfvc1-ssim-rgb" in self.names:
            found["gfvc1-ssim-rgb"] = sum(_ssim(x, y) for x, y in zip(a, b, strict=True)) / 3
        x, y = (_unit(p) for p in (a, b))
        for net, features in (("alex", _alex), ("squeeze", _squeeze), ("vgg", _vgg)):
            if f"lpips-{net}" in self.names:
                found[f"lpips-{net}"] = self._lpips(net, features, x, y)
        if "dists" in self.names:
            found["dists"] = self._dists(x, y)
        return found

    def _lpips(self, net: str, features: Any, x: torch.Tensor, y: torch.Tensor) -> float:
        backbone = self.tensors[{"alex": "alexnet", "squeeze": "squeezenet", "vgg": "vgg16"}[net]]
        heads = self.tensors[f"lpips-{net}-heads"]
        total = 0.0
        sides = [features(backbone, _normal(z)) for z in (x, y)]
        for layer, (u, v) in enumerate(zip(*sides, strict=True)):
            u, v = functional.normalize(u), functional.normalize(v)
            difference = (heads[f"lin{layer}.weight"] * (u - v) ** 2).mean([2, 3]).sum(1)
            total += float(difference)
        return total

    def _dists(self, x: torch.Tensor, y: torch.Tensor) -> float:
        backbone = self.tensors["vgg16"]
        alpha, beta = (self.tensors["dists-alpha-beta"][k] for k in ("alpha", "beta"))
        sides = [[z, *_vgg(backbone, _normal(z), _l2)] for z in (x, y)]
        channels = [u.shape[1] for u in sides[0]]
        total = alpha.sum() + beta.sum()
        parts = zip(*(torch.split(w / total, channels, dim=1) for w in (alpha, beta)), strict=True)
        score = 0.0
        for (u, v), (wa, wb) in zip(zip(*sides, strict=True), parts, strict=True):
            mu, mv = u.mean([2, 3], keepdim=True), v.mean([2, 3], keepdim=True)
            texture = (2 * mu * mv + 1e-6) / (mu**2 + mv**2 + 1e-6)
            variance = [((w - m) ** 2).mean([2, 3], keepdim=True) for w, m in ((u, mu), (v, mv))]
            covariance = (u * v).mean([2, 3], keepdim=True) - mu * mv
            structure = (2 * covariance + 1e-6) / (variance[0] + variance[1] + 1e-6)
            score += float((wa * texture).sum() + (wb * structure).sum())
        return 1 - score


def _unit(picture: Array) -> torch.Tensor:
    resized: Array = resize(picture, (3, 256, 256))  # type: ignore[no-untyped-call]
    return torch.tensor(resized[None].astype(np.float32))


def _psnr(a: Array, b: Array) -> float:
    mse = np.mean((a / 1.0 - b / 1.0) ** 2)
    return 100.0 if mse < 1e-10 else 10 * math.log10(255**2 / mse)


def _ssim(a: Array, b: Array) -> float:
    y, x = np.ogrid[-5:6, -5:6]
    window = np.exp(-(x * x + y * y) / (2 * 1.5**2))
    window = np.rot90(window / window.sum(), 2)
    a, b = a.astype(np.float64), b.astype(np.float64)
    planes = (a, b, a * a, b * b, a * b)
    ma, mb, aa, bb, ab = (convolve2d(p, window, mode="valid") for p in planes)
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    top = (2 * ma * mb + c1) * (2 * (ab - ma * mb) + c2)
    return float((top / ((ma**2 + mb**2 + c1) * (aa - ma**2 + bb - mb**2 + c2))).mean())


def _normal(x: torch.Tensor) -> torch.Tensor:
    mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
    return (x - mean) / torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)


def _conv(
    t: Tensors, name: str, x: torch.Tensor, stride: int = 1, padding: int = 0
) -> torch.Tensor:
    out = functional.conv2d(x, t[f"{name}.weight"], t[f"{name}.bias"], stride, padding)
    return functional.relu(out, inplace=True)


def _alex(t: Tensors, x: torch.Tensor) -> list[torch.Tensor]:
    outputs = []
    for index, stride, padding in ((0, 4, 2), (3, 1, 2), (6, 1, 1), (8, 1, 1), (10, 1, 1)):
        x = functional.max_pool2d(x, 3, 2) if index in (3, 6) else x
        x = _conv(t, f"features.{index}", x, stride, padding)
        outputs.append(x)
    return outputs


def _squeeze(t: Tensors, x: torch.Tensor) -> list[torch.Tensor]:
    x = _conv(t, "features.0", x, 2)
    outputs = [x]
    for index in _FIRES:
        x = functional.max_pool2d(x, 3, 2, ceil_mode=True) if index in (3, 6, 9) else x
        s = _conv(t, f"features.{index}.squeeze", x)
        narrow = _conv(t, f"features.{index}.expand1x1", s)
        x = torch.cat([narrow, _conv(t, f"features.{index}.expand3x3", s, 1, 1)], 1)
        if index in (4, 7, 9, 10, 11, 12):
            outputs.append(x)
    return outputs


def _half(x: torch.Tensor) -> torch.Tensor:
    return functional.max_pool2d(x, 2)


def _l2(x: torch.Tensor) -> torch.Tensor:
    taps = torch.tensor(np.hanning(5)[1:-1], dtype=torch.float32)
    window = torch.outer(taps, taps)
    kernel = (window / window.sum())[None, None].repeat(x.shape[1], 1, 1, 1)
    return (functional.conv2d(x**2, kernel, stride=2, padding=1, groups=x.shape[1]) + 1e-12).sqrt()


def _vgg(t: Tensors, x: torch.Tensor, pool: Any = _half) -> list[torch.Tensor]:
    outputs: list[torch.Tensor] = []
    for layers in _STAGES:
        x = pool(x) if outputs else x
        for index in layers:
            x = _conv(t, f"features.{index}", x, 1, 1)
        outputs.append(x)
    return outputs
