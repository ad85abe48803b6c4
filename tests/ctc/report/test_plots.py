"""Rate-distortion plots: marks stand where the axes say, equal results give equal bytes."""

from __future__ import annotations

import math
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ctc.report.canvas_svg import SvgCanvas
from ctc.report.chart import Figure, Panel, Series
from ctc.report.data import report_data
from ctc.report.interval_chart import IntervalFigure
from ctc.report.palette import Look
from ctc.report.plots import figures, write_plots
from tests.ctc.synthetic_results import Shape, faulty_campaign, synthetic_campaign

SVG = "{http://www.w3.org/2000/svg}"
SMALL = Shape(classes=(("A", 2), ("B", 1)), metrics=2)


def svg_of(figure: Figure) -> ElementTree.Element:
    canvas = SvgCanvas(*figure.size, figure.title)
    figure.draw(canvas)
    return ElementTree.fromstring(canvas.data())


def axis_place(root: ElementTree.Element, label: str) -> tuple[float, float]:
    texts = [t for t in root.iter(f"{SVG}text") if t.text == label]
    assert len(texts) == 1, label
    return float(texts[0].attrib["x"]), float(texts[0].attrib["y"])


def test_marks_stand_where_the_logarithmic_and_linear_axes_say() -> None:
    look = Look("#123456", "circle")
    points = ((10.0, 31.0), (40.0, 35.5), (100.0, 40.0))
    panel = Panel("t", "x", "y", (Series("s", look, points),))
    root = svg_of(Figure("f", (panel,)))
    x10, x100 = axis_place(root, "10")[0], axis_place(root, "100")[0]
    y32, y40 = axis_place(root, "32")[1] - 4, axis_place(root, "40")[1] - 4
    marks = [c for c in root.iter(f"{SVG}circle") if c.attrib["fill"] == "#123456"][1:]
    assert len(marks) == 3
    for mark, (rate, value) in zip(marks, points, strict=True):
        assert float(mark.attrib["cx"]) == pytest.approx(
            x10 + math.log10(rate / 10) * (x100 - x10), abs=0.02
        )
        assert float(mark.attrib["cy"]) == pytest.approx(
            y32 + (value - 32) / 8 * (y40 - y32), abs=0.02
        )


def test_every_sequence_and_class_has_png_and_svg(tmp_path: Path) -> None:
    written = write_plots(report_data(synthetic_campaign(SMALL)), tmp_path)
    stems = {path.stem.removeprefix("gfvc-low-delay_") for path in written}
    assert stems == {"A_001", "A_002", "B_001", "class_A", "class_B", "mean_bd_rate"}
    assert sorted(path.suffix for path in written) == [".png"] * 6 + [".svg"] * 6
    for path in written:
        start = path.read_bytes()[:8]
        assert start == b"\x89PNG\r\n\x1a\n" if path.suffix == ".png" else b"<svg"


def test_equal_results_give_equal_bytes(tmp_path: Path) -> None:
    results = report_data(synthetic_campaign(Shape(classes=(("A", 1),), metrics=1)))
    first = write_plots(results, tmp_path / "one")
    second = write_plots(results, tmp_path / "two")
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]


def test_a_class_point_that_one_sequence_lacks_is_left_out() -> None:
    figure = dict(figures(report_data(faulty_campaign())))["gfvc-low-delay_class_CFVQA"]
    assert isinstance(figure, Figure)
    panel = figure.panels[0]
    assert {s.label: len(s.points) for s in panel.series} == {
        "VTM 23.13 low-delay B": 4,
        "x265 (low delay)": 3,
        "GVC face, compact features": 4,
    }


def test_a_metric_without_values_says_so_and_no_number_is_nan() -> None:
    panel = Panel("DISTS", "x", "y", (Series("s", Look("#123456", "circle"), ()),))
    canvas = SvgCanvas(*Figure("f", (panel,)).size, "f")
    Figure("f", (panel,)).draw(canvas)
    text = canvas.data().decode()
    assert "no point can be shown" in text
    assert not re.search(r"nan|inf", text)


def test_one_point_and_equal_values_are_drawn() -> None:
    panel = Panel("p", "x", "y", (Series("s", Look("#123456", "square"), ((5.0, 0.0),)),))
    assert len(list(svg_of(Figure("f", (panel,))).iter(f"{SVG}polygon"))) == 2


def test_mean_bd_rates_stand_at_their_place_with_their_interval() -> None:
    data = report_data(faulty_campaign())
    figure = dict(figures(data))["gfvc-low-delay_mean_bd_rate"]
    assert isinstance(figure, IntervalFigure)
    canvas = SvgCanvas(*figure.size, figure.title)
    figure.draw(canvas)
    root = ElementTree.fromstring(canvas.data())
    zero, ten = axis_place(root, "0")[0], axis_place(root, "-10")[0]
    row = next(row for row in figure.rows if row.label == "PSNR-U" and row.value is not None)
    assert row.low is not None
    ends = [
        [tuple(map(float, pair.split(","))) for pair in line.attrib["points"].split()]
        for line in root.iter(f"{SVG}polyline")
        if line.attrib["stroke-width"] == "2.5"
    ]
    expected = zero + row.low * 100 / -10 * (ten - zero)
    assert any(abs(end[0][0] - expected) < 0.02 for end in ends)
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert "withheld: 4 of 5 sequences" in texts
