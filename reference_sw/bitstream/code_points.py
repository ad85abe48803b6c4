"""Code points of the native carriage; values never change once assigned.

Source: reference_sw/specification, clauses 2.4, 2.5, 3.3 to 3.5, 5.2 and 7.
"""

from __future__ import annotations

from enum import IntEnum

SYNTAX_VERSION = 1


class UnitType(IntEnum):
    """nal_unit_type of the native carriage; the values not listed are reserved.  Clause 2.4."""

    KEY_PICTURE = 1
    SEGMENT = 2
    END_OF_SEQUENCE = 21
    PICTURE_HASH = 22
    USER_DATA = 23
    PARAMETER_SET = 28


class CodecFamily(IntEnum):
    """gps_codec_family: what the parameters mean; 9..63 and 69..255 are reserved.  Clause 3.4."""

    NO_PARAMETERS = 0
    KEYPOINTS_2D = 1
    KEYPOINTS_2D_MATRICES = 2
    KEYPOINTS_3D = 3
    COMPACT_FEATURE_GRID = 4
    LANDMARKS_2D = 5
    FACIAL_SEMANTICS = 6
    BODY_POSE = 7
    PCA_MOTION = 8
    MESSAGE_GROUPS = 9
    LATENTS_IMAGE = 64
    LATENTS_VIDEO = 65
    TEXT = 66
    STRUCTURE_MAP = 67
    POINT_CLOUD = 68


class PredictionMode(IntEnum):
    """gps_prediction_mode of a parameter group; 4..7 are reserved.  Clause 3.5."""

    NONE = 0
    KEY_PICTURE = 1
    PREVIOUS = 2
    LINEAR = 3


class KeyPictureCodec(IntEnum):
    """kpu_codec_idc; 0 and 3..15 are reserved.  Clause 5.2."""

    VVC = 1
    HEVC = 2


class HashType(IntEnum):
    """Type of a picture hash; 4..7 are reserved.  Clause 7."""

    NONE = 0
    MD5 = 1
    CRC = 2
    CHECKSUM = 3


class HashScope(IntEnum):
    """What one hash covers.  Clause 7."""

    PICTURE = 0
    STREAM = 1


class LayerPurpose(IntEnum):
    """gps_layer_purpose_idc; 6..15 are reserved.  Clause 2.5."""

    UNSPECIFIED = 0
    MACHINE_BASE = 1
    VIEWING_ENHANCEMENT = 2
    STRUCTURE = 3
    TEXTURE = 4
    FACE_ENHANCEMENT = 5


class MatrixCoefficients(IntEnum):
    """Colour matrix of a sample format, code points of ITU-T H.273; others are refused."""

    IDENTITY = 0
    BT709 = 1
    BT601 = 6


class GroupKind(IntEnum):
    """What a parameter group holds; 64 and above are native, 0..63 the SEI matrix types.

    Clause 3.4.
    """

    AFFINE_MATRIX = 0
    COVARIANCE_MATRIX = 1
    MOUTH = 2
    EYE = 3
    HEAD_ROTATION = 4
    HEAD_TRANSLATION = 5
    HEAD_LOCATION = 6
    COMPACT_FEATURE = 7
    COORDINATES_2D = 64
    COORDINATES_3D = 65
    ROTATION_ANGLES = 66
    TRANSLATION = 67
    EXPRESSION = 68
    SHAPE = 69
    GAZE = 70
    JOINTS = 71
    COMPONENTS = 72
    PUPILS = 73
    ENHANCEMENT_MATRIX = 74
    MESSAGE_FLAGS = 75
