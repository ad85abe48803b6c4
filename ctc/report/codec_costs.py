"""Speed and memory of a codec over the points of a campaign, beside what its card declares."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ctc.report.tables import Cell, Table, Tone
from ctc.results import CampaignResults, PointResult

HEADS = ("kMAC/pixel", "Parameters", "Encode fps", "Decode fps", "Encode MiB", "Decode MiB")


@dataclass(frozen=True)
class CodecCost:
    """Pictures a second of wall time, start of the program included, and peak memory in MiB.

    None where no point says it.
    """

    encode_fps: float | None
    decode_fps: float | None
    encode_mib: float | None
    decode_mib: float | None


def codec_cost(points: Iterable[PointResult]) -> CodecCost:
    """Return speed and memory over points of one codec."""
    held = tuple(points)
    encode = [(p.frames, p.encode) for p in held if p.encode and p.encode.wall_s > 0]
    decode = [(p.frames, p.decode) for p in held if p.decode and p.decode.wall_s > 0]
    speeds = [
        sum(frames for frames, _ in costs) / sum(cost.wall_s for _, cost in costs)
        if costs
        else None
        for costs in (encode, decode)
    ]
    peaks = [max((c.peak_rss_mib for _, c in costs), default=None) for costs in (encode, decode)]
    return CodecCost(speeds[0], speeds[1], peaks[0], peaks[1])


def cost_table(results: CampaignResults) -> Table:
    """Return the table of codecs: what cards declare, what was measured."""
    points = [p for conf in results.configurations for p in conf.points]
    rows = []
    for name, card in results.cards.items():
        cost = codec_cost(p for p in points if p.card == name)
        values = (
            (card.kmac_per_pixel, "{:.2f}"),
            (card.parameters, "{:,}"),
            (cost.encode_fps, "{:.2f}"),
            (cost.decode_fps, "{:.2f}"),
            (cost.encode_mib, "{:.0f}"),
            (cost.decode_mib, "{:.0f}"),
        )
        cells = [
            Cell("-", None, Tone.FAINT) if value is None else Cell(look.format(value), value)
            for value, look in values
        ]
        rows.append((Cell(name), *cells))
    note = "pictures a second of wall time, start of the programs included; peak memory of one run"
    return Table("Complexity and speed of codecs", ("Codec", *HEADS), tuple(rows), (note,))
