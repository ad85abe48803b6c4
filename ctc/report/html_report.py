"""report.html: one file that opens from disk, with its data, style and script inside."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from ctc.report.data import ReportData
from ctc.report.html_data import page_data
from ctc.report.picture_set import PictureSet
from ctc.report.signatures import signature_rows

TEMPLATES = Path(__file__).with_name("templates")
SCRIPTS = ("elements.js", "chart.js", "tables.js", "curves.js", "viewer.js", "main.js")


def write_html(data: ReportData, path: Path, pictures: Sequence[PictureSet] = ()) -> None:
    """Write the page; equal results give equal bytes."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
    )
    results = data.results
    content = page_data(data, signature_rows(data), pictures)
    page = environment.get_template("report.html").render(
        title=f"Campaign {results.name}",
        name=f"Campaign {results.name}",
        lead=f"Conditions {results.conditions} {results.conditions_version}",
        style=_source("report.css"),
        script=Markup("\n").join(_source(name) for name in SCRIPTS),
        data=json_in_html(content),
    )
    path.write_text(page, encoding="utf-8", newline="\n")


def _source(name: str) -> Markup:
    text = (TEMPLATES / name).read_text(encoding="utf-8")
    return Markup(text)


def json_in_html(content: object) -> Markup:
    """Return JSON that cannot end the script element it stands in; NaN is refused.

    >>> json_in_html(["</script>"])
    Markup('["\\\\u003c/script>"]')
    """
    text = json.dumps(content, allow_nan=False, separators=(",", ":"), ensure_ascii=False)
    return Markup(text.replace("<", "\\u003c"))
