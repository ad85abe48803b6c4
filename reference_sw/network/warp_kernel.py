"""Integer bilinear warp, compiled for the CPU and as tensor operations for other devices."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

FloatArray = npt.NDArray[np.float32]


def _rows(source: FloatArray, motion: FloatArray, out: FloatArray) -> None:
    """source (n, c, h, w), motion (n, 2 g, h, w), out (n, g c, h, w): integers in float32."""
    batch, channels, height, width = source.shape
    groups = motion.shape[1] // 2
    left = np.empty(width, np.int64)
    right = np.empty(width, np.int64)
    upper = np.empty(width, np.int64)
    lower = np.empty(width, np.int64)
    weights = np.empty((4, width), np.float32)
    for i in range(batch):
        for g in range(groups):
            for y in range(height):
                for x in range(width):
                    px = x * 32 + ((int(motion[i, 2 * g, y, x]) * width + 256) >> 9)
                    py = y * 32 + ((int(motion[i, 2 * g + 1, y, x]) * height + 256) >> 9)
                    px = min(max(px, 0), 32 * (width - 1))
                    py = min(max(py, 0), 32 * (height - 1))
                    u, v = px & 31, py & 31
                    left[x] = px >> 5
                    right[x] = min((px >> 5) + 1, width - 1)
                    upper[x] = py >> 5
                    lower[x] = min((py >> 5) + 1, height - 1)
                    weights[0, x] = (32 - u) * (32 - v)
                    weights[1, x] = u * (32 - v)
                    weights[2, x] = (32 - u) * v
                    weights[3, x] = u * v
                for c in range(channels):
                    plane = source[i, c]
                    row = out[i, g * channels + c, y]
                    for x in range(width):
                        total = plane[upper[x], left[x]] * weights[0, x]
                        total += plane[upper[x], right[x]] * weights[1, x]
                        total += plane[lower[x], left[x]] * weights[2, x]
                        total += plane[lower[x], right[x]] * weights[3, x]
                        row[x] = np.floor((total + np.float32(512)) * np.float32(1 / 1024))


_compiled: Any = numba.njit(cache=True, nogil=True, error_model="numpy")(_rows)


def warp_compiled(source: Tensor, motion: Tensor) -> Tensor:
    """Warped float32 tensor on the CPU; 1024 max |source| + 512 shall be below 2^24."""
    n, c, h, w = source.shape
    out = torch.empty((n, c * (motion.shape[1] // 2), h, w), dtype=torch.float32)
    _compiled(source.contiguous().numpy(), motion.contiguous().numpy(), out.numpy())
    return out


def warp_tensors(source: Tensor, motion: Tensor) -> Tensor:
    """The same by gathers, on any device, in float64."""
    n, channels, height, width = source.shape
    groups = motion.shape[1] // 2
    d = motion.to(torch.int64).reshape(n * groups, 2, height, width)
    column = torch.arange(width, device=source.device)
    row = torch.arange(height, device=source.device)[:, None]
    px = (column * 32 + ((d[:, 0] * width + 256) >> 9)).clamp(0, 32 * (width - 1))
    py = (row * 32 + ((d[:, 1] * height + 256) >> 9)).clamp(0, 32 * (height - 1))
    u, v = (px & 31).double(), (py & 31).double()
    left, upper = px >> 5, py >> 5
    right, lower = (left + 1).clamp_max(width - 1), (upper + 1).clamp_max(height - 1)
    planes = source.double().repeat_interleave(groups, 0).flatten(2)

    def at(y: Tensor, x: Tensor) -> Tensor:
        index = (y * width + x).flatten(1)[:, None].expand(-1, channels, -1)
        return planes.gather(2, index).reshape(-1, channels, height, width)

    u, v = u[:, None], v[:, None]
    top = at(upper, left) * (32 - u) + at(upper, right) * u
    bottom = at(lower, left) * (32 - u) + at(lower, right) * u
    total = torch.floor((top * (32 - v) + bottom * v + 512) / 1024)
    return total.float().reshape(n, groups * channels, height, width)
