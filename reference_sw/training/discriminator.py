"""Patch discriminator and hinge losses."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional


class PatchDiscriminator(nn.Sequential):
    """Logits of patches of 46x46 samples of (N, 3, H, W) RGB in -1..1; spectrally normalised.

    Source: Isola et al., 2017, clause 3.2.2; hinge after Miyato et al., 2018.
    """

    def __init__(self, width: int = 32) -> None:
        layers: list[nn.Module] = []
        channels = (3, width, 2 * width, 4 * width)
        for inputs, outputs in pairwise(channels):
            convolution = nn.Conv2d(inputs, outputs, 4, 2, 1)
            layers += [nn.utils.spectral_norm(convolution), nn.LeakyReLU(0.2)]
        layers.append(nn.utils.spectral_norm(nn.Conv2d(channels[-1], 1, 4, 1, 1)))
        super().__init__(*layers)


def discriminator_loss(network: PatchDiscriminator, real: Tensor, made: Tensor) -> Tensor:
    """Hinge loss of the discriminator; pictures in 0..255, `made` without gradient."""
    on_real, on_made = network(real / 127.5 - 1), network(made.detach() / 127.5 - 1)
    return functional.relu(1 - on_real).mean() + functional.relu(1 + on_made).mean()


def generator_loss(network: PatchDiscriminator, made: Tensor) -> Tensor:
    """Hinge loss of the generator."""
    loss: Tensor = -network(made / 127.5 - 1).mean()
    return loss
