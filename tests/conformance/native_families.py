"""Native conformance streams: one for each codec family."""

from __future__ import annotations

import subprocess

import imageio_ffmpeg
import numpy as np

from reference_sw.bitstream.code_points import (
    CodecFamily,
    GroupKind,
    HashScope,
    HashType,
    MatrixCoefficients,
    PredictionMode,
)
from reference_sw.bitstream.parameter_layout import MessageGroup, ParameterLayout
from reference_sw.bitstream.picture_hash import hash_of_pictures, hash_unit_of
from reference_sw.bitstream.sample_format import SampleFormat
from reference_sw.bitstream.writer_stream import unit_of
from reference_sw.video.format import Picture
from tests.conformance.stream_parts import (
    KEYS,
    Units,
    key,
    parameter_set,
    simple,
    stream,
)


@stream("2-D keypoints, one picture per segment, prediction from the previous picture")
def keypoints_2d() -> Units:
    return simple(parameter_set(CodecFamily.KEYPOINTS_2D, ParameterLayout(pl_num_points_minus1=9)))


@stream("2-D keypoints with matrices, six pictures per segment, linear prediction")
def keypoints_2d_matrices() -> Units:
    layout = ParameterLayout(pl_num_points_minus1=4)
    gps = parameter_set(CodecFamily.KEYPOINTS_2D_MATRICES, layout, PredictionMode.LINEAR)
    return simple(gps, 6, 6)


@stream("3-D keypoints: rotation, translation, expression with three prediction modes")
def keypoints_3d() -> Units:
    gps = parameter_set(CodecFamily.KEYPOINTS_3D, ParameterLayout(pl_num_points_minus1=7))
    for mode, group in enumerate(gps.groups):
        group.gc_prediction_mode = mode
    return simple(gps, 6, 2)


@stream("compact feature grid of 2 x 4 x 4, prediction from the key picture, HEVC key picture")
def compact_feature_grid() -> Units:
    layout = ParameterLayout(
        pl_num_channels_minus1=1, pl_grid_height_minus1=3, pl_grid_width_minus1=3
    )
    gps = parameter_set(CodecFamily.COMPACT_FEATURE_GRID, layout, PredictionMode.KEY_PICTURE)
    gps.output_format = gps.key_format = SampleFormat(1, 0, MatrixCoefficients.BT601, 0)
    units = simple(gps, 4, 3)
    units[1] = key("hevc_a")
    return units


@stream("2-D landmarks without prediction")
def landmarks_2d() -> Units:
    layout = ParameterLayout(pl_num_points_minus1=16)
    return simple(parameter_set(CodecFamily.LANDMARKS_2D, layout, PredictionMode.NONE), 3, 3)


@stream("facial semantics: shape, expression, pose and gaze")
def facial_semantics() -> Units:
    layout = ParameterLayout(
        pl_num_shape=4, pl_num_expression_minus1=9, pl_pose_present_flag=1, pl_gaze_present_flag=1
    )
    return simple(parameter_set(CodecFamily.FACIAL_SEMANTICS, layout), 5, 5)


@stream("body pose of 17 joints in three dimensions")
def body_pose() -> Units:
    layout = ParameterLayout(pl_num_points_minus1=16, pl_joint_3d_flag=1)
    return simple(parameter_set(CodecFamily.BODY_POSE, layout), 4, 2)


@stream("principal components of motion")
def pca_motion() -> Units:
    layout = ParameterLayout(pl_num_components_minus1=11)
    return simple(parameter_set(CodecFamily.PCA_MOTION, layout), 6, 3)


@stream("explicit groups: 3-D coordinates, mouth and eye matrices, flags")
def message_groups() -> Units:
    groups = [
        MessageGroup(GroupKind.COORDINATES_3D, 3, 0, 2),
        MessageGroup(GroupKind.MOUTH, 0, 3, 1),
        MessageGroup(GroupKind.EYE, 0, 1, 2),
        MessageGroup(20, 1, 1, 2),
    ]
    layout = ParameterLayout(pl_num_groups_minus1=3, message_groups=groups)
    return simple(parameter_set(CodecFamily.MESSAGE_GROUPS, layout), 4, 2)


@stream("no parameters: the key picture is repeated; MD5, CRC and checksum of the pictures")
def repeated_key_picture() -> Units:
    gps = parameter_set(CodecFamily.NO_PARAMETERS, ParameterLayout())
    gps.gps_hash_type_idc, gps.gps_hash_scope_idc = HashType.MD5, HashScope.STREAM
    units = simple(gps, 3, 3)
    picture = decoded_key("vvc_a")
    stream_hash = hash_of_pictures([picture] * 3, HashType.MD5, 10)
    units.insert(-1, unit_of(hash_unit_of(stream_hash, HashType.MD5, HashScope.STREAM)))
    for index, kind in ((0, HashType.CRC), (2, HashType.CHECKSUM)):
        values = hash_of_pictures([picture], kind, 10)
        unit = hash_unit_of(values, kind, HashScope.PICTURE, picture_index=index)
        units.insert(-1, unit_of(unit))
    return units


def decoded_key(name: str) -> Picture:
    """The 64x64 4:2:0 10-bit key picture as ffmpeg decodes it."""
    arguments = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "vvc"]
    arguments += ["-i", str(KEYS / f"{name}.bin"), "-f", "rawvideo", "-pix_fmt", "yuv420p10le", "-"]
    raw = subprocess.run(arguments, check=True, capture_output=True).stdout
    samples = np.frombuffer(raw, "<u2")
    planes = (samples[:4096], samples[4096:5120], samples[5120:6144])
    sizes = ((64, 64), (32, 32), (32, 32))
    return Picture(tuple(p.reshape(s) for p, s in zip(planes, sizes, strict=True)))
