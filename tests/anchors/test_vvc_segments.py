"""Segments of VTM random access, joined: byte for byte what one run of the encoder writes.

The three recorded streams are what VTM 23.13 writes of the moving texture with
encoder_randomaccess_vtm.cfg at QP 47: pictures 0 to 32, 32 to 64, and all 65 in one run.
"""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from anchors.vvc_segments import join_segments, split_units
from ctc.errors import StageError
from tests.anchors.moving_texture import moving_texture

STREAMS = Path(__file__).with_name("segments")
FIRST, SECOND, WHOLE = (
    (STREAMS / f"{name}.vvc").read_bytes() for name in ("first", "second", "whole")
)


def test_the_joined_stream_is_the_whole_one() -> None:
    assert join_segments([FIRST, SECOND], [33, 33]) == WHOLE
    assert join_segments([WHOLE], [65]) == WHOLE
    assert SECOND not in WHOLE  # it is not merely appended


def test_units_are_the_stream() -> None:
    units = split_units(WHOLE)
    assert b"".join(unit.start + unit.content for unit in units) == WHOLE
    assert sum(unit.kind < 12 for unit in units) == 65
    assert [unit.kind for unit in units[:4]] == [15, 16, 17, 8]


def without(stream: bytes, index: int) -> bytes:
    units = split_units(stream)
    return b"".join(u.start + u.content for u in units[:index] + units[index + 1 :])


def changed(stream: bytes, kind: int, byte: int) -> bytes:
    units = split_units(stream)
    index = next(i for i, unit in enumerate(units) if unit.kind == kind)
    content = bytearray(units[index].content)
    content[byte] ^= 1
    parts = [u.start + (bytes(content) if i == index else u.content) for i, u in enumerate(units)]
    return b"".join(parts)


@pytest.mark.parametrize(
    ("streams", "frames", "words"),
    [
        ([FIRST, without(SECOND, 20)], [33, 33], "segment 1: holds other pictures"),
        ([FIRST, SECOND], [33, 34], "segment 1: holds other pictures than its 34"),
        ([FIRST, FIRST], [33, 33], "segment 1: its first picture is not coded as in the one"),
        (
            [WHOLE, SECOND],
            [65, 33],
            "segment 0: shall hold one CRA picture, its last; has [32, 64]",
        ),
        ([FIRST, changed(SECOND, 8, -2)], [33, 33], "segment 1: its first picture is not coded"),
        ([FIRST, changed(SECOND, 16, 8)], [33, 33], "segment 1: its parameter sets are not those"),
        ([FIRST, b"no stream"], [33, 33], "segment 1: no VVC byte stream"),
        ([FIRST, b""], [33, 33], "segment 1: no VVC byte stream"),
        ([FIRST, b"\0\0\1\0\x79\0"], [33, 33], "segment 1: a NAL unit of 2 bytes"),
        ([FIRST, b"\0\0\1\0\x79\7"], [33, 33], "segment 1: a NAL unit ends inside its header"),
    ],
)
def test_what_would_not_be_identical_is_refused(
    streams: list[bytes], frames: list[int], words: str
) -> None:
    with pytest.raises(StageError) as refusal:
        join_segments(streams, frames)
    assert words in str(refusal.value)


def test_pictures_whose_type_depends_on_the_run_are_refused() -> None:
    # A trailing picture near the start of a segment: VTM writes STSA or TRAIL by its distance.
    units = split_units(SECOND)
    leading = next(i for i, unit in enumerate(units) if unit.kind == 3)
    content = bytes([0, units[leading].content[1] & 7]) + units[leading].content[2:]
    parts = [u.start + (content if i == leading else u.content) for i, u in enumerate(units)]
    with pytest.raises(StageError, match="with 1 CRA pictures before it"):
        join_segments([FIRST, b"".join(parts)], [33, 33])


def encode(folder: Path, source: Path, skip: int, frames: int, qp: int) -> bytes:
    programs = Path(os.environ["CTC_VTM_DIR"])
    made = folder / f"{skip}-{frames}.vvc"
    configuration = "cfg/encoder_randomaccess_vtm.cfg"
    places = [place for place in (programs, programs.parent) if (place / configuration).is_file()]
    given = f"-wdt 32 -hgt 32 -fr 30 -f {frames} --FrameSkip={skip} -q {qp} --InputBitDepth=8"
    rest = "--InputChromaFormat=420 --Level=6.2 --TemporalSubsampleRatio=1"
    program = [str(programs / "EncoderAppStatic"), "-c", str(places[0] / configuration)]
    files = ["-i", str(source), "-b", str(made), "-o", os.devnull]
    subprocess.run(
        [*program, *files, *given.split(), *rest.split(), "--SEIDecodedPictureHash=0"],
        check=True,
        capture_output=True,
        timeout=1200,
    )
    return made.read_bytes()


@pytest.mark.slow
def test_vtm_in_segments_and_in_one_run(tmp_path: Path) -> None:
    # 134 pictures: a segment of one intra period, then three periods with what is left of one.
    if not os.environ.get("CTC_VTM_DIR"):
        pytest.skip("CTC_VTM_DIR is not set: the folder of VTM's programs")
    source = tmp_path / "texture.yuv"
    source.write_bytes(moving_texture(134))
    jobs = [(0, 33), (32, 102), (0, 134)]
    with ThreadPoolExecutor(2) as pool:
        first, last, whole = pool.map(lambda job: encode(tmp_path, source, *job, 51), jobs)
    assert join_segments([first, last], [33, 102]) == whole
