"""Mutations of words: what bytes alone would take days to guess."""

import random
import re
from collections.abc import Callable

from initcore import specs
from initcore.activations import names
from initcore.arrays import REAL

from ._case import cases, words_of

__all__ = ["mutator"]

NUMBERS = (
    "0", "1", "-1", "2", "3", "4", "6", "8", "16", "0.5", ".1", "-0.0", "1e-3", "1e-12", "1e-160",
    "5e-324", "1e3", "1e30", "1e150", "1e308", "1e400", "-1e308", "nan", "inf", "-inf", "1_0",
    "2147483648", "4294967296", "18446744073709551615", "18446744073709551616", "1" * 400, "",
    "999999999999", "10000000000000000", "\u0663", "True", "none",
)  # fmt: skip
OTHERS = {
    "command": ("--help", "--json", "--plot", "p.png", "p.txt", "--out", "w", "w.npy", "no/w.npy",
                "--golden", "--report", "--markdown", "-k", "--", "-", "--gain", "--no-json"),
    "library": ("@{}", "@shape{}", "@seed{}", "@dtype{}", "float64", "int8", "seed=3", "start=-1",
                "strides=1,1", "width=64", "a::b::c", "#", ";", "weights=gaussian"),
}  # fmt: skip


def mutator(target: str) -> Callable[[bytes, int, int], bytes]:
    """A mutation `(data, size, seed)` for a target."""
    seeds = [words_of(data) for data in cases(target)]
    parameters = {p for s in specs.values() for p in s.parameters}
    spelled = [f"--{p}" if target == "command" else f"{p}=1" for p in sorted(parameters)]
    heads = sorted({words[0] for words in seeds})
    used = sorted({word for words in seeds for word in words})
    pools = [NUMBERS, tuple(specs), names(), REAL, tuple(spelled), OTHERS[target], tuple(used)]

    def mutate(data: bytes, size: int, seed: int) -> bytes:
        chance = random.Random(seed)
        words = words_of(data)
        for _ in range(chance.choice((1, 1, 2, 4))):
            # The first word, which says what is called, is rarely another one.
            first = len(words) == 1 or chance.random() < 0.05
            at, way = 0 if first else chance.randrange(1, len(words)), chance.randrange(8)
            new = chance.choice(chance.choice(pools)).format(chance.randrange(100))
            new = chance.choice(heads) if first and way == 1 else new
            if way == 0:
                words.insert(at + 1, new)
            elif way == 1:
                words[at] = new
            elif way == 2 and len(words) > 1:
                del words[at]
            elif way == 3:
                words = words[:at] + chance.choice(seeds)[at:] or [new]
            elif way == 4:
                words.append(words[at])
            elif way == 5:
                raw = bytearray(words[at].encode("utf-8", "surrogateescape"))
                place = chance.randrange(len(raw) + 1)
                raw[place : place + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
                words[at] = raw.decode("utf-8", "surrogateescape")
            else:  # one part of a shape, a list or a keyword; numbers stay numbers
                parts = re.split(r"([,;=x])", words[at])
                place = 2 * chance.randrange((len(parts) + 1) // 2)
                number = re.fullmatch(r"[-+.0-9e]+|nan|inf", parts[place])
                parts[place] = chance.choice(NUMBERS) if number else new
                words[at] = "".join(parts)
        return " ".join(words).encode("utf-8", "surrogateescape")[:size]

    return mutate
