"""Recipes: everything that decides what a training run does, as YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator


class RecipeError(ValueError):
    """A recipe that cannot be used."""


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Network(_Strict):
    """Sizes of the twin: key points, channels of the motion and of the synthesis network.

    channels: 0 for the keypoint families; else of the 4x4 grid of the compact-feature family, whose
    analysis network has num_points points of its own; matrices: whether a 2x2 matrix goes with each
    point; taught_points: points of the 468-point face mesh that the last key points are taught to
    follow, the others find their own.
    """

    num_points: int = Field(default=10, ge=1, le=64)
    channels: int = Field(default=0, ge=0, le=64)
    matrices: bool = True
    taught_points: tuple[int, ...] = ()
    width: int = Field(default=32, ge=8, le=128)
    low: int = Field(default=48, ge=8, le=128)
    high: int = Field(default=24, ge=8, le=64)


class Sampling(_Strict):
    """How pairs are drawn.

    distance: largest number of pictures between key and current; coded_share: of samples whose key
    is a really coded picture where the sequence has one; still_share: of samples whose current
    picture is the key picture's own; affine_share: of samples turned, scaled and shifted; balance:
    0 draws sequences alike, 1 by their number of pictures; half_share: of batches at half size,
    which cost less and are another size to learn; rendered_share: of samples from the rendered
    heads of the data folder, which are not looked for when it is 0.
    """

    distance: int = Field(default=120, ge=0)
    coded_share: float = Field(default=0.7, ge=0, le=1)
    still_share: float = Field(default=0.0, ge=0, le=1)
    affine_share: float = Field(default=0.25, ge=0, le=1)
    balance: float = Field(default=0.5, ge=0, le=1)
    half_share: float = Field(default=0.0, ge=0, le=1)
    rendered_share: float = Field(default=0.0, ge=0, le=1)


class Losses(_Strict):
    """Weights of the terms; a term of weight 0 is not computed.

    lpips, l1: on the output, on the key picture moved alone (LPIPS at half size) and on the
    synthesised picture; vgg: L1 of VGG-16 features up to conv2_2; identity: 1 - cosine of face
    embeddings; temporal: L1 of the change from the previous picture; adversarial: hinge against a
    patch discriminator trained beside; equivariance: of points and matrices under affine motion, on
    every second batch; taught: L1 of the taught points against the face mesh; rate: estimated bits
    of the change of parameters from the previous picture; motion: displacement, occlusion and
    features of the motion against those of the run it began with, before `motion_until`.
    """

    lpips_output: float = Field(default=2.0, ge=0)
    lpips_warped: float = Field(default=0.7, ge=0)
    l1_output: float = Field(default=1.0, ge=0)
    l1_warped: float = Field(default=0.7, ge=0)
    l1_synthesised: float = Field(default=0.5, ge=0)
    equivariance: float = Field(default=1.0, ge=0)
    vgg: float = Field(default=0.0, ge=0)
    identity: float = Field(default=0.0, ge=0)
    temporal: float = Field(default=0.0, ge=0)
    adversarial: float = Field(default=0.0, ge=0)
    taught: float = Field(default=0.0, ge=0)
    rate: float = Field(default=0.0, ge=0)
    motion: float = Field(default=0.0, ge=0)


class Rounding(_Strict):
    """Steps of the transmitted parameters, as powers of two, drawn for each batch.

    points, matrices, features: exponents e of steps 2^-e; still: share of batches without matrices.
    """

    points: tuple[int, ...] = (6, 7, 8, 9)
    matrices: tuple[int, ...] = (4, 5, 6)
    features: tuple[int, ...] = (3, 4, 5)
    still: float = Field(default=0.15, ge=0, le=1)
    from_step: int = Field(default=600, ge=0)


class Restoration(_Strict):
    """How the restoration of key pictures is trained, before the rest.

    piece: rows and columns of the square pieces of really coded pictures, a multiple of 8;
    uncoded_share: of pieces that are not coded at all, which are to be left alone; lpips, l1, vgg:
    weights of LPIPS-Alex (at full and at half size), mean absolute error over 128 and the VGG-16
    features up to conv2_2 against the picture before coding. Steps as in `Recipe`.
    """

    width: int = Field(default=96, ge=8, le=256)
    half: int = Field(default=48, ge=8, le=128)
    steps: int = Field(ge=1)
    batch: int = Field(default=4, ge=1, le=256)
    piece: int = Field(default=128, ge=64, le=1024, multiple_of=8)
    uncoded_share: float = Field(default=0.1, ge=0, le=1)
    learning_rate: float = Field(default=0.0005, gt=0)
    decay_from: int = Field(ge=0)
    quantise_from: int = Field(ge=0)
    bfloat16_until: int = Field(default=0, ge=0)
    lpips: float = Field(default=2.0, ge=0)
    lpips_half: float = Field(default=0.5, ge=0)
    l1: float = Field(default=1.0, ge=0)
    vgg: float = Field(default=0.0, ge=0)


class Recipe(_Strict):
    """One training run. Steps count batches over all workers.

    start: name of the recipe whose run this one begins with; bfloat16_until: steps before this one
    compute convolutions in bfloat16, quicker and coarser; motion_until: steps before this one learn
    motion and rate alone.
    """

    name: str = Field(pattern=r"[a-z][a-z0-9-]{0,40}")
    start: str = Field(default="", pattern=r"([a-z][a-z0-9-]{0,40})?")
    seed: int = 1
    steps: int = Field(ge=1)
    batch: int = Field(default=6, ge=1, le=256)
    workers: int = Field(default=1, ge=1, le=64)
    learning_rate: float = Field(default=0.0005, gt=0)
    decay_from: int = Field(ge=0)
    quantise_from: int = Field(ge=0)
    bfloat16_until: int = Field(default=0, ge=0)
    motion_until: int = Field(default=0, ge=0)
    network: Network = Network()
    restoration: Restoration | None = None
    sampling: Sampling = Sampling()
    rounding: Rounding = Rounding()
    losses: Losses = Losses()
    held_out: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _terms_fit_the_family(self) -> Recipe:
        losses = self.losses
        if self.network.channels and (losses.equivariance or losses.taught):
            raise ValueError("losses equivariance and taught are of keypoints, not of features")
        if self.motion_until and not (self.start and losses.motion):
            raise ValueError("motion_until needs start and the loss motion")
        return self


def load_recipe(path: Path) -> Recipe:
    """The recipe in a YAML file; raises RecipeError naming file, element and value."""
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506
        return Recipe.model_validate(_tuples(data), strict=True)
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: not YAML: {' '.join(str(error).split())[:200]}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        if not where:
            raise RecipeError(f"{path}: {first['msg'].removeprefix('Value error, ')}") from error
        raise RecipeError(f"{path}: {where} = {first['input']!r:.80}: {first['msg']}") from error


class _Loader(yaml.SafeLoader):
    """The safe loader, refusing a key that is given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if len(set(map(str, keys))) != len(keys):
            raise yaml.constructor.ConstructorError(None, None, "a key is given twice")
        return dict(super().construct_mapping(node, deep))


def _tuples(data: Any) -> Any:
    """Lists to tuples, which strict models want."""
    if isinstance(data, dict):
        return {key: _tuples(value) for key, value in data.items()}
    return tuple(map(_tuples, data)) if isinstance(data, list) else data
