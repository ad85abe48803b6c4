"""Made-up results for tests of comparison and reports: every number is a formula of its place."""

from __future__ import annotations

from ctc.results import (
    CampaignResults,
    CardInfo,
    ConfigurationResults,
    Cost,
    MetricInfo,
    MetricResult,
    PointResult,
    Status,
)

PSNR = MetricInfo("psnr_y", "PSNR-Y", "dB", True, "psnr|plane:y|v:1")
LPIPS = MetricInfo("lpips", "LPIPS", "", False, "lpips|net:alex|v:1")
SEQUENCES = (("a1", "A"), ("a2", "A"), ("b1", "B"))
RATE_POINTS = ("22", "27", "32", "37")


def point(
    card: str,
    sequence: str,
    sequence_class: str,
    index: int,
    *,
    rate_factor: float = 1.0,
    machine: str = "box",
    seconds: float = 10.0,
    frames: int = 8,
) -> PointResult:
    """A point whose rate halves with each rate point; quality falls 2.5 dB, LPIPS rises 0.05."""
    spread = 1.0 + 0.1 * SEQUENCES.index((sequence, sequence_class))
    rate = 4000.0 * rate_factor * spread / 2**index
    psnr, lpips = 40.0 - 2.5 * index - 0.1 * index**2, 0.05 + 0.05 * index + 0.01 * index**2
    pictures = tuple(psnr + 0.2 * ((n * 7) % 5 - 2) for n in range(frames))
    metrics = {
        PSNR.name: MetricResult(psnr, PSNR.signature, pictures=pictures),
        LPIPS.name: MetricResult(lpips, LPIPS.signature, pictures=(lpips,) * frames),
    }
    return PointResult(
        "ldb",
        sequence,
        sequence_class,
        card,
        RATE_POINTS[index],
        Status.DONE,
        frames=frames,
        bytes=round(rate * 1000 * frames / 25 / 8),
        bitrate_kbps=rate,
        bitstream_sha256=f"{card}-{sequence}-{index}",
        encode=Cost(seconds, seconds, 100.0, 1, machine),
        decode=Cost(seconds / 10, seconds / 10, 50.0, 1, machine),
        metrics=metrics,
    )


def configuration(**cards: float) -> ConfigurationResults:
    """A configuration of `anchor` and one card per argument, with that factor on its rates."""
    factors = {"anchor": 1.0, **cards}
    points = [
        point(card, name, sequence_class, index, rate_factor=factor, seconds=10.0 * factor)
        for card, factor in factors.items()
        for name, sequence_class in SEQUENCES
        for index in range(len(RATE_POINTS))
    ]
    return ConfigurationResults(
        "ldb",
        "anchor",
        tuple(factors),
        SEQUENCES,
        dict.fromkeys(factors, RATE_POINTS),
        (PSNR, LPIPS),
        tuple(points),
    )


def campaign(name: str = "made-up", **cards: float) -> CampaignResults:
    """A campaign of that one configuration."""
    ldb = configuration(**cards)
    infos = {card: CardInfo(card, f"Codec {card}", f"digest-{card}") for card in ldb.cards}
    return CampaignResults(name, "demo", "1.0", {"interpolation": "pchip"}, infos, (ldb,))
