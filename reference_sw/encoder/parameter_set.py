"""The parameter set of a face sequence."""

from __future__ import annotations

from reference_sw.bitstream.code_points import CodecFamily, MatrixCoefficients
from reference_sw.bitstream.parameter_layout import ParameterLayout
from reference_sw.bitstream.parameter_set import MODEL_DIGEST_BYTES, ParameterSet
from reference_sw.bitstream.sample_format import CHROMA_FORMATS, SampleFormat
from reference_sw.encoder.analysis import FeatureAnalysis
from reference_sw.encoder.analysis_file import AnalysisNetwork
from reference_sw.encoder.settings import Settings
from reference_sw.encoder.source import Source
from reference_sw.network.runtime import IntegerModel
from reference_sw.video.format import ColourModel, Matrix, VideoFormat

SHIPPED_MODEL_ID = 1


def face_parameter_set(
    source: Source, settings: Settings, model: IntegerModel, detector: AnalysisNetwork
) -> ParameterSet:
    """Return all that a decoder needs of a sequence of the analysis network's family."""
    video, right, bottom = source.format, source.padding[0], source.padding[1]
    key = sample_format_of(settings.key_encoder.format(source.coded))
    kmac = model.macs_per_pixel("picture", source.coded.height, source.coded.width) / 1000
    own = sample_format_of(video)
    family, layout = family_of(detector)
    return ParameterSet(
        gps_codec_family=family,
        gps_pic_width_minus1=video.width - 1,
        gps_pic_height_minus1=video.height - 1,
        gps_padding_flag=int(right > 0 or bottom > 0),
        gps_padding_right=right,
        gps_padding_bottom=bottom,
        output_format=own,
        gps_key_format_present_flag=int(key != own),
        key_format=key,
        gps_frame_rate_num_minus1=video.frame_rate.numerator - 1,
        gps_frame_rate_den_minus1=video.frame_rate.denominator - 1,
        gps_num_pictures_present_flag=1,
        gps_num_pictures_minus1=len(source) - 1,
        layout=layout,
        groups=settings.steps.codings(settings.prediction),
        gps_model_present_flag=1,
        gps_model_id=SHIPPED_MODEL_ID,
        gps_model_digest=bytes.fromhex(model.sha256)[:MODEL_DIGEST_BYTES],
        gps_model_kmac_per_sample=-int(-kmac // 1),
        gps_hash_type_idc=settings.hash_type,
        gps_hash_scope_idc=settings.hash_scope,
    )


def family_of(detector: AnalysisNetwork) -> tuple[CodecFamily, ParameterLayout]:
    """Return the family of what an analysis network finds, and its sizes."""
    if isinstance(detector, FeatureAnalysis):
        channels, rows, columns = detector.shape
        layout = ParameterLayout(
            pl_num_channels_minus1=channels - 1,
            pl_grid_height_minus1=rows - 1,
            pl_grid_width_minus1=columns - 1,
        )
        return CodecFamily.COMPACT_FEATURE_GRID, layout
    bare = detector.matrix is None
    family = CodecFamily.KEYPOINTS_2D if bare else CodecFamily.KEYPOINTS_2D_MATRICES
    return family, ParameterLayout(pl_num_points_minus1=detector.num_points - 1)


def sample_format_of(video: VideoFormat) -> SampleFormat:
    """Return the syntax structure that describes a format's samples."""
    if video.colour is ColourModel.RGB:
        coefficients = MatrixCoefficients.IDENTITY
    else:
        bt709 = video.matrix is Matrix.BT709
        coefficients = MatrixCoefficients.BT709 if bt709 else MatrixCoefficients.BT601
    return SampleFormat(
        CHROMA_FORMATS.index(video.chroma_format),
        video.bit_depth - 8,
        coefficients,
        int(video.full_range),
    )
