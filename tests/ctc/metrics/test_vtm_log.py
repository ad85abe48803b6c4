"""Our PSNR of a decoded file against what VTM prints of the same pictures."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from anchors.vtm_log import read_vtm_encoder_log
from ctc.metrics import VideoFile, measure_all, metric_by_name
from ctc.program import resolve_program
from ctc.registry import find_card
from reference_sw.video.format import VideoFormat
from tests.ctc.metrics.clips import smooth_planes, write

VIDEO = VideoFormat(64, 64, bit_depth=10)
FRAMES = 3


@pytest.mark.slow
def test_plane_and_weighted_psnr_are_vtms(tmp_path: Path) -> None:
    if not os.environ.get("CTC_VTM_DIR"):
        pytest.skip("CTC_VTM_DIR is not set: the folder of VTM's programs")
    card = find_card("vtm-ai")
    original = write(tmp_path / "o.yuv", smooth_planes(VIDEO, FRAMES), VIDEO)
    values = {
        "source": str(original.path),
        "bitstream": str(tmp_path / "a.bin"),
        "decoded": str(tmp_path / "d.yuv"),
        "work": str(tmp_path),
        "width": "64",
        "height": "64",
        "frames": str(FRAMES),
        "frame_rate": "25",
        "bit_depth": "10",
        "chroma_format": "420",
        "rate_point": "37",
    }
    logs = [
        subprocess.run(
            resolve_program(card.path, part).command(values),
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        ).stdout
        for part in (card.card.encoder, card.card.decoder)
    ]
    summary = read_vtm_encoder_log(logs[0]).psnr
    decoded = VideoFile(tmp_path / "d.yuv", VIDEO, FRAMES)
    names = ("psnr-y", "psnr-u", "psnr-v", "apsnr-yuv-samples-mse")
    ours = measure_all([metric_by_name(name) for name in names], original, [decoded])
    theirs = [summary[column] for column in ("Y-PSNR", "U-PSNR", "V-PSNR", "YUV-PSNR")]
    for name, row, value in zip(names, ours, theirs, strict=True):
        assert row[0].sequence == pytest.approx(value, abs=6e-5), name
