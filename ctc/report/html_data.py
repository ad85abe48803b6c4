"""The numbers of report.html: plain values for JSON, absent ones null with their reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ctc.averages import Mean
from ctc.bd_rate import BdResult
from ctc.comparison import CardComparison, Comparison
from ctc.comparison_uncertainty import MeanUncertainty
from ctc.complexity import TimeRatio
from ctc.report.codec_costs import codec_cost
from ctc.report.data import ReportData, picture_values
from ctc.report.equal_rate import EQUAL, equal_rate_place
from ctc.report.index import PointIndex, axis_title, metric_value
from ctc.report.palette import COLOURS, looks
from ctc.report.picture_set import PictureSet
from ctc.report.set_figures import set_json
from ctc.results import CardInfo, ConfigurationResults, Cost, PointResult, Status

Json = dict[str, Any]
MOST_PICTURE_VALUES = 400_000
MOST_NOTES = 500
MOST_PICTURE_BYTES = 32 << 20


def page_data(
    data: ReportData, signatures: Sequence[tuple[str, str, str]], pictures: Sequence[PictureSet]
) -> Json:
    """Return everything the page shows."""
    results = data.results
    values = picture_values(results.configurations)
    shown = 0 < values <= MOST_PICTURE_VALUES
    held = _held(pictures)
    anchors = {conf.name: conf.anchor for conf in results.configurations}
    note = (
        f"The {values} values of single pictures are too many for one page; the records hold them."
        if values
        else "The records hold no values of single pictures."
    )
    return {
        "name": results.name,
        "tally": _tally(results.configurations),
        "hint": _hint(data),
        "cards": {name: _card(card) for name, card in results.cards.items()},
        "configurations": [
            _configuration(data, place, shown) for place in range(len(data.comparisons))
        ],
        "hasPictures": shown,
        "picturesNote": note,
        "pictureSets": [_picture_set(one, anchors.get(one.configuration, "")) for one in held],
        "equal": EQUAL,
        "viewerNote": _viewer_note(len(pictures), len(held)),
        "setFigures": set_json(data.set_rows),
        "notes": [
            [n.configuration, n.sequence, n.card, n.rate_point, n.figure, n.reason]
            for n in data.notes[:MOST_NOTES]
        ],
        "notesLeftOut": max(0, len(data.notes) - MOST_NOTES),
        "signatures": [list(row) for row in signatures],
    }


def _card(card: CardInfo) -> Json:
    return {
        "title": card.title,
        "kmac": card.kmac_per_pixel,
        "parameters": card.parameters,
    }


def _tally(configurations: Sequence[ConfigurationResults]) -> str:
    """How many points there should be, how many are done, and what became of the others."""
    counts: dict[str, int] = {}
    for conf in configurations:
        index = PointIndex(conf)
        for sequence, _ in conf.sequences:
            for card in conf.cards:
                for point in index.points(sequence, card):
                    status = point.status.value if point else Status.NOT_RUN.value
                    counts[status] = counts.get(status, 0) + 1
    done = counts.pop(Status.DONE.value, 0)
    total = done + sum(counts.values())
    others = "".join(f"; {count} {name}" for name, count in sorted(counts.items()))
    return f"{done} of {total} points done{others}."


def _hint(data: ReportData) -> str:
    settings = data.comparisons[0].settings if data.comparisons else None
    if settings is None:
        return ""
    return (
        f"BD-rate by {settings.interpolation}; negative: less rate at equal quality. "
        "Means are over sequences, withheld when one has no figure; below them the 95 % interval "
        f"of a bootstrap over sequences. Overlap below {settings.minimum_overlap:.0%} is marked."
    )


def _configuration(data: ReportData, place: int, pictures: bool) -> Json:
    conf, comparison = data.results.configurations[place], data.comparisons[place]
    index = PointIndex(conf)
    components = list(dict.fromkeys(name for p in conf.points for name in p.component_bytes))
    look = looks(conf.cards, conf.anchor)
    points = {c: [index.points(s, c) for s, _ in conf.sequences] for c in conf.cards}
    known = data.uncertainties[place]
    found: Json = {
        "name": conf.name,
        "anchor": conf.anchor,
        "cards": list(conf.cards),
        "sequences": [list(sequence) for sequence in conf.sequences],
        "classes": list(index.classes),
        "metrics": [
            {"name": m.name, "title": m.title, "unit": m.unit, "axis": axis_title(m)}
            for m in conf.metrics
        ],
        "labels": {card: list(index.labels(card)) for card in conf.cards},
        "looks": {
            card: [
                -1 if card == conf.anchor else COLOURS.index(look[card].colour),
                look[card].marker,
                " ".join(f"{length:g}" for length in look[card].dash),
            ]
            for card in conf.cards
        },
        "components": components,
        "points": {
            card: [[_point(p, conf, components) for p in row] for row in rows]
            for card, rows in points.items()
        },
        "times": {card: _times(rows) for card, rows in points.items()},
        "tests": [_test(index, comparison, card, known) for card in comparison.cards],
    }
    if pictures:
        found["pictures"] = {
            card: [[_by_picture(p, conf) for p in row] for row in rows]
            for card, rows in points.items()
        }
    return found


def _point(point: PointResult | None, conf: ConfigurationResults, components: list[str]) -> Json:
    if point is None:
        return {
            "status": Status.NOT_RUN.value,
            "reason": "not run",
            "bytes": None,
            "kbps": None,
            "components": [],
            "values": [],
            "encode": None,
            "decode": None,
        }
    return {
        "status": point.status.value,
        "reason": point.reason,
        "bytes": point.bytes,
        "kbps": point.bitrate_kbps,
        "components": [point.component_bytes.get(name, 0) for name in components]
        if point.component_bytes
        else [],
        "values": [metric_value(point, metric.name) for metric in conf.metrics],
        "encode": _cost(point.encode),
        "decode": _cost(point.decode),
    }


def _cost(cost: Cost | None) -> list[float] | None:
    return None if cost is None else [cost.wall_s, cost.peak_rss_mib]


def _times(rows: Sequence[Sequence[PointResult | None]]) -> Json:
    encode = [p.encode for row in rows for p in row if p is not None and p.encode]
    decode = [p.decode for row in rows for p in row if p is not None and p.decode]
    costs = encode + decode
    cost = codec_cost(p for row in rows for p in row if p is not None)
    return {
        "encode": sum(cost.wall_s for cost in encode) if encode else None,
        "decode": sum(cost.wall_s for cost in decode) if decode else None,
        "encodeFps": cost.encode_fps,
        "decodeFps": cost.decode_fps,
        "encodeMemory": cost.encode_mib,
        "decodeMemory": cost.decode_mib,
        "jobs": ", ".join(sorted({str(c.concurrent_jobs) for c in costs})),
        "machines": ", ".join(sorted({c.machine or "not recorded" for c in costs})),
    }


def _test(
    index: PointIndex, comparison: Comparison, card: CardComparison, known: Sequence[Any]
) -> Json:
    of_metric = {u.metric: u.means for u in known if u.card == card.card}
    outside = index.configuration.outside_overall
    groups = [{name} for name in index.classes] + [{c for c in index.classes if c not in outside}]
    return {
        "card": card.card,
        "figures": [[_bd(f.bd_rate) for f in m.sequences] for m in card.metrics],
        "means": [
            _means((*m.classes, m.overall), of_metric.get(m.metric.name, ())) for m in card.metrics
        ],
        "encode": [_ratio(ratio) for ratio in card.encode_time],
        "decode": [_ratio(ratio) for ratio in card.decode_time],
        "success": [_success(index, card.card, group) for group in groups],
    }


def _means(means: Sequence[Mean], known: Sequence[MeanUncertainty]) -> list[Json]:
    found = []
    for place, mean in enumerate(means):
        interval = known[place].sequences if place < len(known) else None
        bounds = None
        if interval is not None and interval.low is not None and interval.high is not None:
            bounds = [interval.low, interval.high]
        found.append(
            {
                "name": mean.name,
                "value": mean.value,
                "count": mean.count,
                "total": mean.total,
                "low": mean.low_overlap,
                "reason": mean.reason,
                "interval": bounds,
                "signature": interval.signature if interval else "",
            }
        )
    return found


def _bd(result: BdResult) -> list[float | str | None]:
    return [result.value, result.status.value, result.overlap, result.reason]


def _ratio(ratio: TimeRatio) -> list[float | str | None]:
    return [ratio.value, ratio.reason]


def _success(index: PointIndex, card: str, classes: set[str]) -> str:
    sequences = [name for name, of in index.configuration.sequences if of in classes]
    points = [p for sequence in sequences for p in index.points(sequence, card)]
    done = sum(p is not None and p.status is Status.DONE for p in points)
    return f"{done} of {len(points)}"


def _by_picture(
    point: PointResult | None, conf: ConfigurationResults
) -> list[list[float | None]] | None:
    """Values of single pictures by metric, with the five digits that a plot can show."""
    if point is None or point.status is not Status.DONE:
        return None
    found = []
    for metric in conf.metrics:
        result = point.metrics.get(metric.name)
        values = result.pictures if result else ()
        found.append([None if v is None else float(f"{v:.5g}") for v in values])
    return found


def _held(pictures: Sequence[PictureSet]) -> list[PictureSet]:
    """The first sets of pictures that one page can hold."""
    held, size = [], 0
    for one in pictures:
        stills = [decoded.picture for decoded in one.decoded]
        stills += [one.original] if one.original else []
        size += sum(len(still.content) for still in stills)
        if size > MOST_PICTURE_BYTES:
            break
        held.append(one)
    return held


def _viewer_note(given: int, held: int) -> str:
    if not given:
        return "No decoded pictures: none were kept when these stages ran (ctc run --pictures)."
    if held < given:
        return f"Pictures of {held} of {given} sequences; more would not fit into one page."
    return ""


def _picture_set(pictures: PictureSet, anchor: str) -> Json:
    return {
        "start": equal_rate_place(pictures, anchor),
        "configuration": pictures.configuration,
        "sequence": pictures.sequence,
        "picture": pictures.picture,
        "original": pictures.original.data_url() if pictures.original else None,
        "decoded": [
            {
                "card": one.card,
                "label": one.rate_point,
                "kbps": one.kbps,
                "source": one.picture.data_url(),
            }
            for one in pictures.decoded
        ],
    }
