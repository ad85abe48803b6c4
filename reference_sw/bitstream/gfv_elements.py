"""The syntax elements of generative_face_video( ) as plain values.

Source: reference_sw/specification, clause 6.4.
"""

from __future__ import annotations

from dataclasses import dataclass, field

Indexed = dict[tuple[int, ...], int]


@dataclass
class GfvElements:
    """Elements in order of the syntax; indexed ones by the tuple of their indices.

    Coordinates: [i]; matrix types: [i]; matrix elements: [i][j][k][m], type, matrix, row, column.
    """

    gfv_id: int = 0
    gfv_cnt: int = 0
    gfv_base_picture_flag: int = 0
    gfv_nn_present_flag: int = 0
    gfv_nn_mode_idc: int = 0
    gfv_nn_tag_uri: str = ""
    gfv_nn_uri: str = ""
    gfv_chroma_key_info_present_flag: int = 0
    gfv_chroma_key_purpose_idc: int = 0
    gfv_chroma_key_value_present_flag: Indexed = field(default_factory=dict)
    gfv_chroma_key_value: Indexed = field(default_factory=dict)
    gfv_chroma_key_thr_present_flag: Indexed = field(default_factory=dict)
    gfv_chroma_key_thr_value: Indexed = field(default_factory=dict)
    gfv_chroma_key_thr_lower: int = 48
    gfv_chroma_key_thr_upper_delta_minus1: int = 26
    gfv_fusion_pic_flag: int = 0
    gfv_drive_picture_fusion_flag: int = 0
    gfv_low_confidence_face_parameter_flag: int = 0
    gfv_coordinate_present_flag: int = 0
    gfv_kps_pred_flag: int = 0
    gfv_coordinate_precision_factor_minus1: int = 0
    gfv_num_kps_minus1: int = 0
    gfv_coordinate_z_present_flag: int = 0
    gfv_coordinate_z_max_value_minus1: int = 0
    gfv_coordinate_x_abs: Indexed = field(default_factory=dict)
    gfv_coordinate_x_sign_flag: Indexed = field(default_factory=dict)
    gfv_coordinate_y_abs: Indexed = field(default_factory=dict)
    gfv_coordinate_y_sign_flag: Indexed = field(default_factory=dict)
    gfv_coordinate_z_abs: Indexed = field(default_factory=dict)
    gfv_coordinate_z_sign_flag: Indexed = field(default_factory=dict)
    gfv_coordinate_dx_abs: Indexed = field(default_factory=dict)
    gfv_coordinate_dx_sign_flag: Indexed = field(default_factory=dict)
    gfv_coordinate_dy_abs: Indexed = field(default_factory=dict)
    gfv_coordinate_dy_sign_flag: Indexed = field(default_factory=dict)
    gfv_coordinate_dz_abs: Indexed = field(default_factory=dict)
    gfv_coordinate_dz_sign_flag: Indexed = field(default_factory=dict)
    gfv_matrix_present_flag: int = 0
    gfv_matrix_pred_flag: int = 0
    gfv_matrix_element_precision_factor_minus1: int = 0
    gfv_num_matrix_types_minus1: int = 0
    gfv_matrix_type_idx: Indexed = field(default_factory=dict)
    gfv_num_matrices_equal_to_num_kps_flag: Indexed = field(default_factory=dict)
    gfv_num_matrices_info: Indexed = field(default_factory=dict)
    gfv_num_matrices_minus1: Indexed = field(default_factory=dict)
    gfv_matrix_width_minus1: Indexed = field(default_factory=dict)
    gfv_matrix_height_minus1: Indexed = field(default_factory=dict)
    gfv_matrix_3d_space_flag: Indexed = field(default_factory=dict)
    gfv_matrix_element_int: Indexed = field(default_factory=dict)
    gfv_matrix_element_dec: Indexed = field(default_factory=dict)
    gfv_matrix_element_sign_flag: Indexed = field(default_factory=dict)
    gfv_matrix_delta_element_int: Indexed = field(default_factory=dict)
    gfv_matrix_delta_element_dec: Indexed = field(default_factory=dict)
    gfv_matrix_delta_element_sign_flag: Indexed = field(default_factory=dict)
    gfv_nn_payload_byte: bytes = b""
