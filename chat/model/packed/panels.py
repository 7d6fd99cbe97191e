"""Products of rows of activations with a panel of weights, written as LLVM vectors.

Shapes: r rows of activations, k inputs, LANES outputs of one panel of weights.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from chat.model.packed import llvm
from chat.model.packed.layout import GROUP, LANES
from chat.model.packed.llvm import AHEAD, BYTE, BYTES, FLOATS, INT, LINE, LONG, SHORT, WIDE

VECTORS = LANES // WIDE

PAIRS, PAIRED = ir.VectorType(BYTE, 2 * WIDE), ir.VectorType(SHORT, 2 * WIDE)
INTS, PRODUCTS = ir.VectorType(INT, WIDE), ir.VectorType(INT, 2 * WIDE)

FUSED = "llvm.x86.avx512.vpdpwssds.512"
"""Products of pairs and their sum in one instruction. The one that saturates: nothing here comes near that,
and LLVM takes the other apart again where many sums wait for it, which halves the speed."""

HAS_FUSED = bool(binding.get_host_cpu_features().get("avx512vnni"))


def make_panel(rows: int, vectors: int = VECTORS) -> Callable[..., None]:
    """An operation for so many rows of activations, which all share one read of the weights:

        panel(weights, at, x, x_at, x_step, pairs, out, out_at)

    weights (int8) from `at` on: of one panel, 16·vectors of each LANES outputs, two inputs of each beside
    one another, for so many pairs of inputs; x (int32, two int16 each) from x_at on: row i begins x_step·i
    later and holds as many pairs; out (float32) from out_at on: 16·vectors products of each row, LANES from
    one row to the next, written over.

    Sums are whole numbers of 32 bits, exact in any order: a row's result does not depend on what is
    computed beside it. That none overflows is up to who chose the activations' scale.
    """

    @intrinsic
    def panel(
        context: Any, weights: Any, at: Any, x: Any, x_at: Any, x_step: Any, pairs: Any, out: Any, to: Any
    ) -> Any:
        whole = types.int64
        signature = types.void(weights, whole, x, whole, whole, whole, out, whole)

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            weights_at = llvm.pointer(context, builder, signature.args[0], args[0], args[1])
            x_at = llvm.pointer(context, builder, signature.args[2], args[2], args[3])
            out_at = llvm.pointer(context, builder, signature.args[6], args[6], args[7])
            sums = _zeros(builder, rows, vectors, INTS)
            with cgutils.for_range(builder, args[5], intp=LONG) as loop:
                here = builder.gep(weights_at, [builder.mul(loop.index, LONG(2 * LANES))])
                lanes = _pairs(builder, here, vectors)
                _add_rows(builder, sums, lanes, (x_at, args[4], loop.index))
            for row, parts in enumerate(sums):
                for lane, total in enumerate(parts):
                    value = builder.sitofp(builder.load(total), FLOATS)
                    builder.store(value, llvm.vector(builder, out_at, row * VECTORS + lane), align=4)
            return context.get_dummy_value()

        return signature, generate

    operation: Callable[..., None] = panel
    return operation


def _pairs(builder: Any, address: Any, vectors: int) -> list[Any]:
    """Two inputs' weights of so many vectors of outputs, from bytes, as int16."""
    for byte in range(0, 2 * WIDE * vectors, LINE):
        llvm.prefetch(builder, builder.gep(address, [LONG(AHEAD + byte)]))
    starts = [builder.gep(address, [LONG(2 * WIDE * lane)]) for lane in range(vectors)]
    parts = [builder.load(builder.bitcast(start, PAIRS.as_pointer()), align=1) for start in starts]
    return [builder.sext(part, PAIRED) for part in parts]


def _add_products(builder: Any, total: Any, a: Any, b: Any) -> Any:
    """total (16 of int32) and, added to it, both products of each pair of int16 in a and b."""
    if HAS_FUSED:
        kind = ir.FunctionType(INTS, [INTS] * 3)
        function = cgutils.get_or_insert_function(builder.module, kind, FUSED)
        return builder.call(function, [total, builder.bitcast(a, INTS), builder.bitcast(b, INTS)])
    products = builder.mul(builder.sext(a, PRODUCTS), builder.sext(b, PRODUCTS), flags=["nsw"])
    nothing = ir.Constant(PRODUCTS, ir.Undefined)
    even, odd = (
        builder.shuffle_vector(products, nothing, INTS(list(range(first, 2 * WIDE, 2)))) for first in (0, 1)
    )
    return builder.add(builder.add(even, odd, flags=["nsw"]), total)


def make_nibbles(rows: int, vectors: int = VECTORS) -> Callable[..., None]:
    """The same for weights of four bits, GROUP inputs of an output sharing a scale:

        nibbles(weights, at, x, x_at, x_step, pairs, scales, scales_at, out, out_at)

    weights (bytes): (pairs, LANES), an even input's in the low four bits, the odd one's after it in the high
    ones, 8 standing for zero; scales (float32) from scales_at on: (2·pairs/GROUP, LANES). 2·pairs a multiple
    of GROUP. Each group's sum is exact; the groups are added as float32, in order.
    """

    @intrinsic
    def nibbles(
        context: Any,
        weights: Any,
        at: Any,
        x: Any,
        x_at: Any,
        x_step: Any,
        pairs: Any,
        scales: Any,
        scales_at: Any,
        out: Any,
        to: Any,
    ) -> Any:
        whole = types.int64
        signature = types.void(weights, whole, x, whole, whole, whole, scales, whole, out, whole)

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            kinds = signature.args
            weights_at = llvm.pointer(context, builder, kinds[0], args[0], args[1])
            x_at = llvm.pointer(context, builder, kinds[2], args[2], args[3])
            scales_at = llvm.pointer(context, builder, kinds[6], args[6], args[7])
            out_at = llvm.pointer(context, builder, kinds[8], args[8], args[9])
            totals = _zeros(builder, rows, vectors, FLOATS)
            half = LONG(GROUP // 2)
            with cgutils.for_range(builder, builder.sdiv(args[5], half), intp=LONG) as groups:
                first = builder.mul(groups.index, half)
                sums = _zeros(builder, rows, vectors, INTS)
                with cgutils.for_range(builder, half, intp=LONG) as loop:
                    pair = builder.add(first, loop.index)
                    here = builder.gep(weights_at, [builder.mul(pair, LONG(LANES))])
                    lanes = _nibble_pairs(builder, here, vectors)
                    _add_rows(builder, sums, lanes, (x_at, args[4], pair))
                scale_at = builder.gep(scales_at, [builder.mul(groups.index, LONG(LANES))])
                scale = llvm.row(builder, scale_at, vectors)
                for row, parts in zip(totals, sums, strict=True):
                    for total, factor, part in zip(row, scale, parts, strict=True):
                        value = builder.sitofp(builder.load(part), FLOATS)
                        builder.store(llvm.fma(builder, value, factor, builder.load(total)), total)
            for number, parts in enumerate(totals):
                for lane, total in enumerate(parts):
                    place = llvm.vector(builder, out_at, number * VECTORS + lane)
                    builder.store(builder.load(total), place, align=4)
            return context.get_dummy_value()

        return signature, generate

    operation: Callable[..., None] = nibbles
    return operation


def _nibble_pairs(builder: Any, address: Any, vectors: int) -> list[Any]:
    """The same from halves of bytes, less 8."""
    for byte in range(0, WIDE * vectors, LINE):
        llvm.prefetch(builder, builder.gep(address, [LONG(AHEAD + byte)]))
    parts = []
    for lane in range(vectors):
        place = llvm.vector(builder, address, lane, BYTES)
        both = builder.zext(builder.load(place, align=1), INTS)
        low, high = builder.and_(both, INTS([15] * WIDE)), builder.and_(both, INTS([240] * WIDE))
        pair = builder.or_(low, builder.shl(high, INTS([12] * WIDE)))
        parts.append(builder.sub(builder.bitcast(pair, PAIRED), PAIRED([8] * 2 * WIDE)))
    return parts


def _zeros(builder: Any, rows: int, vectors: int, kind: ir.Type) -> list[list[Any]]:
    """A sum for every row and vector of a panel; a new one each time it is come by."""
    sums = [[cgutils.alloca_once(builder, kind) for _ in range(vectors)] for _ in range(rows)]
    for parts in sums:
        for total in parts:
            builder.store(ir.Constant(kind, None), total)
    return sums


def _add_rows(builder: Any, sums: list[list[Any]], lanes: list[Any], x: tuple[Any, Any, Any]) -> None:
    """Add the products of one pair of inputs to every row's sums; x: where the rows begin, pairs from one
    to the next, and which pair."""
    start, step, pair = x
    for row, parts in enumerate(sums):
        place = builder.add(builder.mul(step, LONG(row)), pair)
        value = builder.load(builder.gep(start, [place]), align=4)
        spread = builder.bitcast(llvm.spread(builder, value), PAIRED)
        for total, lane in zip(parts, lanes, strict=True):
            builder.store(_add_products(builder, builder.load(total), lane, spread), total)
