"""Pictures with published metric values, from GVC_DATA."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from skimage.io import imread

from ctc.metrics import Metric, VideoFile, metric_by_name
from reference_sw.video.format import ChromaFormat, ColourModel, VideoFormat

IQA = ("I03", "I04", "I06", "I08", "I19")


def oracle_picture(name: str) -> npt.NDArray[np.uint8]:
    """Return R, G, B of one picture, (3, height, width); skip the test when it is not there."""
    path = Path(os.environ.get("GVC_DATA", "/nowhere")) / "oracles" / name
    if not path.is_file():
        pytest.skip(f"GVC_DATA is not set, or holds no oracles/{name}")
    return np.asarray(imread(path)[..., :3].transpose(2, 0, 1), dtype=np.uint8)


def rgb_file(path: Path, picture: npt.NDArray[np.uint8]) -> VideoFile:
    """Write (3, height, width) or (n, 3, height, width) as planar RGB."""
    pictures = picture if picture.ndim == 4 else picture[None]
    video = VideoFormat(
        pictures.shape[3],
        pictures.shape[2],
        chroma_format=ChromaFormat.C444,
        colour=ColourModel.RGB,
    )
    path.write_bytes(np.ascontiguousarray(pictures).tobytes())
    return VideoFile(path, video, len(pictures))


def grey_file(path: Path, picture: npt.NDArray[np.uint8]) -> VideoFile:
    """Write R, G, B as one grey plane, by the weights and rounding of Matlab's rgb2gray."""
    weights = np.array([0.298936, 0.587043, 0.114021])
    grey = np.rint(np.tensordot(weights, picture.astype(np.float64), 1)).astype(np.uint8)
    video = VideoFormat(grey.shape[1], grey.shape[0], chroma_format=ChromaFormat.MONOCHROME)
    path.write_bytes(grey.tobytes())
    return VideoFile(path, video, 1)


def available(name: str) -> Metric:
    """Return a metric, or skip the test with the reason why it cannot run."""
    metric = metric_by_name(name)
    if reason := metric.unavailable():
        pytest.skip(reason)
    return metric


def figure(metric: Metric, original: VideoFile, decoded: VideoFile) -> float:
    """Return the sequence's figure of one pair."""
    value = metric.measure(original, [decoded])[0].sequence
    assert value is not None
    return value
