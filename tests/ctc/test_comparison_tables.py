"""Tables of comparisons as readers and machines get them."""

from __future__ import annotations

import csv
import dataclasses
import io
import re

import pytest

from ctc.averages import Mean, curve_average
from ctc.bd_rate import bd_rate
from ctc.comparison import BdSettings, compare_configuration
from ctc.comparison_rows import COLUMNS, comparison_rows, rows_csv
from ctc.comparison_tables import matched_table, sequence_table, summary_table, uncertainty_table
from ctc.comparison_uncertainty import uncertainty_of
from ctc.curve_average_comparison import NAME, averaged
from ctc.errors import ReportError
from ctc.rd_curve import Curve
from ctc.report.tables import Cell, Table, Tone, csv_text, latex, markdown, terminal
from ctc.results import CampaignResults, MetricResult, PointResult, Status
from ctc.results_selection import select_results
from tests.ctc.formula_results import PSNR, campaign, configuration

TABLE = Table(
    "x & y",
    ("Codec", "A|B"),
    (
        (Cell("one_1"), Cell("-1.50 %", -0.015, Tone.GAIN)),
        (Cell("two"), Cell("no-overlap", None, Tone.FAINT)),
    ),
    ("a 100 % note",),
)


def test_terminal_aligns_and_colours_only_when_asked() -> None:
    assert terminal(TABLE) == (
        "x & y\nCodec         A|B\n-----  ----------\none_1     -1.50 %\ntwo    no-overlap\n"
        "  a 100 % note\n"
    )
    coloured = terminal(TABLE, colours=True)
    assert "\x1b[32m   -1.50 %\x1b[0m" in coloured and "\x1b" not in terminal(TABLE)


def test_control_characters_of_a_record_do_not_reach_the_terminal() -> None:
    table = Table("t", ("Codec",), ((Cell("a\x1b[31mred\x07"),),), ("note\r\x1b]0;title",))
    text = terminal(table, colours=False)
    assert "\x1b" not in text and "a?[31mred?" in text and "\r" not in text


def test_markdown_csv_and_latex_escape_their_own_signs() -> None:
    assert markdown(TABLE).splitlines()[2:5] == [
        "| Codec | A\\|B |",
        "| :-- | --: |",
        "| one_1 | -1.50 % |",
    ]
    assert list(csv.reader(io.StringIO(csv_text(TABLE)))) == [
        ["Codec", "A|B"],
        ["one_1", "-0.015"],
        ["two", "no-overlap"],
    ]
    text = latex(TABLE)
    assert "one\\_1 & $-$1.50 \\% \\\\" in text and "\\caption{x \\& y}" in text
    assert text.count("\\begin") == text.count("\\end")


def test_summary_shows_means_n_times_and_why_a_mean_is_withheld() -> None:
    results = configuration(test=0.9)
    broken = tuple(
        dataclasses.replace(p, status=Status.TIMEOUT, reason="60 s")
        if (p.card, p.sequence, p.rate_point) == ("test", "a2", "27")
        else p
        for p in results.points
    )
    comparison = compare_configuration(dataclasses.replace(results, points=broken))
    table = summary_table(comparison)
    assert table.title == "ldb: BD-rate over anchor (pchip)"
    rows = [[cell.text for cell in row] for row in table.rows]
    assert rows == [
        ["test", "A", "2", "withheld", "withheld", "90 %", "90 %"],
        ["test", "B", "1", "-10.00 %", "-10.00 %", "90 %", "90 %"],
        ["test", "Overall", "3", "withheld", "withheld", "90 %", "90 %"],
    ]
    assert table.notes[0] == (
        "test, A, PSNR-Y: withheld: 1 of 2 sequences have no figure (missing-points 1): a2"
    )
    sequences = sequence_table(comparison)
    assert [cell.text for cell in sequences.rows[1]][2:] == [
        "a2", "missing-points", "missing-points",
    ]  # fmt: skip
    assert sequences.notes[0].endswith("PSNR-Y: test: rate point 27: timeout: 60 s")


def shifted(results: CampaignResults, card: str, by: float) -> CampaignResults:
    """The campaign with PSNR of a card moved by so many dB."""

    def moved(point: PointResult) -> PointResult:
        value = point.metrics["psnr_y"].value
        assert value is not None
        metrics = {**point.metrics, "psnr_y": MetricResult(value + by, PSNR.signature)}
        return dataclasses.replace(point, metrics=metrics) if point.card == card else point

    configurations = tuple(
        dataclasses.replace(c, points=tuple(map(moved, c.points))) for c in results.configurations
    )
    return dataclasses.replace(results, configurations=configurations)


def test_matched_points_stand_in_where_bd_is_undefined() -> None:
    results = shifted(campaign(test=0.02), "test", -30.0).configurations[0]
    comparison = compare_configuration(results)
    table = matched_table(comparison)
    assert table is not None
    assert {row[2].text for row in table.rows} == {"PSNR-Y"}
    assert len(table.rows) == 3 * 4 * 2
    row = {h: c for h, c in zip(table.header, table.rows[0], strict=True)}
    assert row["Matched"].text == "rate ~"
    assert row["Rate"].value == pytest.approx(0.02 * 500 / 500 - 1)
    assert row["Anchor kbit/s"].value == pytest.approx(500)
    assert table.notes[0].startswith("~ the anchor's curve does not reach")
    few = matched_table(comparison, most=5)
    assert few is not None and len(few.rows) == 5 and few.notes[1].startswith("19 more rows")
    assert matched_table(compare_configuration(configuration(test=0.9))) is None
    everywhere = matched_table(compare_configuration(configuration(test=0.9)), everywhere=True)
    assert everywhere is not None and len(everywhere.rows) == 3 * 4 * 2 * 2


def test_a_single_point_is_compared_by_matching() -> None:
    results = configuration(test=0.5)
    one = tuple(p for p in results.points if p.card == "anchor" or p.rate_point == "27")
    points = {**results.rate_points, "test": ("27",)}
    results = dataclasses.replace(results, points=one, rate_points=points)
    table = matched_table(compare_configuration(results))
    assert table is not None
    by_quality = [r for r in table.rows if r[3].text == "quality" and r[2].text == "PSNR-Y"]
    assert [r[8].value for r in by_quality] == pytest.approx([-0.5] * 3)


def test_a_hull_of_two_parameters_is_compared_like_a_codec() -> None:
    """Of two codecs of which one is better throughout, the hull is that one."""
    results = configuration(good=0.8, poor=1.3)
    comparison = compare_configuration(results, hulls={"best": ("good", "poor")})
    hull = comparison.cards[-1]
    assert hull.card == "best"
    alone = compare_configuration(results, tests=("good",)).cards[0]
    assert hull.by_metric("psnr_y").overall.value == pytest.approx(
        alone.by_metric("psnr_y").overall.value, abs=0.02
    )
    assert hull.encode_time[-1].value is None
    with pytest.raises(ReportError, match="'goud' is not among its cards"):
        compare_configuration(results, hulls={"best": ("goud",)})


def test_long_csv_has_every_figure_in_full() -> None:
    results = configuration(test=0.9)
    comparison = compare_configuration(results)
    known = uncertainty_of(results, comparison)
    rows = list(csv.DictReader(io.StringIO(rows_csv(comparison_rows(comparison, known)))))
    assert tuple(rows[0]) == COLUMNS
    # 3 sequences and 3 means, 2 metrics, BD-rate and BD-metric; 3 means of 2 times.
    assert len(rows) == 6 * 2 * 2 + 3 * 2
    first = comparison.cards[0].metrics[0].sequences[0].bd_rate.value
    assert float(rows[0]["value"]) == first
    assert rows[0]["overlap"] == "1.0"
    assert {row["figure"] for row in rows} == {"bd_rate", "bd_metric", "encode_time", "decode_time"}
    assert all("nan" not in row["value"] and "inf" not in row["value"] for row in rows)


def test_uncertainty_table_says_what_has_no_interval() -> None:
    results = configuration(test=0.9)
    comparison = compare_configuration(results)
    table = uncertainty_table(comparison, uncertainty_of(results, comparison))
    short = uncertainty_table(comparison, uncertainty_of(results, comparison), pictures=False)
    assert len(short.header) == len(short.rows[0]) == len(table.header) - 1
    assert table.notes[0] == (
        "test, PSNR-Y: no interval over sequences: 3 sequences: an interval needs 4"
    )
    assert [cell.text for cell in table.rows[0]][:5] == [
        "test",
        "PSNR-Y",
        "-",
        table.rows[0][3].text,
        "3",
    ]


def test_averaged_curves_are_another_figure_under_their_own_name() -> None:
    results = configuration(test=0.9)
    points = tuple(
        dataclasses.replace(p, bitrate_kbps=(p.bitrate_kbps or 0) * 0.5)
        if (p.card, p.sequence) == ("test", "a2")
        else p
        for p in results.points
    )
    comparison = compare_configuration(dataclasses.replace(results, points=points))
    other = averaged(comparison)
    assert summary_table(other).title == f"ldb: {NAME} over anchor (pchip)"
    figures = comparison.cards[0].metrics[0].sequences[:2]
    mean = comparison.cards[0].metrics[0].classes[0].value
    curves = [
        [c for c in pair if c]
        for pair in zip(*((f.anchor_curve, f.test_curve) for f in figures), strict=True)
    ]
    expected = bd_rate(curve_average(curves[0]), curve_average(curves[1])).value
    found = other.cards[0].metrics[0].classes[0].value
    assert found == pytest.approx(expected)
    assert found != pytest.approx(mean, abs=1e-4)


def test_marks_and_counts() -> None:
    settings = BdSettings.from_conditions({})
    assert settings == BdSettings()
    mean = Mean("A", -0.1, 2, 2, 1, "1 of 2 sequences have low overlap")
    from ctc.comparison_tables import mean_cell

    assert mean_cell(mean).text == "-10.00 %*"
    assert Curve.of([1], [1]).rates == (1.0,)


def test_a_selection_leaves_out_configurations_without_the_card_and_says_so() -> None:
    results = campaign(test=0.9, other=0.8)
    ldb = results.configurations[0]
    rgb = dataclasses.replace(
        ldb, name="rgb", cards=("anchor", "test"), metrics=(PSNR,), points=ldb.points[:24]
    )
    results = dataclasses.replace(results, configurations=(ldb, rgb))
    everything, left_out = select_results(results)
    assert everything == results and left_out == []
    chosen, left_out = select_results(results, cards=["other"], metrics=["psnr_y"])
    assert [c.name for c in chosen.configurations] == ["ldb"]
    assert [m.name for m in chosen.configurations[0].metrics] == ["psnr_y"]
    assert left_out == ["rgb: 'other' is not among its cards ['anchor', 'test']"]
    _, left_out = select_results(results, metrics=["lpips"])
    assert left_out == ["rgb: has none of the metrics lpips"]
    one, _ = select_results(results, configurations=["rgb"])
    assert [c.name for c in one.configurations] == ["rgb"]
    for wrong, message in (
        ({"configurations": ["rbg"]}, "no configuration 'rbg'; did you mean 'rgb'"),
        ({"metrics": ["lpisp"]}, "no metric 'lpisp'; did you mean 'lpips'"),
        ({"cards": ["tset"]}, "ldb: 'tset' is not among its cards"),
    ):
        with pytest.raises(ReportError, match=re.escape(message)):
            select_results(results, **wrong)
