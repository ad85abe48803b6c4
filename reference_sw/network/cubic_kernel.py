"""Integer cubic warp, compiled for the CPU and as tensor operations for other devices."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from reference_sw.network.definition import cubic_weights

FloatArray = npt.NDArray[np.float32]


def _rows(source: FloatArray, motion: FloatArray, taps: FloatArray, out: FloatArray) -> None:
    """source (n, c, h, w), motion (n, 2 g, h, w), out (n, g c, h, w): integers in float32."""
    batch, channels, height, width = source.shape
    columns = np.empty((4, width), np.int64)
    rows = np.empty((4, width), np.int64)
    across = np.empty((4, width), np.float32)
    down = np.empty((4, width), np.float32)
    for i in range(batch):
        for g in range(motion.shape[1] // 2):
            for y in range(height):
                for x in range(width):
                    px = x * 32 + ((int(motion[i, 2 * g, y, x]) * width + 256) >> 9)
                    py = y * 32 + ((int(motion[i, 2 * g + 1, y, x]) * height + 256) >> 9)
                    px = min(max(px, 0), 32 * (width - 1))
                    py = min(max(py, 0), 32 * (height - 1))
                    for k in range(4):
                        columns[k, x] = min(max((px >> 5) + k - 1, 0), width - 1)
                        rows[k, x] = min(max((py >> 5) + k - 1, 0), height - 1)
                        across[k, x] = taps[px & 31, k]
                        down[k, x] = taps[py & 31, k]
                for c in range(channels):
                    plane = source[i, c]
                    line = out[i, g * channels + c, y]
                    for x in range(width):
                        total = np.float32(8192)
                        for k in range(4):
                            part = np.float32(0)
                            for m in range(4):
                                part += plane[rows[k, x], columns[m, x]] * across[m, x]
                            total += part * down[k, x]
                        line[x] = np.floor(total * np.float32(1 / 16384))


_compiled: Any = numba.njit(cache=True, nogil=True, error_model="numpy")(_rows)
_TAPS = cubic_weights()


def cubic_compiled(source: Tensor, motion: Tensor) -> Tensor:
    """Warped float32 tensor on the CPU; accumulators shall be below 2^24."""
    n, c, h, w = source.shape
    out = torch.empty((n, c * (motion.shape[1] // 2), h, w), dtype=torch.float32)
    taps = _TAPS.astype(np.float32)
    _compiled(source.contiguous().numpy(), motion.contiguous().numpy(), taps, out.numpy())
    return out


def cubic_tensors(source: Tensor, motion: Tensor) -> Tensor:
    """The same by gathers, on any device, in float64."""
    n, channels, height, width = source.shape
    groups = motion.shape[1] // 2
    d = motion.to(torch.int64).reshape(n * groups, 2, height, width)
    column = torch.arange(width, device=source.device)
    row = torch.arange(height, device=source.device)[:, None]
    px = (column * 32 + ((d[:, 0] * width + 256) >> 9)).clamp(0, 32 * (width - 1))
    py = (row * 32 + ((d[:, 1] * height + 256) >> 9)).clamp(0, 32 * (height - 1))
    taps = torch.from_numpy(_TAPS).double().to(source.device)
    planes = source.double().repeat_interleave(groups, 0).flatten(2)
    total = torch.full((n * groups, channels, height, width), 8192.0, dtype=torch.float64)
    total = total.to(source.device)
    for i in range(4):
        y = ((py >> 5) + i - 1).clamp(0, height - 1)
        for j in range(4):
            x = ((px >> 5) + j - 1).clamp(0, width - 1)
            index = (y * width + x).flatten(1)[:, None].expand(-1, channels, -1)
            weight = taps[py & 31, i] * taps[px & 31, j]
            total += planes.gather(2, index).reshape(total.shape) * weight[:, None]
    return torch.floor(total / 16384).float().reshape(n, groups * channels, height, width)
