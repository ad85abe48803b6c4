"""Made-up campaigns for tests and benchmarks of reports: deterministic, realistic, with faults."""

from __future__ import annotations

import hashlib
import math
import random
from dataclasses import dataclass, replace

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

METRICS: tuple[MetricInfo, ...] = (
    MetricInfo("psnr_y", "PSNR-Y", "dB", True, "psnr|plane:y|peak:255<<(b-8)|v:1"),
    MetricInfo("psnr_u", "PSNR-U", "dB", True, "psnr|plane:u|peak:255<<(b-8)|v:1"),
    MetricInfo("psnr_v", "PSNR-V", "dB", True, "psnr|plane:v|peak:255<<(b-8)|v:1"),
    MetricInfo("ms_ssim", "MS-SSIM", "", True, "ms_ssim|window:11|v:1"),
    MetricInfo("vmaf", "VMAF", "", True, "vmaf|model:vmaf_v0.6.1|v:1"),
    MetricInfo("dists", "DISTS", "", False, "dists|weights:68fd9692|v:1"),
    MetricInfo("lpips_vgg", "LPIPS-VGG", "", False, "lpips|backbone:vgg|weights:47e943cf|v:1"),
    MetricInfo("xpsnr", "XPSNR", "dB", True, "xpsnr|v:1"),
)
MACHINE = "bench-1, EPYC"
BASE = {
    "psnr_y": (31.0, 3.1),
    "psnr_u": (38.0, 1.6),
    "psnr_v": (38.4, 1.5),
    "ms_ssim": (0.91, 0.022),
    "vmaf": (48.0, 11.0),
    "dists": (0.16, -0.03),
    "lpips_vgg": (0.24, -0.05),
    "xpsnr": (29.5, 3.0),
}
CARD_TITLES = {
    "vtm": "VTM 23.13 low-delay B",
    "x265": "x265 (low delay)",
    "vvenc": "VVenC faster (low delay)",
    "gvc-face": "GVC face, compact features",
}


@dataclass(frozen=True)
class Shape:
    """Size of a made-up campaign."""

    classes: tuple[tuple[str, int], ...] = (("VOXCELEB", 3), ("CFVQA", 2))
    cards: tuple[str, ...] = ("vtm", "x265", "gvc-face")
    metrics: int = 6
    rate_points: tuple[str, ...] = ("22", "27", "32", "37")
    configurations: tuple[str, ...] = ("gfvc-low-delay",)
    pictures: int = 25
    seed: int = 7


def _cost(base: float, chance: random.Random) -> Cost:
    wall = base * chance.uniform(0.9, 1.1)
    return Cost(
        round(wall, 3), round(wall * 0.98, 3), round(chance.uniform(120, 900), 1), 2, MACHINE
    )


def _value(metric: str, rate: float, offset: float) -> float:
    base, slope = BASE[metric]
    value = base + slope * (math.log2(rate / 20.0) + offset)
    return min(value, 0.9999) if metric == "ms_ssim" else max(value, 0.01)


def _metrics(
    shape: Shape, rate: float, offset: float, chance: random.Random
) -> dict[str, MetricResult]:
    found = {}
    for info in METRICS[: shape.metrics]:
        spread = abs(BASE[info.name][1]) * 0.1
        centre = _value(info.name, rate, offset)
        noise = [centre + chance.uniform(-spread, spread) for _ in range(shape.pictures)]
        value = math.fsum(noise) / len(noise) if noise else centre
        found[info.name] = MetricResult(value, info.signature, "", tuple(noise))
    return found


def _point(
    shape: Shape, names: tuple[str, str, str, str], rate: float, offset: float
) -> PointResult:
    configuration, sequence, card, label = names
    chance = random.Random(f"{shape.seed}/{'/'.join(names)}")
    frames = 100
    size = max(1, round(rate * 1000 / 8 * frames / 25))
    key = hashlib.sha256("/".join(names).encode()).hexdigest()
    key_pictures = size // 3
    return PointResult(
        configuration=configuration,
        sequence=sequence,
        sequence_class=sequence.rsplit("_", 1)[0],
        card=card,
        rate_point=label,
        status=Status.DONE,
        frames=frames,
        bytes=size,
        bitrate_kbps=size * 8 * 25 / frames / 1000,
        component_bytes={
            "headers": 40,
            "key pictures": key_pictures,
            "parameters": size - 40 - key_pictures,
        },
        bitstream_sha256=key,
        decoded_sha256=key[::-1],
        encode=_cost(40.0 if card == "vtm" else 2.0, chance),
        decode=_cost(0.4, chance),
        metrics=_metrics(shape, rate, offset, chance),
        record_keys={"encode": key[:16], "decode": key[16:32]},
    )


def _configuration(shape: Shape, name: str) -> ConfigurationResults:
    sequences = tuple(
        (f"{class_name}_{number:03d}", class_name)
        for class_name, count in shape.classes
        for number in range(1, count + 1)
    )
    points = []
    for sequence, _ in sequences:
        content = random.Random(f"{shape.seed}/{sequence}")
        scale, lift = content.uniform(0.6, 1.6), content.uniform(-0.4, 0.4)
        for place, card in enumerate(shape.cards):
            gain = 0.0 if place == 0 else content.uniform(-0.3, 0.5)
            shift = 0.0 if place == 0 else content.uniform(-0.3, 0.3)
            for step, label in enumerate(reversed(shape.rate_points)):
                rate = scale * 12.0 * 2 ** (step * 0.9 + shift)
                names = (name, sequence, card, label)
                points.append(_point(shape, names, rate, gain + lift))
    return ConfigurationResults(
        name=name,
        anchor=shape.cards[0],
        cards=shape.cards,
        sequences=sequences,
        rate_points={card: shape.rate_points for card in shape.cards},
        metrics=METRICS[: shape.metrics],
        points=tuple(points),
    )


def synthetic_campaign(shape: Shape = Shape()) -> CampaignResults:
    """Return a whole campaign in which every point is done."""
    cards = {
        name: CardInfo(
            name=name,
            title=CARD_TITLES.get(name, name),
            digest=hashlib.sha256(name.encode()).hexdigest(),
            version="1.0",
            kmac_per_pixel=143.5 if name.startswith("gvc") else None,
            parameters=2_411_000 if name.startswith("gvc") else None,
        )
        for name in shape.cards
    }
    return CampaignResults(
        name="synthetic",
        conditions="gfvc-low-delay",
        conditions_version="1.0",
        bd_rate={"interpolation": "pchip", "rate_axis": "log10", "minimum_overlap": 0.5},
        cards=cards,
        configurations=tuple(_configuration(shape, name) for name in shape.configurations),
        provenance={"host": "bench-1", "cpu": "EPYC", "ctc": "0.1.0", "lock_sha256": "0" * 64},
    )


def change_points(results: CampaignResults, **by_key: PointResult | None) -> CampaignResults:
    """Return the campaign with points replaced or (None) dropped; key `sequence__card__label`."""
    configurations = []
    for configuration in results.configurations:
        kept = []
        for point in configuration.points:
            key = f"{point.sequence}__{point.card}__{point.rate_point}"
            changed = by_key.get(key, point)
            if changed is not None:
                kept.append(changed)
        configurations.append(replace(configuration, points=tuple(kept)))
    return replace(results, configurations=tuple(configurations))


def find_point(results: CampaignResults, sequence: str, card: str, label: str) -> PointResult:
    """Return the point of the first configuration that holds it."""
    for configuration in results.configurations:
        for point in configuration.points:
            if (point.sequence, point.card, point.rate_point) == (sequence, card, label):
                return point
    raise KeyError((sequence, card, label))


def failed_point(point: PointResult, status: Status, reason: str) -> PointResult:
    """Return the point as a stage that did not finish leaves it."""
    return PointResult(
        configuration=point.configuration,
        sequence=point.sequence,
        sequence_class=point.sequence_class,
        card=point.card,
        rate_point=point.rate_point,
        status=status,
        reason=reason,
    )


def faulty_campaign() -> CampaignResults:
    """Return a campaign with a failed point, an absent metric, and curves without overlap."""
    results = synthetic_campaign()
    failed = failed_point(
        find_point(results, "CFVQA_002", "x265", "27"), Status.FAILED, "encoder exited with code 1"
    )
    changes: dict[str, PointResult | None] = {"CFVQA_002__x265__27": failed}
    for label in ("22", "27", "32", "37"):
        low = find_point(results, "VOXCELEB_001", "gvc-face", label)
        psnr = low.metrics["psnr_y"]
        assert psnr.value is not None
        absent = MetricResult(None, low.metrics["dists"].signature, "weights file not found")
        metrics = dict(low.metrics)
        metrics["psnr_y"] = replace(psnr, value=psnr.value - 15, pictures=())
        metrics["dists"] = absent
        changes[f"VOXCELEB_001__gvc-face__{label}"] = replace(low, metrics=metrics)
    bent = find_point(results, "VOXCELEB_002", "x265", "32")
    vmaf = bent.metrics["vmaf"]
    changes["VOXCELEB_002__x265__32"] = replace(
        bent, metrics={**bent.metrics, "vmaf": replace(vmaf, value=99.0)}
    )
    return change_points(results, **changes)
