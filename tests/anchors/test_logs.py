"""Logs of real encoders, and hand-written ones of known content."""

from __future__ import annotations

import os
import statistics
from pathlib import Path

import pytest

from anchors.encoder_log import differences, read_pictures
from anchors.hm_log import bytes_written, read_hm_encoder_log
from anchors.vtm_log import read_vtm_decoder_log, read_vtm_encoder_log
from ctc.errors import StageError

VTM = """
VVCSoftware: VTM Encoder Version 23.13 [Linux][GCC 12.2.0]
POC    0 LId:  0 TId: 0 ( IDR_N_LP, I-SLICE, QP 52 )       2496 bits \
[Y 29.4617 dB    U 36.4813 dB    V 32.3128 dB] [xY 403D76 xU 1 xV 2] [ET     1 ] [L0] [L1]
POC    8 LId:  0 TId: 0 ( TRAIL, B-SLICE, QP 53 )        120 bits \
[Y 29.4238 dB    U 36.4771 dB    V 32.3176 dB] [MS-SSIM Y 0.950410] [ET     2 ] [L0 7 6c] [L1 7c]

LayerId  0
\tTotal Frames |  Bitrate      Y-PSNR   U-PSNR   V-PSNR   YUV-PSNR
\t2            a  32.7000      29.4428  36.4792  32.3152  30.1000

 finished @ Sun
 Total Time:       29.485 sec. [user]       96.047 sec. [elapsed]
"""


def test_vtm_encoder_log_by_hand() -> None:
    log = read_vtm_encoder_log(VTM)
    assert log.version == "23.13"
    assert [p.poc for p in log.pictures] == [0, 8]
    assert log.bits == 2616
    assert log.pictures[1].psnr == (29.4238, 36.4771, 32.3176)
    assert log.total_frames == 2
    assert log.bitrate_kbps == 32.7
    assert log.psnr == {"Y-PSNR": 29.4428, "U-PSNR": 36.4792, "V-PSNR": 32.3152, "YUV-PSNR": 30.1}
    assert differences(log, 327, 2) == []


def test_differences_are_named() -> None:
    log = read_vtm_encoder_log(VTM)
    assert differences(log, 385, 2) == ["log: 2616 bits in pictures; the file has 3080"]
    assert "expected 3" in differences(log, 327, 3)[0]


def test_unfinished_encode_has_no_summary() -> None:
    with pytest.raises(StageError, match="did not finish"):
        read_vtm_encoder_log(VTM.split("LayerId")[0])


def test_hm_missing_input_is_an_error_though_hm_exits_with_0() -> None:
    with pytest.raises(StageError, match="could not open its input"):
        read_hm_encoder_log("failed to open Input YUV file\n")


def test_vtm_decoder_log_counts_hashes() -> None:
    line = "POC    {} LId:  0 TId: 0 ( TRAIL, B-SLICE, QP 61 ) [DT  0.001] [L0 0] [L1 0c] "
    text = line.format(1) + "[MD5:aa,bb,cc,(OK)] \n" + line.format(2)
    text += "[MD5:aa,bb,cc,(***ERROR***)] [rxMD5:dd]\n" + line.format(3) + "[:,(unk)]\n"
    log = read_vtm_decoder_log(text)
    assert (log.pictures, log.verified, log.mismatched) == (3, 1, 1)


def real_logs() -> Path:
    data = os.environ.get("GVC_DATA")
    if not data or not (Path(data) / "logs").is_dir():
        pytest.skip("GVC_DATA is not set: no logs of real encoders")
    return Path(data) / "logs"


def test_real_vtm_logs_agree_with_themselves() -> None:
    for path in sorted(real_logs().glob("vtm*ldb*gfvccfg*.enc.log")):
        log = read_vtm_encoder_log(path.read_text())
        assert len(log.pictures) == log.total_frames, path.name
        mean = statistics.fmean(picture.psnr[0] for picture in log.pictures)
        assert mean == pytest.approx(log.psnr["Y-PSNR"], abs=6e-5), path.name
        kbps = log.bits / 1000 / (log.total_frames / 25)
        assert kbps == pytest.approx(log.bitrate_kbps, abs=6e-5), path.name


def test_real_hm_logs_agree_with_themselves() -> None:
    for path in sorted(real_logs().glob("hm16.25_ldb*.enc.log")):
        text = path.read_text()
        log = read_hm_encoder_log(text)
        assert log.version == "16.25"
        assert log.bits == 8 * (bytes_written(text) or 0), path.name
        assert differences(log, bytes_written(text) or 0, log.total_frames) == []


def test_real_vtm_decoder_logs_verify_every_picture() -> None:
    for path in sorted(real_logs().glob("vtm23.13_ldb_gfvccfg_d0*.dec.log")):
        log = read_vtm_decoder_log(path.read_text())
        assert log.pictures == log.verified == 64, path.name
        assert log.mismatched == 0


def test_400_log_has_luma_alone() -> None:
    line = "POC 0 LId: 0 TId: 0 ( IDR_N_LP, I-SLICE, QP 30 ) 800 bits [Y 40.1 dB] [ET 1 ]"
    assert read_pictures(line)[0].psnr == (40.1,)
