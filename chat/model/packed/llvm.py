"""What the operations written as LLVM vectors share: addresses, loads, and the few instructions by name.

All but one of them are plain LLVM, so they run on every processor that Numba knows; vectors wider than the
processor's are split by the compiler.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba.core import cgutils

WIDE = 16
"""float32 values of one vector: as many as AVX-512 holds."""

AHEAD = 4096
"""Bytes of weights to ask memory for in advance. Without, the streams of two cores reached 12 GB/s of the
22 that the memory gives; with 4,096 or 16,384 they reached 19, with 1,024 they reached 16."""

KEYS_AHEAD = 2 * AHEAD
"""Bytes of keys or values to ask for in advance: they are gone through twice as fast as weights."""

LINE = 64
"""Bytes that memory gives at a time."""

BYTE, SHORT, INT, LONG = (ir.IntType(bits) for bits in (8, 16, 32, 64))
HALF, FLOAT = ir.HalfType(), ir.FloatType()
BYTES, HALVES, FLOATS = (ir.VectorType(kind, WIDE) for kind in (BYTE, HALF, FLOAT))
QUARTER = ir.VectorType(FLOAT, WIDE // 4)
NOTHING = ir.Constant(FLOATS, ir.Undefined)


def spaced(builder: Any, start: Any, step: Any, count: int) -> list[Any]:
    """So many addresses, `step` values apart."""
    return [builder.gep(start, [builder.mul(step, LONG(number))]) for number in range(count)]


def row(builder: Any, start: Any, vectors: int, *, ahead: bool = False) -> list[Any]:
    """So many vectors of float32, or of float16 made wide, from an address on; `ahead`: memory is asked for
    what comes later."""
    halves = start.type.pointee == SHORT
    size = 2 if halves else 4
    if ahead:
        for byte in range(0, vectors * WIDE * size, LINE):
            prefetch(builder, builder.gep(start, [LONG((KEYS_AHEAD + byte) // size)]))
    if not halves:
        return [builder.load(vector(builder, start, each), align=4) for each in range(vectors)]
    parts = [builder.load(vector(builder, start, each, HALVES), align=2) for each in range(vectors)]
    return [builder.fpext(part, FLOATS) for part in parts]


def pointer(context: Any, builder: Any, kind: Any, array: Any, offset: Any) -> Any:
    data = context.make_array(kind)(context, builder, array).data
    return builder.gep(data, [offset])


def vector(builder: Any, start: Any, number: int, kind: ir.Type = FLOATS) -> Any:
    """Where the vector of that number begins."""
    return builder.bitcast(builder.gep(start, [LONG(number * WIDE)]), kind.as_pointer())


def spread(builder: Any, value: Any) -> Any:
    """A value in every lane of a vector."""
    nothing = ir.Constant(ir.VectorType(value.type, WIDE), ir.Undefined)
    one = builder.insert_element(nothing, value, INT(0))
    return builder.shuffle_vector(one, nothing, ir.VectorType(INT, WIDE)([0] * WIDE))


def fma(builder: Any, a: Any, b: Any, c: Any) -> Any:
    kind = ir.FunctionType(FLOATS, [FLOATS] * 3)
    return builder.call(
        cgutils.get_or_insert_function(builder.module, kind, f"llvm.fma.v{WIDE}f32"), [a, b, c]
    )


def total(builder: Any, vector: Any) -> Any:
    kind = ir.FunctionType(FLOAT, [FLOAT, FLOATS])
    function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.vector.reduce.fadd.v{WIDE}f32")
    return builder.call(function, [FLOAT(0.0), vector], fastmath=("reassoc",))


def prefetch(builder: Any, address: Any) -> None:
    kind = ir.FunctionType(ir.VoidType(), [address.type, INT, INT, INT])
    read, keep, data = INT(0), INT(3), INT(1)
    function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
    builder.call(function, [address, read, keep, data])


def four_totals(builder: Any, vectors: Sequence[Any]) -> Any:
    """The sums of four vectors' lanes, as one short vector: for a third of the instructions that four times
    `total` takes."""
    a, b, c, d = vectors
    singly, doubly = (0, WIDE, 1, WIDE + 1), (0, 1, WIDE, WIDE + 1)
    pairs = _add_halves(builder, a, b, singly), _add_halves(builder, c, d, singly)
    fours = _add_halves(builder, *pairs, doubly)
    parts = [
        builder.shuffle_vector(fours, NOTHING, ir.VectorType(INT, 4)(list(range(at, at + 4))))
        for at in range(0, WIDE, 4)
    ]
    return builder.fadd(builder.fadd(parts[0], parts[1]), builder.fadd(parts[2], parts[3]))


def _add_halves(builder: Any, a: Any, b: Any, order: Sequence[int]) -> Any:
    """Of every four lanes of both, the first two and the last two added; order: where the first two come
    from, counted from a's on."""
    first, last = (
        builder.shuffle_vector(
            a, b, ir.VectorType(INT, WIDE)([at + lane for at in range(start, WIDE, 4) for lane in order])
        )
        for start in (0, 2)
    )
    return builder.fadd(first, last)
