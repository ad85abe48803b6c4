"""The sets of weights that learned metrics need: what each is, its digest, and where it is had."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WeightsSet:
    """One set of tensors that metrics need.

    digest: of all its tensors, empty where only `part_digest`, that of the tensors in `part`, and
    the first hex digits of the official file's sha256 are published. prefix and npz: how the
    tensors are found in a file that also holds others. address and file_sha256: the official file;
    the digits are those in its name, or all of them.
    """

    name: str
    title: str
    licence: str
    address: str
    prefix: str = ""
    npz: str = ""
    digest: str = ""
    file_sha256: str = ""
    part: tuple[str, ...] = ()
    part_digest: str = ""

    @property
    def file_name(self) -> str:
        """Name of the converted file: `alexnet.safetensors`."""
        return f"{self.name}.safetensors"

    @property
    def remedy(self) -> str:
        """The command that obtains the weights."""
        official = self.address.rsplit("/", 1)[-1]
        return f"ctc weights fetch {self.name}, or offline: ctc weights import {official}"


_TORCHVISION = "https://download.pytorch.org/models"
_LPIPS = (
    "https://raw.githubusercontent.com/richzhang/PerceptualSimilarity/master/lpips/weights/v0.1"
)
_GITHUB = "https://raw.githubusercontent.com"
_VGG_PART = tuple(f"features.{i}.{kind}" for i in (0, 2, 5, 7) for kind in ("weight", "bias"))

SETS: dict[str, WeightsSet] = {
    entry.name: entry
    for entry in (
        WeightsSet(
            "alexnet",
            "AlexNet features, ImageNet (torchvision)",
            "BSD-3-Clause",
            f"{_TORCHVISION}/alexnet-owt-7be5be79.pth",
            prefix="features.",
            npz="lpips_alex_v0.1.npz",
            digest="8299f699b8c673e127f2eb153d9384331ace07635bf4fac888bf143473834c71",
            file_sha256="7be5be79",
        ),
        WeightsSet(
            "squeezenet",
            "SqueezeNet 1.1 features, ImageNet (torchvision)",
            "BSD-3-Clause",
            f"{_TORCHVISION}/squeezenet1_1-b8a52dc0.pth",
            prefix="features.",
            npz="lpips_squeeze_v0.1.npz",
            digest="324233e666f19b57ceaa15f331fb9ec7abaa55165e7dede9c46920b455868578",
            file_sha256="b8a52dc0",
        ),
        WeightsSet(
            "vgg16",
            "VGG16 features, ImageNet (torchvision)",
            "BSD-3-Clause",
            f"{_TORCHVISION}/vgg16-397923af.pth",
            prefix="features.",
            # As several independent projects pin it; the name holds its first eight digits.
            file_sha256="397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
            part=_VGG_PART,
            part_digest="71c67ac00218165473b7497b5a76217f99d992bbfae013b4e948228b00209684",
        ),
        WeightsSet(
            "lpips-alex-heads",
            "LPIPS v0.1 linear layers for AlexNet",
            "BSD-2-Clause",
            f"{_LPIPS}/alex.pth",
            prefix="lin",
            npz="lpips_alex_v0.1.npz",
            digest="a87dd659351b6661a131c665395a6d7e9f5ee630a783e3e3c692d99e18663490",
        ),
        WeightsSet(
            "lpips-squeeze-heads",
            "LPIPS v0.1 linear layers for SqueezeNet",
            "BSD-2-Clause",
            f"{_LPIPS}/squeeze.pth",
            prefix="lin",
            npz="lpips_squeeze_v0.1.npz",
            digest="e0482469893cef423e7c13d4fa1647286b8711923d1cd14a245b94beefe3b8fe",
        ),
        WeightsSet(
            "lpips-vgg-heads",
            "LPIPS v0.1 linear layers for VGG16",
            "BSD-2-Clause",
            f"{_LPIPS}/vgg.pth",
            prefix="lin",
            npz="lpips_vgg_v0.1_linear_only.npz",
            digest="db9ede09b2fce513c75ecd1895940e5a5e9465f1af74a60e2f2b56861b26abf7",
        ),
        WeightsSet(
            "dists-alpha-beta",
            "DISTS alpha and beta",
            "MIT",
            f"{_GITHUB}/dingkeyan93/DISTS/master/DISTS_pytorch/weights.pt",
            npz="dists_alpha_beta_only.npz",
            digest="76c0a12bde06691d020fae7219acf490efba0c5a5baa448c579043675101db1e",
        ),
        WeightsSet(
            "mobilefacenet",
            "MobileFaceNet face identity, 128 values (foamliu)",
            "Apache-2.0",
            f"{_GITHUB}/foamliu/MobileFaceNet/master/weights/mobilefacenet.pt",
            npz="mobilefacenet_foamliu.npz",
            digest="f88588c1bb399e9b0f3532cd9060cc41ec2e5dcf7d3b086b6b8815c074e22327",
        ),
        WeightsSet(
            "facemesh468",
            "MediaPipe face mesh, 468 points (zmurez)",
            "Apache-2.0",
            f"{_GITHUB}/zmurez/MediaPipePyTorch/master/blazeface_landmark.pth",
            npz="mediapipe_facemesh468.npz",
            digest="479dd1e52461b8422d02a8c20c8463d79bd07d883e7b3d9ae0685b2b02b20ec0",
        ),
        WeightsSet(
            "ultraface-rfb320",
            "Ultra-light face detector RFB-320 (Linzaer)",
            "MIT",
            f"{_GITHUB}/Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB/master/models/pretrained"
            "/version-RFB-320.pth",
            npz="ultraface_rfb320.npz",
            digest="11b579198dfacefadb1f992ca9fc97d3fd3c10d65fd8d61437b8ea49cb63ac6d",
        ),
    )
}
