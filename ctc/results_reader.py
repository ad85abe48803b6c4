"""Results of a campaign from its folder alone: the lock, the records, every key derived again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ctc.campaign_lock import LOCK_NAME, CampaignLock, LockedConfiguration, read_lock
from ctc.errors import StoreError
from ctc.keys import file_sha256
from ctc.record import Record, check_inputs, parse_record
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
from ctc.set_names import SET_FEATURES
from ctc.stage_inputs import Point, StageInputs
from ctc.still_picture import still_of

COST_KEYS = frozenset(["wall_s", "cpu_s", "peak_rss_mib", "concurrent_jobs"])


def read_campaign(folder: Path) -> CampaignResults:
    """Return every point of the campaign in `folder`; one without records is NOT_RUN, with why.

    Raises:
        ReportError: the folder has no lock, or one that cannot be used.
    """
    lock = read_lock(folder)
    reader = _Reader(lock, folder / "records")
    return CampaignResults(
        name=lock.name,
        conditions=lock.conditions.name,
        conditions_version=lock.conditions.version,
        bd_rate=_bd_rate(lock),
        cards={name: _card(name, lock) for name in lock.cards},
        configurations=tuple(_configuration(c, lock, reader) for c in lock.configurations),
        provenance={
            "created": lock.created,
            "lock_sha256": file_sha256(folder / LOCK_NAME),
            "ctc": lock.ctc,
            "source": lock.conditions.source,
            "title": lock.conditions.title,
        },
    )


def _bd_rate(lock: CampaignLock) -> dict[str, str | float]:
    plain: Mapping[str, Any] = lock.conditions.bd_rate.model_dump(mode="json")
    return dict(plain)


def _card(name: str, lock: CampaignLock) -> CardInfo:
    card = lock.cards[name]
    return CardInfo(
        name,
        card.title,
        card.digest,
        card.version,
        card.complexity.kmac_per_pixel,
        card.complexity.parameters,
    )


def _configuration(
    configuration: LockedConfiguration, lock: CampaignLock, reader: _Reader
) -> ConfigurationResults:
    points = [p for p in reader.inputs.points() if p.configuration == configuration.name]
    return ConfigurationResults(
        name=configuration.name,
        anchor=configuration.anchor,
        cards=tuple(configuration.cards),
        sequences=tuple(
            (name, lock.sequences[name].sequence_class) for name in configuration.sequences
        ),
        rate_points={card: tuple(labels) for card, labels in configuration.rate_points.items()},
        metrics=tuple(_metric(name, lock) for name in configuration.metrics),
        points=tuple(reader.point(point) for point in points),
        outside_overall=_outside_overall(configuration.name, lock),
        sequence_md5={name: lock.sequences[name].md5 for name in configuration.sequences},
        set_figures=tuple(configuration.set_figures),
        set_signature=lock.metrics[SET_FEATURES].signature if configuration.set_figures else "",
    )


def _outside_overall(name: str, lock: CampaignLock) -> tuple[str, ...]:
    stated = (c.outside_overall for c in lock.conditions.configurations if c.name == name)
    return tuple(next(stated, []))


def _metric(name: str, lock: CampaignLock) -> MetricInfo:
    metric = lock.metrics[name]
    return MetricInfo(name, metric.title, metric.unit, metric.higher_is_better, metric.signature)


class _Reader:
    """Reads the records of one campaign; a damaged one counts as absent, with the reason."""

    def __init__(self, lock: CampaignLock, records: Path) -> None:
        self.inputs = StageInputs(lock)
        self._lock = lock
        self._records = records

    def point(self, point: Point) -> PointResult:
        """Return one point from the records of its stages, as far as they go."""
        values: dict[str, Any] = {
            "configuration": point.configuration,
            "sequence": point.sequence,
            "sequence_class": self._lock.sequences[point.sequence].sequence_class,
            "card": point.card,
            "rate_point": point.rate_point,
            "frames": self.inputs.frames(point),
        }
        fault = self.inputs.fault(point)
        if fault:
            unusable = self._lock.cards[point.card].encoder is None
            status = Status.NOT_SUPPORTED if unusable else Status.FAILED
            return PointResult(**values, status=status, reason=fault)
        keys: dict[str, str] = {}
        values["record_keys"] = keys
        keys["encode"] = self.inputs.encode(point).key
        encode, reason = self._read(keys["encode"], "encode")
        if encode is None or encode.output is None:
            return PointResult(**values, **_without(encode, reason))
        values |= self._of_bitstream(point, encode)
        keys["decode"] = self.inputs.decode(point, encode.output.sha256).key
        decode, reason = self._read(keys["decode"], "decode")
        if decode is None or decode.output is None:
            return PointResult(**values, **_without(decode, reason))
        values["component_bytes"] = decode.components
        values["decoded_sha256"] = decode.output.sha256
        values["decode"] = _cost(decode)
        values["still"] = still_of(decode.logs)
        values["metrics"] = self._metrics(point, decode.output.sha256, keys)
        of_set = values["metrics"].pop(SET_FEATURES, None)
        if of_set is not None:
            values["features"] = of_set.features
            values["no_features"] = "" if of_set.features else of_set.reason
        return PointResult(**values, status=Status.DONE)

    def _of_bitstream(self, point: Point, encode: Record) -> dict[str, Any]:
        size = encode.output.bytes if encode.output else 0
        rate = self.inputs.original_format(point).frame_rate
        bits_per_second = 8 * size * rate / self.inputs.frames(point)
        return {
            "bytes": size,
            "bitrate_kbps": float(bits_per_second / 1000),
            "bitstream_sha256": encode.output.sha256 if encode.output else "",
            "encode": _cost(encode),
        }

    def _metrics(self, point: Point, decoded: str, keys: dict[str, str]) -> dict[str, MetricResult]:
        found: dict[str, MetricResult] = {}
        for name, absent in self.inputs.metrics(point).items():
            signature = self._lock.metrics[name].signature
            if absent:
                found[name] = MetricResult(None, signature, absent)
                continue
            key = self.inputs.measure(point, name, decoded).key
            keys[f"measure:{name}"] = key
            record, reason = self._read(key, "measure")
            if record is None or record.scores is None:
                reason = record.reason if record is not None else reason
                found[name] = MetricResult(None, signature, reason)
                continue
            scores = record.scores
            found[name] = MetricResult(
                scores["value"],
                signature,
                scores["reason"],
                tuple(scores["pictures"]),
                str(scores.get("features", "")),
            )
        return found

    def _read(self, key: str, stage: str) -> tuple[Record | None, str]:
        """Return the record, or None and why there is none."""
        path = self._records / key[:2] / f"{key}.json"
        try:
            record = parse_record(path.read_bytes(), key)
            check_inputs(record)
        except FileNotFoundError:
            return None, f"{stage} has not been run"
        except OSError as problem:
            return None, f"{path}: cannot be read: {problem.strerror}"
        except StoreError as problem:
            return None, f"{path}: record not used: {problem}"
        return record, ""


def _without(record: Record | None, reason: str) -> dict[str, Any]:
    if record is None:
        return {"status": Status.NOT_RUN, "reason": reason}
    return {"status": Status(record.status), "reason": record.reason}


def _cost(record: Record) -> Cost | None:
    """What the stage took; None where the record does not say it all."""
    cost = record.cost
    if not cost.keys() >= COST_KEYS:
        return None
    return Cost(
        float(cost["wall_s"]),
        float(cost["cpu_s"]),
        float(cost["peak_rss_mib"]),
        int(cost["concurrent_jobs"]),
        ", ".join(part for part in map(record.where.get, ("host", "cpu")) if part),
    )
