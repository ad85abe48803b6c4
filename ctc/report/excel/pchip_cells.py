"""BD-rate as plain cells: one row a pair of curves, in formulas that every spreadsheet knows.

No macro, LET, LAMBDA or array formula. The columns of one curve, for at most `slots` points:

    complete  1 when every point has a rate above 0 and a quality
    x         qualities, distinct, from worst to best (negated where less is better)
    y         log10 of the rate at each quality
    s         secants (y[k+1] - y[k]) / (x[k+1] - x[k])
    d         slopes of the monotone piecewise cubic
    u         x limited to the common interval [low, high]
    i         integral of each cubic from u[k] to u[k+1]
    faults    points at which the rate does not rise strictly with quality

Source: ctc/conditions/conditions.md, clause 7; Fritsch and Butland 1984 (PCHIP).
"""

from __future__ import annotations

from dataclasses import dataclass

from ctc.report.excel.cells import column_letters

IDENTITY = ("Configuration", "Tested", "Class", "Sequence", "Metric")
RESULT = ("low", "high", "overlap", "status", "BD-rate")


@dataclass(frozen=True)
class CurveColumns:
    """Columns of one curve, counted from 0."""

    first: int
    slots: int

    @property
    def complete(self) -> int:
        """Column of the completeness flag."""
        return self.first

    def place(self, kind: str, k: int) -> int:
        """Column of the k-th (from 0) cell of a kind: x, y, s, d, u or i."""
        n = self.slots
        start = {"x": 0, "y": n, "s": 2 * n, "d": 3 * n - 1, "u": 4 * n - 1, "i": 5 * n - 1}
        return self.first + 1 + start[kind] + k

    @property
    def faults(self) -> int:
        """Column of the number of faults."""
        return self.first + 1 + 6 * self.slots - 2

    @property
    def end(self) -> int:
        """Column after the last."""
        return self.faults + 1

    def headings(self) -> list[str]:
        """Names of the columns in order."""
        n = self.slots
        counts = (("x", n), ("y", n), ("s", n - 1), ("d", n), ("u", n), ("i", n - 1))
        names = [f"{kind}{k + 1}" for kind, count in counts for k in range(count)]
        return ["complete", *names, "faults"]


@dataclass(frozen=True)
class PairColumns:
    """Columns of one row of the calculation sheet; low and high stand before the curves."""

    slots: int

    @property
    def result(self) -> int:
        """Column of `low`; high, overlap, status and BD-rate follow."""
        return len(IDENTITY)

    @property
    def anchor(self) -> CurveColumns:
        """Columns of the anchor's curve."""
        return CurveColumns(self.result + len(RESULT), self.slots)

    @property
    def test(self) -> CurveColumns:
        """Columns of the tested curve."""
        return CurveColumns(self.anchor.end, self.slots)

    @property
    def status(self) -> int:
        """Column of the status."""
        return self.result + 3

    @property
    def value(self) -> int:
        """Column of the BD-rate, or of the status as text where it is undefined."""
        return self.result + 4

    @property
    def overlap(self) -> int:
        """Column of the overlap."""
        return self.result + 2


def curve_template(columns: CurveColumns, points: int, lower: bool, ends: str) -> tuple[str, ...]:
    """Return the formulas of a curve of `points` points; `ends` names low and high as `L,H`.

    `{r}` stands for the row, `{Q}` and `{R}` for the ranges of qualities and rates.
    """
    letters = _Letters(columns)
    n, slots = points, columns.slots
    complete = f'=IF(AND(COUNTIF({{R}},">0")={n},COUNT({{Q}})={n}),1,0)'
    cells = [complete]
    cells += [_x(letters, k, lower) if k < n else "" for k in range(slots)]
    cells += [_y(letters, k, lower) if k < n else "" for k in range(slots)]
    cells += [_secant(letters, k) if k < n - 1 else "" for k in range(slots - 1)]
    cells += [_slope(letters, k, n) if k < n else "" for k in range(slots)]
    cells += [_clipped(letters, k, ends) if k < n else "" for k in range(slots)]
    cells += [_integral(letters, k) if k < n - 1 else "" for k in range(slots - 1)]
    cells.append(_faults(letters, slots))
    return tuple(cells)


class _Letters:
    """References with a row placeholder to the cells of one curve; k counts from 0."""

    def __init__(self, columns: CurveColumns) -> None:
        self.columns = columns

    def __call__(self, kind: str, k: int) -> str:
        return f"{column_letters(self.columns.place(kind, k))}{{r}}"

    @property
    def complete(self) -> str:
        return f"{column_letters(self.columns.complete)}{{r}}"


def _x(at: _Letters, k: int, lower: bool) -> str:
    if k == 0:
        return f'=IF({at.complete}=1,{"-MAX" if lower else "MIN"}({{Q}}),"")'
    before = at("x", k - 1)
    if lower:
        return f'=IFERROR(-LARGE({{Q}},SUMPRODUCT(({{Q}}>=-{before})*1)+1),"")'
    return f'=IFERROR(SMALL({{Q}},SUMPRODUCT(({{Q}}<={before})*1)+1),"")'


def _y(at: _Letters, k: int, lower: bool) -> str:
    x = at("x", k)
    quality = f"-{x}" if lower else x
    return f'=IF({x}="","",LOG10(INDEX({{R}},MATCH({quality},{{Q}},0))))'


def _secant(at: _Letters, k: int) -> str:
    x0, x1, y0, y1 = at("x", k), at("x", k + 1), at("y", k), at("y", k + 1)
    return f'=IF({x1}="","",({y1}-{y0})/({x1}-{x0}))'


def _slope(at: _Letters, k: int, points: int) -> str:
    x = at("x", k)
    if k == 0:
        if points == 1:
            return f'=IF({x}="","",0)'
        start = at("s", 0) if points == 2 else _first_slope(at)
        return f'=IF({at("x", 1)}="","",{start})'
    if k == points - 1:
        return f'=IF({x}="","",{_last_slope(at, k)})'
    x0, x1 = at("x", k - 1), at("x", k + 1)
    s0, s1 = at("s", k - 1), at("s", k)
    inner = f"IF(MIN({s0},{s1})<=0,0,3*({x1}-{x0})/((2*{x1}-{x}-{x0})/{s0}+({x1}+{x}-2*{x0})/{s1}))"
    return f'=IF({x}="","",IF({x1}="",{_last_slope(at, k)},{inner}))'


def _first_slope(at: _Letters) -> str:
    x0, x1, x2, s0, s1 = at("x", 0), at("x", 1), at("x", 2), at("s", 0), at("s", 1)
    slope = f"MAX(0,(({x2}+{x1}-2*{x0})*{s0}-({x1}-{x0})*{s1})/({x2}-{x0}))"
    return f'IF({x2}="",{s0},{slope})'


def _last_slope(at: _Letters, k: int) -> str:
    if k == 1:
        return at("s", 0)
    x0, x1, x2, s0, s1 = at("x", k), at("x", k - 1), at("x", k - 2), at("s", k - 1), at("s", k - 2)
    return f"MAX(0,((2*{x0}-{x1}-{x2})*{s0}-({x0}-{x1})*{s1})/({x0}-{x2}))"


def _clipped(at: _Letters, k: int, ends: str) -> str:
    return f'=IF({at("x", k)}="","",MEDIAN({ends},{at("x", k)}))'


def _integral(at: _Letters, k: int) -> str:
    x, w, y, s = at("x", k), at("x", k + 1), at("y", k), at("s", k)
    d, e, u, v = at("d", k), at("d", k + 1), at("u", k), at("u", k + 1)
    total = f"({u}+{v}-2*{x})"
    squares = f"({u}-{x})^2+({v}-{x})^2"
    return (
        f'=IF({w}="","",({v}-{u})*({y}+{total}*{d}/2'
        f"+({squares}+({u}-{x})*({v}-{x}))*(3*{s}-2*{d}-{e})/({w}-{x})/3"
        f"+{total}*({squares})*({d}+{e}-2*{s})/({w}-{x})^2/4))"
    )


def _faults(at: _Letters, slots: int) -> str:
    """Points that share a quality or a rate but not both, and steps where the rate falls."""
    unlike = "SUMPRODUCT((MATCH({Q},{Q},0)<>MATCH({R},{R},0))*1)"
    later = f"{at('y', 1)}:{at('y', slots - 1)}"
    earlier = f"{at('y', 0)}:{at('y', slots - 2)}"
    falls = f"SUMPRODUCT(ISNUMBER({later})*({later}<={earlier}))"
    return f'=IF({at.complete}=1,{unlike}+{falls},"")'


def result_template(columns: PairColumns, minimum_overlap: float) -> tuple[str, ...]:
    """Return the formulas of low, high, overlap, status and BD-rate with `{r}` for the row."""
    a, t = columns.anchor, columns.test
    last = columns.slots - 1
    xa = f"{_Letters(a)('x', 0)}:{_Letters(a)('x', last)}"
    xt = f"{_Letters(t)('x', 0)}:{_Letters(t)('x', last)}"
    low, high, overlap, status = (
        f"{column_letters(columns.result + offset)}{{r}}" for offset in range(4)
    )
    faults = [f"{column_letters(c.faults)}{{r}}" for c in (a, t)]
    complete = [f"{column_letters(c.complete)}{{r}}" for c in (a, t)]
    sums = [f"SUM({_Letters(c)('i', 0)}:{_Letters(c)('i', columns.slots - 2)})" for c in (a, t)]
    counts = (f"COUNT({xa})<2", f"COUNT({xt})<2")
    few = "OR(" + ",".join(f"AND({c},{f}=0)" for c, f in zip(counts, faults, strict=True)) + ")"
    measured = f"OR({','.join(counts)},SUM({faults[0]},{faults[1]})>0)"
    return (
        f"=MAX({_Letters(a)('x', 0)},{_Letters(t)('x', 0)})",
        f"=MIN(MAX({xa}),MAX({xt}))",
        f'=IF({measured},"",MAX(0,{high}-{low})/(MAX({xa},{xt})-MIN({xa},{xt})))',
        f'=IF(MIN({complete[0]},{complete[1]})=0,"missing-points",IF({few},"too-few-points",'
        f'IF(SUM({faults[0]},{faults[1]})>0,"non-monotonic",IF({high}<{low},"no-overlap",'
        f'IF({high}={low},"touching",IF({overlap}<{minimum_overlap!r},"low-overlap","ok"))))))',
        f'=IF(OR({status}="ok",{status}="low-overlap"),'
        f"10^(({sums[1]}-{sums[0]})/({high}-{low}))-1,{status})",
    )
