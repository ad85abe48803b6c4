"""generative_parameter_set_rbsp( ): all that a decoder needs before the first picture.

Source: reference_sw/specification, clause 3.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from reference_sw.bitstream.code_points import (
    SYNTAX_VERSION,
    CodecFamily,
    HashScope,
    HashType,
    LayerPurpose,
    PredictionMode,
)
from reference_sw.bitstream.errors import BitstreamError, UnsupportedError
from reference_sw.bitstream.levels import UNLIMITED_LEVEL, check_level
from reference_sw.bitstream.parameter_layout import (
    ParameterGroup,
    ParameterLayout,
    groups_of,
    parameter_layout,
)
from reference_sw.bitstream.sample_format import SampleFormat, sample_format
from reference_sw.bitstream.syntax import SyntaxCoder
from reference_sw.video.format import VideoFormat

MAX_PARAMETER_SETS = 16
MAX_SIDE = 16_384
MAX_PICTURES = 2**31
MODEL_DIGEST_BYTES = 8
MAX_STEP_SHIFT = 32
MAX_STEP_MANTISSA = 1 << 16
MAX_EXTENSION_BYTES = 4096


@dataclass
class GroupCoding:
    """Quantiser and prediction of one parameter group.

    The step is (gc_step_mantissa_minus1 + 1) / 2**gc_step_shift.
    """

    gc_step_mantissa_minus1: int = 0
    gc_step_shift: int = 0
    gc_prediction_mode: int = PredictionMode.PREVIOUS

    @property
    def mantissa(self) -> int:
        """1..65536."""
        return self.gc_step_mantissa_minus1 + 1

    @property
    def step(self) -> Fraction:
        """The quantiser step, exact."""
        return Fraction(self.mantissa, 1 << self.gc_step_shift)


@dataclass
class ParameterSet:
    """Generative parameter set; groups has one GroupCoding for each of parameter_groups()."""

    gps_parameter_set_id: int = 0
    gps_syntax_version: int = SYNTAX_VERSION
    gps_level_idc: int = UNLIMITED_LEVEL
    gps_layer_purpose_idc: int = LayerPurpose.UNSPECIFIED
    gps_num_reference_layers: int = 0
    gps_reference_layer_id: list[int] = field(default_factory=list)
    gps_max_temporal_id: int = 0
    gps_codec_family: int = CodecFamily.KEYPOINTS_2D
    gps_pic_width_minus1: int = 255
    gps_pic_height_minus1: int = 255
    gps_padding_flag: int = 0
    gps_padding_right: int = 0
    gps_padding_bottom: int = 0
    output_format: SampleFormat = field(default_factory=SampleFormat)
    gps_key_format_present_flag: int = 0
    key_format: SampleFormat = field(default_factory=SampleFormat)
    gps_frame_rate_num_minus1: int = 24
    gps_frame_rate_den_minus1: int = 0
    gps_num_pictures_present_flag: int = 0
    gps_num_pictures_minus1: int = 0
    gps_log2_max_picture_index_lsb: int = 4
    layout: ParameterLayout = field(default_factory=ParameterLayout)
    groups: list[GroupCoding] = field(default_factory=list)
    gps_model_present_flag: int = 0
    gps_model_id: int = 0
    gps_model_digest: bytes = bytes(MODEL_DIGEST_BYTES)
    gps_model_kmac_per_sample: int = 0
    gps_hash_type_idc: int = HashType.NONE
    gps_hash_scope_idc: int = HashScope.STREAM
    gps_extension_flag: int = 0
    gps_num_extension_bytes: int = 0
    gps_extension_byte: bytes = b""

    @property
    def width(self) -> int:
        """Width of the output pictures in luma samples."""
        return self.gps_pic_width_minus1 + 1

    @property
    def height(self) -> int:
        """Height of the output pictures in luma samples."""
        return self.gps_pic_height_minus1 + 1

    @property
    def frame_rate(self) -> Fraction:
        """Pictures per second."""
        return Fraction(self.gps_frame_rate_num_minus1 + 1, self.gps_frame_rate_den_minus1 + 1)

    @property
    def num_pictures(self) -> int | None:
        """Number of pictures of the sequence, None when open."""
        return self.gps_num_pictures_minus1 + 1 if self.gps_num_pictures_present_flag else None

    @property
    def video_format(self) -> VideoFormat:
        """Format of the output pictures."""
        out = self.output_format
        return VideoFormat(
            self.width,
            self.height,
            self.frame_rate,
            out.bit_depth,
            out.chroma_format,
            out.colour,
            out.matrix,
            bool(out.sf_full_range_flag),
        )

    @property
    def parameter_groups(self) -> tuple[ParameterGroup, ...]:
        """Groups of one picture's parameters, in coding order."""
        return groups_of(self.layout, self.gps_codec_family)


def parameter_set(c: SyntaxCoder, gps: ParameterSet) -> None:
    """Clause 3.1; the RBSP without its trailing bits.

    Raises:
        UnsupportedError: a greater syntax version than this decoder knows.
    """
    c.u(4, gps, "gps_parameter_set_id", max=MAX_PARAMETER_SETS - 1)
    c.u(4, gps, "gps_syntax_version", min=1)
    if gps.gps_syntax_version > SYNTAX_VERSION:
        raise UnsupportedError(
            f"gps_syntax_version = {gps.gps_syntax_version}: "
            f"this software knows versions up to {SYNTAX_VERSION}"
        )
    c.u(8, gps, "gps_level_idc")
    _layers(c, gps)
    c.u(8, gps, "gps_codec_family")
    _picture_format(c, gps)
    parameter_layout(c, gps.layout, gps.gps_codec_family)
    _group_codings(c, gps)
    _model_and_hash(c, gps)
    _extension(c, gps)
    check_level(
        gps.gps_level_idc,
        gps.width * gps.height,
        gps.frame_rate,
        sum(group.size for group in gps.parameter_groups),
        gps.gps_model_kmac_per_sample,
    )


def _layers(c: SyntaxCoder, gps: ParameterSet) -> None:
    c.u(4, gps, "gps_layer_purpose_idc")
    c.ue(gps, "gps_num_reference_layers", max=4)
    for i in range(gps.gps_num_reference_layers):
        c.u(6, gps, "gps_reference_layer_id", i, max=55)
    c.u(3, gps, "gps_max_temporal_id", max=6)


def _picture_format(c: SyntaxCoder, gps: ParameterSet) -> None:
    c.ue(gps, "gps_pic_width_minus1", max=MAX_SIDE - 1)
    c.ue(gps, "gps_pic_height_minus1", max=MAX_SIDE - 1)
    c.flag(gps, "gps_padding_flag")
    if gps.gps_padding_flag:
        c.ue(gps, "gps_padding_right", max=255)
        c.ue(gps, "gps_padding_bottom", max=255)
    else:
        c.infer(gps, "gps_padding_right", 0)
        c.infer(gps, "gps_padding_bottom", 0)
    sample_format(c, gps.output_format)
    c.flag(gps, "gps_key_format_present_flag")
    if gps.gps_key_format_present_flag:
        sample_format(c, gps.key_format)
    else:
        c.infer(gps, "key_format", gps.output_format)
    c.ue(gps, "gps_frame_rate_num_minus1")
    c.ue(gps, "gps_frame_rate_den_minus1")
    c.flag(gps, "gps_num_pictures_present_flag")
    if gps.gps_num_pictures_present_flag:
        c.ue(gps, "gps_num_pictures_minus1", max=MAX_PICTURES - 1)
    else:
        c.infer(gps, "gps_num_pictures_minus1", 0)
    c.ue(gps, "gps_log2_max_picture_index_lsb", min=1, max=16)


def _group_codings(c: SyntaxCoder, gps: ParameterSet) -> None:
    count = len(gps.parameter_groups)
    if not c.writing:
        gps.groups = [GroupCoding() for _ in range(count)]
    elif len(gps.groups) != count:
        raise BitstreamError(f"ParameterSet.groups: {len(gps.groups)}, shall be {count}")
    for group in gps.groups:
        group_coding(c, group)


def group_coding(c: SyntaxCoder, gc: GroupCoding) -> None:
    """Clause 3.5."""
    c.ue(gc, "gc_step_mantissa_minus1", max=MAX_STEP_MANTISSA - 1)
    c.ue(gc, "gc_step_shift", max=MAX_STEP_SHIFT)
    c.u(3, gc, "gc_prediction_mode", max=PredictionMode.LINEAR)


def _model_and_hash(c: SyntaxCoder, gps: ParameterSet) -> None:
    c.flag(gps, "gps_model_present_flag")
    if gps.gps_model_present_flag:
        c.ue(gps, "gps_model_id", max=65_535)
        c.byte_string(gps, "gps_model_digest", MODEL_DIGEST_BYTES)
        c.ue(gps, "gps_model_kmac_per_sample", max=1_000_000)
    else:
        c.infer(gps, "gps_model_id", 0)
        c.infer(gps, "gps_model_digest", bytes(MODEL_DIGEST_BYTES))
        c.infer(gps, "gps_model_kmac_per_sample", 0)
    c.u(3, gps, "gps_hash_type_idc", max=HashType.CHECKSUM)
    if gps.gps_hash_type_idc:
        c.u(1, gps, "gps_hash_scope_idc")
    else:
        c.infer(gps, "gps_hash_scope_idc", HashScope.STREAM)


def _extension(c: SyntaxCoder, gps: ParameterSet) -> None:
    c.flag(gps, "gps_extension_flag")
    if gps.gps_extension_flag:
        c.ue(gps, "gps_num_extension_bytes", max=MAX_EXTENSION_BYTES)
        c.byte_string(gps, "gps_extension_byte", gps.gps_num_extension_bytes)
    else:
        c.infer(gps, "gps_num_extension_bytes", 0)
        c.infer(gps, "gps_extension_byte", b"")
