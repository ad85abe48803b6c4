"""Our messages in a stream coded by VVenC, read by VTM's decoder: same values, same pictures."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import imageio_ffmpeg
import pytest

from reference_sw.bitstream.byte_stream import split_byte_stream
from reference_sw.bitstream.gfve_message import GfveState
from reference_sw.bitstream.sei_message import SeiMessage, SeiState
from reference_sw.bitstream.sei_unit import is_sei, read_sei_unit
from reference_sw.bitstream.trace import Trace
from reference_sw.bitstream.video_codec import Vvc
from reference_sw.bitstream.writer_enhancement import enhancement_message
from reference_sw.bitstream.writer_face import face_message, shortest_face_message
from reference_sw.bitstream.writer_mux import insert_messages
from tests.reference_sw.bitstream.face_samples import TRACKS, slow_track, track
from tests.reference_sw.bitstream.test_writer_face import enhancements
from tests.reference_sw.bitstream.vtm_dump import derived_of, elements_of, read_dump

WIDTH, HEIGHT, PICTURES = 128, 64, 3
FRAME_BYTES_10_BIT = WIDTH * HEIGHT * 3
VVENC = (
    "PicReordering=0:NumRefPics=0:NumRefPicsSCC=0:IntraPeriod=-1:DecodingRefreshType=none:"
    "POC0IDR=1:GOPSize=8:MCTF=0:BIM=0"
)


@pytest.fixture(scope="module")
def vtm_decoder() -> Path:
    if "CTC_VTM_DIR" not in os.environ:
        pytest.skip("CTC_VTM_DIR is not set: VTM's decoder is not at hand")
    return Path(os.environ["CTC_VTM_DIR"]) / "DecoderAppStatic"


@pytest.fixture(scope="module")
def vvenc_stream(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    out = tmp_path_factory.mktemp("vvenc") / "plain.vvc"
    source = f"testsrc2=size={WIDTH}x{HEIGHT}:rate=25"
    arguments = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", source]
    arguments += ["-frames:v", str(PICTURES), "-pix_fmt", "yuv420p10le", "-c:v", "libvvenc"]
    arguments += ["-preset", "faster", "-qp", "42", "-qpa", "0", "-vvenc-params", VVENC]
    subprocess.run([*arguments, "-f", "vvc", str(out)], check=True, capture_output=True)
    return out.read_bytes()


def ffmpeg_pictures(stream: Path) -> bytes:
    arguments = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "vvc", "-i", str(stream)]
    arguments += ["-f", "rawvideo", "-pix_fmt", "yuv420p10le", "-"]
    return subprocess.run(arguments, check=True, capture_output=True).stdout


def vtm_pictures(decoder: Path, stream: Path, dump: Path) -> bytes:
    out = stream.with_suffix(".yuv")
    arguments = [str(decoder), "-b", str(stream), "-o", str(out), "-d", "10"]
    arguments.append(f"--OutputDecodedSEIMessagesFilename={dump}")
    subprocess.run(arguments, check=True, capture_output=True, cwd=stream.parent)
    return out.read_bytes()


def messages_of(name: str) -> list[list[SeiMessage]]:
    """Six messages in the first access unit, three in the second."""
    state = SeiState()
    found: list[SeiMessage] = []
    for parameters in [*slow_track(name, 3), *track(name, 6)[3:]]:
        message = shortest_face_message(parameters, state)
        write_through(message, state)
        found.append(message)
    predicted = [
        SeiMessage(payload=face_message(p, state.gfv[p.gfv_id], predict=False))
        for p in track(name, 9)[6:]
    ]
    return [found, predicted]


def write_through(message: SeiMessage, state: SeiState) -> None:
    """Let the state follow one message."""
    insert_messages(MINIMAL_STREAM, Vvc(), [[message]], state)


# A picture unit that is enough for the access unit splitter: one IDR slice with its header.
MINIMAL_STREAM = bytes.fromhex("00000001 0041 80 ff")


@pytest.mark.parametrize("name", TRACKS)
def test_vtm_reads_the_same_values(
    name: str, vtm_decoder: Path, vvenc_stream: bytes, tmp_path: Path
) -> None:
    stream = insert_messages(vvenc_stream, Vvc(), messages_of(name), SeiState())
    check(stream, vvenc_stream, vtm_decoder, tmp_path, expected_messages=9)


def test_vtm_reads_the_same_enhancement(
    vtm_decoder: Path, vvenc_stream: bytes, tmp_path: Path
) -> None:
    state = SeiState()
    found = []
    for parameters in enhancements():
        known = state.gfve.get((9, 4), GfveState())
        payload = enhancement_message(parameters, known, predict=parameters.gfv_cnt > 0)
        found.append(SeiMessage(224, payload=payload))
        write_through(found[-1], state)
    stream = insert_messages(vvenc_stream, Vvc(), [found], SeiState())
    check(stream, vvenc_stream, vtm_decoder, tmp_path, expected_messages=4)


def check(
    stream: bytes, plain: bytes, decoder: Path, folder: Path, *, expected_messages: int
) -> None:
    """VTM's elements and derived values are ours; the pictures are those of the plain stream."""
    (folder / "plain.vvc").write_bytes(plain)
    (folder / "sei.vvc").write_bytes(stream)
    before = vtm_pictures(decoder, folder / "plain.vvc", folder / "plain.txt")
    after = vtm_pictures(decoder, folder / "sei.vvc", folder / "sei.txt")
    assert len(after) == PICTURES * FRAME_BYTES_10_BIT
    hashes = {hashlib.md5(data).hexdigest() for data in (before, after)}
    hashes.add(hashlib.md5(ffmpeg_pictures(folder / "sei.vvc")).hexdigest())
    assert len(hashes) == 1
    dumped = read_dump((folder / "sei.txt").read_text(encoding="latin-1"))
    assert len(dumped) == expected_messages
    state = SeiState()
    units = [u.data for u in split_byte_stream(stream) if is_sei(u.data, Vvc())]
    for data, expected in zip(units, dumped, strict=True):
        trace = Trace()
        (message,) = read_sei_unit(data, Vvc(), state, trace).messages
        assert message.payload_size == expected.size
        assert elements_of(trace.entries) == expected.elements
        assert derived_of(message) == expected.derived


def test_hm_decodes_the_same_pictures_beside_messages(tmp_path: Path) -> None:
    """HM 16.25 does not know payload type 223 and shall pass over it."""
    if "CTC_HM_DIR" not in os.environ:
        pytest.skip("CTC_HM_DIR is not set: HM's decoder is not at hand")
    program = Path(os.environ["CTC_HM_DIR"]) / "TAppDecoderStatic"
    folder = Path(__file__).parents[2] / "conformance"
    pictures = []
    for name in ("key_pictures/hevc_a.bin", "streams/sei_keypoints_matrices_hevc.hevc"):
        out = tmp_path / "out.yuv"
        arguments = [str(program), "-b", str(folder / name), "-o", str(out), "-d", "8"]
        subprocess.run(arguments, check=True, capture_output=True, cwd=tmp_path)
        pictures.append(out.read_bytes())
    assert pictures[0] == pictures[1]
    assert len(pictures[0]) == 64 * 64 * 3 // 2
