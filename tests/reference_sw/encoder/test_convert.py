"""From one carriage to the other and back, with the same decoded parameters."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from reference_sw.bitstream.access_unit import split_access_units
from reference_sw.bitstream.byte_stream import join_byte_stream, split_byte_stream
from reference_sw.bitstream.code_points import CodecFamily, HashType, KeyPictureCodec
from reference_sw.bitstream.errors import BitstreamError
from reference_sw.bitstream.gfv_message import GenerativeFaceVideo
from reference_sw.bitstream.hash_unit import PictureHash, PlaneHash
from reference_sw.bitstream.key_picture import KeyPicture
from reference_sw.bitstream.native_stream import read_native_stream
from reference_sw.bitstream.native_unit import EndOfSequence, NativeUnit, UserData
from reference_sw.bitstream.parameter_layout import ParameterLayout
from reference_sw.bitstream.parameter_set import GroupCoding, ParameterSet
from reference_sw.bitstream.sei_generation import SeiGeneration
from reference_sw.bitstream.sei_message import SeiMessage, SeiState
from reference_sw.bitstream.sei_unit import is_sei, read_sei_unit
from reference_sw.bitstream.video_codec import Hevc, VideoCodec, Vvc, detect_codec
from reference_sw.bitstream.writer_sei import write_sei_unit
from reference_sw.bitstream.writer_stream import unit_of, write_native_stream
from reference_sw.decoder.parameter_reader import ParameterReader
from reference_sw.encoder.native_to_sei import native_to_sei
from reference_sw.encoder.segment_encoder import SegmentEncoder
from reference_sw.encoder.sei_to_native import sei_to_native

PARAMETERS = {
    CodecFamily.KEYPOINTS_2D: ParameterLayout(pl_num_points_minus1=9),
    CodecFamily.KEYPOINTS_2D_MATRICES: ParameterLayout(pl_num_points_minus1=4),
    CodecFamily.KEYPOINTS_3D: ParameterLayout(pl_num_points_minus1=14),
    CodecFamily.COMPACT_FEATURE_GRID: ParameterLayout(
        pl_grid_height_minus1=3, pl_grid_width_minus1=4
    ),
    CodecFamily.LANDMARKS_2D: ParameterLayout(pl_num_points_minus1=20),
    CodecFamily.FACIAL_SEMANTICS: ParameterLayout(
        pl_num_shape=3, pl_num_expression_minus1=5, pl_pose_present_flag=1, pl_gaze_present_flag=1
    ),
    CodecFamily.BODY_POSE: ParameterLayout(pl_num_points_minus1=16, pl_joint_3d_flag=1),
    CodecFamily.PCA_MOTION: ParameterLayout(pl_num_components_minus1=7),
}
ROOT = Path(__file__).parents[3]
PICTURES, SECOND_KEY, PER_SEGMENT = 12, 7, 4


@pytest.fixture(scope="module")
def key_units() -> dict[KeyPictureCodec, bytes]:
    """One intra picture of each codec, from ffmpeg's own encoders."""
    found = {}
    options = {
        KeyPictureCodec.VVC: ["-pix_fmt", "yuv420p10le", "-c:v", "libvvenc", "-preset", "faster"],
        KeyPictureCodec.HEVC: ["-pix_fmt", "yuv420p", "-c:v", "libx265", "-x265-params", "info=0"],
    }
    for codec, chosen in options.items():
        arguments = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi"]
        arguments += ["-i", "testsrc2=size=128x64:rate=25", "-frames:v", "1", *chosen, "-f"]
        arguments += ["vvc" if codec is KeyPictureCodec.VVC else "hevc", "-"]
        found[codec] = subprocess.run(arguments, check=True, capture_output=True).stdout
    return found


def native_stream(family: CodecFamily, key: bytes, codec: KeyPictureCodec) -> bytes:
    layout = PARAMETERS[family]
    gps = ParameterSet(
        gps_codec_family=family,
        gps_pic_width_minus1=127,
        gps_pic_height_minus1=63,
        gps_frame_rate_num_minus1=29_999,
        gps_frame_rate_den_minus1=1_000,
        gps_model_present_flag=1,
        gps_model_digest=b"\0\0\1digest"[:8],
        gps_hash_type_idc=HashType.MD5,
        layout=layout,
    )
    gps.groups = [GroupCoding(3 * i, 9 - i, i % 4) for i in range(len(gps.parameter_groups))]
    source = np.random.default_rng(int(family))
    encoder = SegmentEncoder(gps)
    units = [unit_of(gps)]
    for first in range(0, PICTURES, PER_SEGMENT):
        for index in sorted({0, SECOND_KEY} & set(range(first, first + PER_SEGMENT))):
            units.append(unit_of(KeyPicture(0, codec, 1, index, key)))
        pictures = [
            tuple(source.integers(-99, 100, g.size).astype(np.int64) for g in gps.parameter_groups)
            for _ in range(PER_SEGMENT)
        ]
        units.append(unit_of(encoder.encode(pictures, {0, SECOND_KEY})))
    units.append(unit_of(PictureHash(planes=[PlaneHash(bytes([i] * 16)) for i in range(3)])))
    units.append(unit_of(UserData(bytes(range(16)), b"\0\0\1note")))
    units.append(unit_of(EndOfSequence()))
    return write_native_stream(units)


def values(stream: bytes) -> list[list[list[int]]]:
    reader = ParameterReader()
    pictures = [p for unit in read_native_stream(stream) for p in reader.follow(unit)]
    return [[group.tolist() for group in picture.values] for picture in pictures]


def bodies(stream: bytes, kind: type[object]) -> list[object]:
    return [unit.body for unit in read_native_stream(stream) if isinstance(unit.body, kind)]


@pytest.mark.parametrize("family", PARAMETERS)
@pytest.mark.parametrize("codec", KeyPictureCodec)
@pytest.mark.parametrize("generation", SeiGeneration)
def test_native_to_sei_and_back(
    family: CodecFamily,
    codec: KeyPictureCodec,
    generation: SeiGeneration,
    key_units: dict[KeyPictureCodec, bytes],
) -> None:
    native = native_stream(family, key_units[codec], codec)
    sei = native_to_sei(native, generation)
    back = sei_to_native(sei, generation=generation, pictures_per_segment=3)
    assert values(back) == values(native)
    assert len(values(back)) == PICTURES
    for kind in (ParameterSet, PictureHash, UserData, EndOfSequence):
        assert bodies(back, kind) == bodies(native, kind)
    before, after = (bodies(s, KeyPicture) for s in (native, back))
    for old, new in zip(before, after, strict=True):
        assert isinstance(old, KeyPicture) and isinstance(new, KeyPicture)
        assert new.kpu_picture_index == old.kpu_picture_index
        assert nal_units(new.kpu_access_unit_byte) == nal_units(old.kpu_access_unit_byte)


def nal_units(stream: bytes) -> list[bytes]:
    return [unit.data for unit in split_byte_stream(stream)]


@pytest.mark.parametrize("codec", [Vvc(), Hevc()], ids=lambda c: c.name)
def test_the_key_pictures_still_play(
    codec: VideoCodec, key_units: dict[KeyPictureCodec, bytes]
) -> None:
    key = key_units[codec.codec]
    sei = native_to_sei(native_stream(CodecFamily.KEYPOINTS_2D, key, codec.codec))
    pixels = "yuv420p10le" if codec.codec is KeyPictureCodec.VVC else "yuv420p"
    decoded = []
    for stream in (key, sei):
        arguments = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", codec.name, "-i", "-"]
        arguments += ["-f", "rawvideo", "-pix_fmt", pixels, "-"]
        run = subprocess.run(arguments, input=stream, check=True, capture_output=True)
        decoded.append(run.stdout)
    assert decoded[1] == decoded[0] * 2


def face_values(stream: bytes) -> list[SeiMessage]:
    units = split_byte_stream(stream)
    codec, state = detect_codec(units[0].data), SeiState()
    found = [
        message
        for unit in units
        if is_sei(unit.data, codec)
        for message in read_sei_unit(unit.data, codec, state).messages
    ]
    return [m for m in found if isinstance(m.payload, GenerativeFaceVideo)]


@pytest.mark.parametrize(
    "name",
    [
        *("A", "A_prefix", "B", "C", "C0", "C1", "D", "E", "F"),
        pytest.param("S", marks=pytest.mark.slow),
    ],
)
def test_streams_made_by_vtm_survive(name: str) -> None:
    if "GVC_DATA" not in os.environ:
        pytest.skip("GVC_DATA is not set: the streams made by VTM are not at hand")
    stream = (Path(os.environ["GVC_DATA"]) / "gfv_sei" / f"gfv{name}.bin").read_bytes()
    native = sei_to_native(stream, pictures_per_segment=125)
    back = native_to_sei(native)
    before, after = face_values(stream), face_values(back)
    assert len(before) == len(after) > 0
    for old, new in zip(before, after, strict=True):
        old_values, new_values = old.values, new.values
        assert old_values is not None and new_values is not None
        assert old_values.matrices == new_values.matrices
        assert old_values.gfv_id == new_values.gfv_id
        for field in ("coordinates", "base_picture", "fusion_picture", "low_confidence"):
            assert getattr(old_values, field) == getattr(new_values, field)
    first, last = before[0].payload, after[0].payload
    for field in ("gfv_nn_tag_uri", "gfv_nn_uri", "gfv_nn_payload_byte", "gfv_chroma_key_value"):
        assert getattr(first, field) == getattr(last, field)
    assert sei_to_native(back, pictures_per_segment=125) == native
    assert other_units(stream) == other_units(back)


def other_units(stream: bytes) -> list[bytes]:
    """Units that carry neither face messages nor native units."""
    units = split_byte_stream(stream)
    codec = detect_codec(units[0].data)
    return [u.data for u in units if not is_sei(u.data, codec) or u.data[2] == 224]


def test_an_enhancement_layer_travels_as_enhancement_messages() -> None:
    native = (ROOT / "tests/conformance/streams/two_layers.gvc").read_bytes()
    sei = native_to_sei(native)
    state = SeiState()
    types = [
        message.payload_type
        for unit in split_byte_stream(sei)
        if is_sei(unit.data, Vvc())
        for message in read_sei_unit(unit.data, Vvc(), state).messages
    ]
    assert types.count(223) == types.count(224) == 4
    back = sei_to_native(sei)
    assert values(back) == values(native) and len(values(back)) == 8
    assert bodies(back, ParameterSet) == bodies(native, ParameterSet)
    assert native_to_sei(back) == sei


def test_a_unit_with_messages_of_both_kinds_is_taken_apart() -> None:
    stream = (ROOT / "tests/conformance/streams/sei_enhancement.vvc").read_bytes()
    units, state, written = split_byte_stream(stream), SeiState(), SeiState()
    messages = [
        message
        for unit in units
        if is_sei(unit.data, Vvc())
        for message in read_sei_unit(unit.data, Vvc(), state).messages
    ]
    plain = [unit.data for unit in units if not is_sei(unit.data, Vvc())]
    mixed = [
        write_sei_unit(pair, Vvc(), written)
        for pair in map(list, zip(messages[:4], messages[4:], strict=True))
    ]
    native = sei_to_native(join_byte_stream([*plain, *mixed], long_first=True))
    assert values(native) == values(sei_to_native(stream))
    assert other_units(native_to_sei(native)) == other_units(stream)


def test_what_cannot_be_converted(key_units: dict[KeyPictureCodec, bytes]) -> None:
    key = key_units[KeyPictureCodec.VVC]
    gps = ParameterSet(groups=[GroupCoding(0, 6)])
    two = join_byte_stream(nal_units(key) * 2)
    assert len(split_access_units(two, Vvc())) == 2
    cases: list[tuple[list[NativeUnit], str]] = [
        ([unit_of(gps)], "no key picture"),
        ([unit_of(gps), unit_of(KeyPicture(0, 9, 1, 0, key))], "kpu_codec_idc = 9"),
        ([unit_of(gps), unit_of(KeyPicture(0, 1, 1, 0, two))], "2 access units, shall be 1"),
        ([unit_of(gps), unit_of(gps, layer=1)], "only layer 0, and layer 1 with enhancement"),
    ]
    for units, message in cases:
        with pytest.raises(BitstreamError, match=message):
            native_to_sei(write_native_stream(units))
    with pytest.raises(BitstreamError, match="no generative face video message"):
        sei_to_native(key)


def run_tool(module: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", f"reference_sw.{module}", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


def test_the_command(tmp_path: Path, key_units: dict[KeyPictureCodec, bytes]) -> None:
    key = key_units[KeyPictureCodec.VVC]
    native = native_stream(CodecFamily.KEYPOINTS_2D, key, KeyPictureCodec.VVC)
    (tmp_path / "a.gvc").write_bytes(native)
    first = run_tool("encoder.convert_command", tmp_path / "a.gvc", tmp_path / "a.vvc")
    assert first.returncode == 0 and f"(from {len(native)})" in first.stdout
    second = run_tool(
        "encoder.convert_command",
        "--pictures-per-segment",
        "4",
        tmp_path / "a.vvc",
        tmp_path / "b.gvc",
    )
    assert second.returncode == 0
    assert values((tmp_path / "b.gvc").read_bytes()) == values(native)


def test_a_failed_conversion_leaves_the_output_alone(tmp_path: Path) -> None:
    (tmp_path / "bad").write_bytes(b"\0\0\1\0\xe1\0")
    (tmp_path / "out").write_bytes(b"precious")
    run = run_tool("encoder.convert_command", tmp_path / "bad", tmp_path / "out")
    assert run.returncode == 1
    assert run.stderr.count("\n") == 1 and "gps_parameter_set_id" in run.stderr
    assert (tmp_path / "out").read_bytes() == b"precious"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad", "out"]
    missing = run_tool("encoder.convert_command", tmp_path / "none", tmp_path / "out")
    assert missing.returncode == 2 and "No such file" in missing.stderr
    wrong = run_tool("encoder.convert_command", "--frame-rate", "0", "x", "y")
    assert wrong.returncode == 2 and "shall be above 0" in wrong.stderr
