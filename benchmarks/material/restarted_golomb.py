"""The common software's coding of face parameters, as a peer: written from its description.

Each picture is a file of its own. Residuals k become 2k - 1 (k > 0) or -2k, in order-0 Exp-Golomb
words after one marker bit 1; the bits and an end symbol go through an arithmetic coder with 256-bit
state and an order-0 model with escape, which starts anew with every picture.
"""

from __future__ import annotations

from collections.abc import Iterator

STATE_BITS = 256
FULL = 1 << STATE_BITS
HALF, QUARTER = FULL >> 1, FULL >> 2
END = 2
"""End symbol, which is also the escape to the model in which all three symbols are alike."""


class _Model:
    def __init__(self) -> None:
        self.counts = [0, 0, 1]

    def steps(self, symbol: int) -> list[tuple[int, int, int]]:
        """(low, high, total) of each coding step of a symbol."""
        low = sum(self.counts[:symbol])
        if symbol != END and self.counts[symbol]:
            return [(low, low + self.counts[symbol], sum(self.counts))]
        escape = (sum(self.counts) - 1, sum(self.counts), sum(self.counts))
        return [escape, (symbol, symbol + 1, 3)]


class _Interval:
    def __init__(self) -> None:
        self.low, self.high = 0, FULL - 1

    def narrow(self, start: int, end: int, total: int) -> Iterator[int | None]:
        """Narrow, then yield each settled bit, or None for a bit that is still open."""
        low, width = self.low, self.high - self.low + 1
        self.low, self.high = low + start * width // total, low + end * width // total - 1
        while True:
            if (self.low ^ self.high) < HALF:
                yield self.low >> (STATE_BITS - 1)
                self.low = self.low << 1 & (FULL - 1)
                self.high = (self.high << 1 & (FULL - 1)) | 1
            elif self.low >= QUARTER and self.high < HALF + QUARTER:
                yield None
                self.low, self.high = 2 * self.low - HALF, 2 * self.high - HALF + 1
            else:
                return


def encode(residuals: list[int]) -> bytes:
    """Return the file of one picture."""
    bits = "1" + "".join(_golomb(2 * k - 1 if k > 0 else -2 * k) for k in residuals)
    model, interval, text, pending = _Model(), _Interval(), "", 0
    for symbol in [*map(int, bits), END]:
        for step in model.steps(symbol):
            for bit in interval.narrow(*step):
                if bit is None:
                    pending += 1
                else:
                    text += str(bit) + str(1 - bit) * pending
                    pending = 0
        if symbol != END:
            model.counts[symbol] += 1
    text += "1"
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


class _Decoder:
    def __init__(self, data: bytes) -> None:
        self._bits = iter("".join(f"{byte:08b}" for byte in data))
        self._interval = _Interval()
        self._code = 0
        for _ in range(STATE_BITS):
            self._code = self._code << 1 | int(next(self._bits, "0"))

    def symbol(self, table: list[int]) -> int:
        """Return the next symbol of a table of counts."""
        interval, total = self._interval, sum(table)
        width = interval.high - interval.low + 1
        place = ((self._code - interval.low + 1) * total - 1) // width
        symbol = 0
        while sum(table[: symbol + 1]) <= place:
            symbol += 1
        start = sum(table[:symbol])
        for bit in interval.narrow(start, start + table[symbol], total):
            self._code = self._code << 1 & (FULL - 1) if bit is not None else 2 * self._code - HALF
            self._code += int(next(self._bits, "0"))
        return symbol


def decode(data: bytes) -> list[int]:
    """Return the residuals of one picture."""
    decoder, model, text = _Decoder(data), _Model(), ""
    while True:
        symbol = decoder.symbol(model.counts)
        if symbol == END:
            symbol = decoder.symbol([1, 1, 1])
        if symbol == END:
            return _residuals(text[1:])
        model.counts[symbol] += 1
        text += str(symbol)


def _golomb(value: int) -> str:
    word = f"{value + 1:b}"
    return "0" * (len(word) - 1) + word


def _residuals(text: str) -> list[int]:
    found, at = [], 0
    while at < len(text):
        size = text.index("1", at) - at + 1
        value = int(text[at + size - 1 : at + 2 * size - 1], 2) - 1
        at += 2 * size - 1
        found.append((value + 1) // 2 if value % 2 else -(value // 2))
    return found
