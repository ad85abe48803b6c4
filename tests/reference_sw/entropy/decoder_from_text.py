"""A decoder of parameter segments written from clauses 10 and 11 alone, sharing no code with ours.

Names and order are those of the text; it is as slow and as short as the text allows.
"""

from __future__ import annotations

import re
from pathlib import Path

CLAUSE_10 = next(
    (Path(__file__).parents[3] / "reference_sw" / "specification").glob("10-*.md")
).read_text(encoding="utf-8")
LIMIT = 2**32 - 1
NONE, KEY_PICTURE, PREVIOUS, LINEAR = range(4)


def clip3(a: int, b: int, x: int) -> int:
    return a if x < a else b if x > b else x


def sign(x: int) -> int:
    return 0 if x == 0 else 1 if x > 0 else 2


def level(a: int) -> int:
    return len([t for t in (1, 2, 4, 7, 12, 20, 32, 52, 84, 136, 220) if a >= t])


def drift_class(d: int) -> int:
    n = len([t for t in (6, 20) if abs(d) >= t])
    return 2 + n if d >= 0 else 2 - n


def _table() -> list[int]:
    found = re.search(r"T\[ 32 \]\.\.T\[ 64 \] are ([\d, ]+);", CLAUSE_10)
    assert found
    upper = [int(n) for n in found[1].split(",")]
    return [65536 - upper[k] for k in range(32, 0, -1)] + upper


T = _table()


def squash(x: int) -> int:
    j, f = (x + 2048) >> 6, (x + 2048) & 63
    return (T[j] * (64 - f) + T[j + 1] * f + 32) >> 6


SQUASHED = [squash(x) for x in range(-2047, 2048)]
STRETCH = [
    next((x - 2047 for x in range(4095) if SQUASHED[x] >= 16 * p + 8), 2047) for p in range(4096)
]


class Context:
    def __init__(self, v: int) -> None:
        self.fast, self.slow, self.count = v << 3, v << 7, 0

    def state(self) -> int:
        return 16 * self.fast + self.slow

    def update(self, b: int) -> None:
        n = len(f"{self.count + 1:b}")
        rate = 8
        shift_fast = 2 + (rate >> 2)
        shift_slow = shift_fast + 3 + (rate & 3)
        a, z = min(shift_fast, n), min(shift_slow, n)
        self.fast += ((1023 * b) >> a) - (self.fast >> a)
        self.slow += ((16383 * b) >> z) - (self.slow >> z)
        self.count = min(self.count + 1, 1023)


class Arithmetic:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.ivl_range = 2**32 - 1
        first = self.d(0) * 2**24 + self.d(1) * 2**16 + self.d(2) * 2**8 + self.d(3)
        self.ivl_offset = min(first, 2**32 - 2)
        self.num_read = 0

    def d(self, k: int) -> int:
        return self.data[k] if k < len(self.data) else 0

    def renormalise(self) -> None:
        while self.ivl_range < 2**24:
            self.ivl_range = self.ivl_range << 8
            self.ivl_offset = (self.ivl_offset << 8) + self.d(4 + self.num_read)
            self.num_read += 1

    def bin(self, p1: int) -> int:
        ones = (self.ivl_range >> 16) * p1
        b = 1 if self.ivl_offset < ones else 0
        if b:
            self.ivl_range = ones
        else:
            self.ivl_range -= ones
            self.ivl_offset -= ones
        self.renormalise()
        return b

    def bypass(self, n: int) -> int:
        unit = self.ivl_range >> n
        v = min(self.ivl_offset // unit, 2**n - 1)
        self.ivl_offset -= unit * v
        self.ivl_range = self.ivl_range - unit * v if v + 1 == 2**n else unit
        self.renormalise()
        return v

    def conforming_end(self) -> bool:
        length = len(self.data)
        ends_in_zero = length > 0 and self.data[-1] == 0
        return self.num_read <= length <= self.num_read + 2 and not ends_in_zero


class Histories:
    def __init__(self, num_values: int) -> None:
        self.mean, self.drift = [0] * num_values, [0] * num_values
        self.last, self.before_last = [0] * num_values, [0] * num_values
        self.activity = 0

    def take(self, r: list[int]) -> None:
        total = 0
        for i, value in enumerate(r):
            m = min(abs(value), 1023)
            total += m
            self.mean[i] += (16 * m + (4 if m > 0 else 0) - self.mean[i]) >> 3
            self.drift[i] += (64 * clip3(-1023, 1023, value) - self.drift[i]) >> 2
            self.before_last[i], self.last[i] = self.last[i], value
        self.activity = 16 * total // len(r)


class Decoder:
    """groups: (NumValues, Components, prediction mode) of each."""

    def __init__(self, groups: list[tuple[int, int, int]]) -> None:
        self.groups = groups
        self.contexts: dict[tuple[object, ...], Context] = {}
        self.weights: dict[tuple[int, int], list[int]] = {}
        self.histories: dict[tuple[int, int], Histories] = {}
        self.key: list[list[int]] | None = None
        self.prev: list[list[int]] | None = None
        self.prev2: list[list[int]] | None = None

    def segment(self, data: bytes, intra: list[bool]) -> list[list[list[int]]]:
        self.arithmetic = Arithmetic(data)
        pictures = [self.picture(flag) for flag in intra]
        assert self.arithmetic.conforming_end()
        return pictures

    def picture(self, intra: bool) -> list[list[int]]:
        intra = intra or self.key is None
        q: list[list[int]] = []
        other: tuple[int, list[int]] = (0, [])
        for g, (num_values, components, mode) in enumerate(self.groups):
            cls = 1 if intra or mode == NONE else 0
            history = self.histories.setdefault((g, cls), Histories(num_values))
            r: list[int] = []
            for _ in range(num_values):
                r.append(self.residual(g, cls, r, history, other))
            history.take(r)
            limited = [min(abs(x), 5) for x in r]
            points = [sum(limited[j : j + components]) for j in range(0, num_values, components)]
            other = (level(history.activity), points)
            pred = self.prediction(g, mode, intra)
            q.append([p + x for p, x in zip(pred, r, strict=True)])
            assert all(-LIMIT <= x <= LIMIT for x in q[-1])
        self.prev2 = None if intra else self.prev
        self.prev = q
        if intra:
            self.key = q
        return q

    def prediction(self, g: int, mode: int, intra: bool) -> list[int]:
        if intra or mode == NONE or self.key is None or self.prev is None:
            return [0] * self.groups[g][0]
        if mode == KEY_PICTURE:
            return self.key[g]
        if mode == PREVIOUS or self.prev2 is None:
            return self.prev[g]
        pairs = zip(self.prev[g], self.prev2[g], strict=True)
        return [clip3(-LIMIT, LIMIT, 2 * a - b) for a, b in pairs]

    def residual(
        self, g: int, cls: int, r: list[int], h: Histories, other: tuple[int, list[int]]
    ) -> int:
        i, c = len(r), self.groups[g][1]
        component, point = i % c, i // c
        west = r[i - 1] if component > 0 else 0
        west2 = r[i - 2] if component > 1 else 0
        north = r[i - c] if point > 0 else 0
        north2 = r[i - 2 * c] if point > 1 else 0
        in_point = sum(min(abs(r[j]), 5) for j in range(i - component, i))
        so_far = sum(min(abs(x), 1023) for x in r)
        recent = 3 * min(abs(h.last[i]), 2) + min(abs(h.before_last[i]), 2)
        level_picture = level((16 * so_far + 4 * h.activity) // (i + 4))
        level_history = level(h.mean[i])
        same = len(other[1]) == self.groups[g][0] // c
        matching = min(other[1][point], 5) if same else 0
        magnitude_numbers = [
            12 * level_history + level_picture,
            12 * recent + level_history,
            27 * min(abs(west), 2) + 9 * min(abs(north), 2) + recent,
            12 * (6 * matching + min(in_point, 5)) + other[0],
            i,
        ]
        last, before = sign(h.last[i]), sign(h.before_last[i])
        sign_numbers = [
            15 * last + 5 * before + drift_class(h.drift[i]),
            9 * sign(north) + 3 * sign(west) + sign(north2),
            9 * last + 3 * sign(north) + sign(west),
            9 * min(component, 11) + 3 * sign(west) + sign(west2),
            i,
        ]
        return self.value(g, cls, magnitude_numbers, sign_numbers, level_history)

    def value(
        self, g: int, cls: int, magnitude_numbers: list[int], sign_numbers: list[int], lev: int
    ) -> int:
        if not self.mixed(g, cls, 0, magnitude_numbers):
            return 0
        negative = self.mixed(g, cls, 1, sign_numbers)
        magnitude = 1
        while True:
            greater = self.mixed(g, cls, min(magnitude + 1, 4), magnitude_numbers)
            magnitude += greater
            if not greater or magnitude == 5:
                break
        if magnitude == 5:
            magnitude += self.escape(g, cls, lev)
        return -magnitude if negative else magnitude

    def context(self, v: int, *key: object) -> Context:
        return self.contexts.setdefault(key, Context(v))

    def mixed(self, g: int, cls: int, kind: int, numbers: list[int]) -> int:
        v = (45, 64, 32, 38, 51)[kind]
        contexts = [self.context(v, g, cls, kind, k, n) for k, n in enumerate(numbers)]
        w = self.weights.setdefault((cls, kind), [20971] * 5)
        x = [STRETCH[context.state() >> 3] for context in contexts]
        odds = clip3(-2047, 2047, sum(w[k] * x[k] for k in range(5)) >> 16)
        p1 = clip3(32, 65504, squash(odds))
        b = self.arithmetic.bin(p1)
        for k in range(5):
            moved = w[k] + ((x[k] * (65536 * b - p1) * 3 + 32768) >> 16)
            w[k] = clip3(-65536, 131071, moved)
            contexts[k].update(b)
        return b

    def escape(self, g: int, cls: int, lev: int) -> int:
        n = 0
        while n < 33:
            context = self.context(64, g, cls, "prefix", lev, n)
            b = self.arithmetic.bin(clip3(64, 65472, 2 * context.state() + 1))
            context.update(b)
            if not b:
                break
            n += 1
        suffix, left = 0, n
        while left:
            step = min(16, left)
            suffix = (suffix << step) + self.arithmetic.bypass(step)
            left -= step
        return 2**n - 1 + suffix
