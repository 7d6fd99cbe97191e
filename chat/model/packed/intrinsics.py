"""The few operations that Numba has no word for, written as LLVM vectors.

They are plain LLVM, so they run on every processor that Numba knows; vectors wider than
the processor's are split by the compiler.

Shapes: r rows of activations, k inputs, LANES outputs of one panel of weights.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from chat.model.packed.layout import GROUP, LANES

WIDE = 16
"""float32 values of one vector: as many as AVX-512 holds."""

VECTORS = LANES // WIDE

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


def make_panel(rows: int, vectors: int = VECTORS) -> Callable[..., None]:
    """An operation for so many rows of activations, which all share one read of the weights:

        panel(weights, at, x, x_at, x_step, k, out, out_at)

    weights (int8) from `at` on: 16·vectors of each of the k times LANES of one panel; x (float32) from x_at
    on: row i begins x_step·i later and holds k values; out (float32) from out_at on: 16·vectors products of
    each row, LANES from one row to the next, written over.

    Each output is one chain of fused multiply-adds over k in order, however many rows there are: a row's
    result does not depend, not in the last bit, on what is computed beside it.
    """

    @intrinsic
    def panel(
        context: Any, weights: Any, at: Any, x: Any, x_at: Any, x_step: Any, k: Any, out: Any, to: Any
    ) -> Any:
        whole = types.int64
        signature = types.void(weights, whole, x, whole, whole, whole, out, whole)

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            weights_at = _pointer(context, builder, signature.args[0], args[0], args[1])
            x_at = _pointer(context, builder, signature.args[2], args[2], args[3])
            out_at = _pointer(context, builder, signature.args[6], args[6], args[7])
            sums = _zeros(builder, rows, vectors)
            with cgutils.for_range(builder, args[5], intp=LONG) as loop:
                here = builder.gep(weights_at, [builder.mul(loop.index, LONG(LANES))])
                lanes = _bytes(builder, here, vectors)
                for row in range(rows):
                    place = builder.add(builder.mul(args[4], LONG(row)), loop.index)
                    value = builder.load(builder.gep(x_at, [place]), align=4)
                    spread = _spread(builder, value)
                    for total, lane in zip(sums[row], lanes, strict=True):
                        builder.store(_fma(builder, spread, lane, builder.load(total)), total)
            _store(builder, sums, out_at)
            return context.get_dummy_value()

        return signature, generate

    operation: Callable[..., None] = panel
    return operation


@intrinsic
def ask(context: Any, values: Any, count: Any) -> Any:
    """Ask memory for the first `count` bytes of an array, for soon."""
    signature = types.void(values, types.int64)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        start = _pointer(context, builder, signature.args[0], args[0], LONG(0))
        start = builder.bitcast(start, BYTE.as_pointer())
        with cgutils.for_range(builder, builder.sdiv(args[1], LONG(LINE)), intp=LONG) as loop:
            _prefetch(builder, builder.gep(start, [builder.mul(loop.index, LONG(LINE))]))
        return context.get_dummy_value()

    return signature, generate


def make_nibbles(rows: int) -> Callable[..., None]:
    """The same for weights of four bits, GROUP inputs of an output sharing a scale:

        nibbles(weights, at, x, x_at, x_step, k, scales, scales_at, out)

    weights (bytes): (k/2, LANES), an even input's in the low four bits, the odd one's after it in the high
    ones, 8 standing for zero; scales (float32) from scales_at on: (k/GROUP, LANES). k a multiple of GROUP.
    """

    @intrinsic
    def nibbles(
        context: Any,
        weights: Any,
        at: Any,
        x: Any,
        x_at: Any,
        x_step: Any,
        k: Any,
        scales: Any,
        scales_at: Any,
        out: Any,
    ) -> Any:
        whole = types.int64
        signature = types.void(weights, whole, x, whole, whole, whole, scales, whole, out)

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            kinds = signature.args
            weights_at = _pointer(context, builder, kinds[0], args[0], args[1])
            x_at = _pointer(context, builder, kinds[2], args[2], args[3])
            scales_at = _pointer(context, builder, kinds[6], args[6], args[7])
            out_at = _pointer(context, builder, kinds[8], args[8], LONG(0))
            totals = _zeros(builder, rows)
            with cgutils.for_range(builder, builder.sdiv(args[5], LONG(GROUP)), intp=LONG) as groups:
                first = builder.mul(groups.index, LONG(GROUP // 2))
                sums = _zeros(builder, rows)
                with cgutils.for_range(builder, LONG(GROUP // 2), intp=LONG) as loop:
                    pair = builder.add(first, loop.index)
                    here = builder.gep(weights_at, [builder.mul(pair, LONG(LANES))])
                    _prefetch(builder, builder.gep(here, [LONG(AHEAD)]))
                    halves = [
                        _nibbles(builder, _vector(builder, here, lane, BYTES)) for lane in range(VECTORS)
                    ]
                    for row in range(rows):
                        place = builder.add(builder.mul(args[4], LONG(row)), builder.mul(pair, LONG(2)))
                        for half in range(2):
                            address = builder.gep(x_at, [builder.add(place, LONG(half))])
                            spread = _spread(builder, builder.load(address, align=4))
                            for total, both in zip(sums[row], halves, strict=True):
                                builder.store(_fma(builder, spread, both[half], builder.load(total)), total)
                scale_at = builder.gep(scales_at, [builder.mul(groups.index, LONG(LANES))])
                _add_scaled(builder, totals, _row(builder, scale_at, VECTORS), sums)
            _store(builder, totals, out_at)
            return context.get_dummy_value()

        return signature, generate

    operation: Callable[..., None] = nibbles
    return operation


def make_scores(heads: int, vectors: int) -> Callable[..., None]:
    """Inner products of so many heads' queries with every key, which is read once for all of them:

        scores(query, query_at, keys, keys_at, e, n, out, out_at, out_step)

    adds to out[out_at + h·out_step + i] the product of 16·vectors channels of query h, which begin at
    query_at + h·e, with those of key i, which begin at keys_at + i·e; n keys, float32 or float16, whose bits
    come as uint16.
    """

    @intrinsic
    def scores(
        context: Any,
        query: Any,
        query_at: Any,
        keys: Any,
        keys_at: Any,
        e: Any,
        n: Any,
        out: Any,
        out_at: Any,
        out_step: Any,
    ) -> Any:
        whole = types.int64
        signature = types.void(query, whole, keys, whole, whole, whole, out, whole, whole)

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            kinds = signature.args
            queries = _each(builder, _pointer(context, builder, kinds[0], args[0], args[1]), args[4], heads)
            keys_at = _pointer(context, builder, kinds[2], args[2], args[3])
            outs = _each(builder, _pointer(context, builder, kinds[6], args[6], args[7]), args[8], heads)
            asked = [_row(builder, query, vectors) for query in queries]
            with cgutils.for_range(builder, args[5], intp=LONG) as loop:
                key_at = builder.gep(keys_at, [builder.mul(loop.index, args[4])])
                key = _row(builder, key_at, vectors, ahead=True)
                for query, out_at in zip(asked, outs, strict=True):
                    total = ir.Constant(FLOATS, None)
                    for mine, theirs in zip(query, key, strict=True):
                        total = _fma(builder, mine, theirs, total)
                    address = builder.gep(out_at, [loop.index])
                    builder.store(builder.fadd(builder.load(address), _sum(builder, total)), address)
            return context.get_dummy_value()

        return signature, generate

    operation: Callable[..., None] = scores
    return operation


def make_mix(heads: int, vectors: int) -> Callable[..., None]:
    """For so many heads the sum of values, each times its weight; each value is read once for all heads:

        mix(weights, weights_step, values, values_at, e, n, out, out_at, out_step)

    adds to 16·vectors channels from out_at + h·out_step those of value i, which begin at values_at + i·e,
    times weights[h·weights_step + i]; n values, float32 or float16, whose bits come as uint16.
    """

    @intrinsic
    def mix(
        context: Any,
        weights: Any,
        weights_step: Any,
        values: Any,
        values_at: Any,
        e: Any,
        n: Any,
        out: Any,
        out_at: Any,
        out_step: Any,
    ) -> Any:
        whole = types.int64
        signature = types.void(weights, whole, values, whole, whole, whole, out, whole, whole)

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            kinds = signature.args
            shares = _each(builder, _pointer(context, builder, kinds[0], args[0], LONG(0)), args[1], heads)
            values_at = _pointer(context, builder, kinds[2], args[2], args[3])
            outs = _each(builder, _pointer(context, builder, kinds[6], args[6], args[7]), args[8], heads)
            sums = [
                [cgutils.alloca_once_value(builder, part) for part in _row(builder, out_at, vectors)]
                for out_at in outs
            ]
            with cgutils.for_range(builder, args[5], intp=LONG) as loop:
                value_at = builder.gep(values_at, [builder.mul(loop.index, args[4])])
                value = _row(builder, value_at, vectors, ahead=True)
                for share, totals in zip(shares, sums, strict=True):
                    weight = _spread(builder, builder.load(builder.gep(share, [loop.index]), align=4))
                    for part, total in zip(value, totals, strict=True):
                        builder.store(_fma(builder, weight, part, builder.load(total)), total)
            for out_at, totals in zip(outs, sums, strict=True):
                for each, total in enumerate(totals):
                    builder.store(builder.load(total), _vector(builder, out_at, each), align=4)
            return context.get_dummy_value()

        return signature, generate

    operation: Callable[..., None] = mix
    return operation


@intrinsic
def from_bits(context: Any, bits: Any) -> Any:
    """The float32 that has these 32 bits."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], FLOAT)

    return types.float32(types.int32), generate


@intrinsic
def at_address(context: Any, address: Any) -> Any:
    """A pointer to the bits of float16 values at an address, for `numba.carray`."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], context.get_value_type(signature.return_type))

    return types.CPointer(types.uint16)(types.int64), generate


@intrinsic
def widened(context: Any, bits: Any) -> Any:
    """The float32 of a float32, or of the bits of a float16."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if signature.args[0] == types.float32:
            return args[0]
        return builder.fpext(builder.bitcast(args[0], HALF), FLOAT)

    return types.float32(bits), generate


@intrinsic
def halved(context: Any, value: Any) -> Any:
    """The bits of the float16 that is nearest to a float32."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(builder.fptrunc(args[0], HALF), SHORT)

    return types.uint16(types.float32), generate


def _zeros(builder: Any, rows: int, vectors: int = VECTORS) -> list[list[Any]]:
    """A sum for every row and vector of a panel."""
    zero = ir.Constant(FLOATS, None)
    return [[cgutils.alloca_once_value(builder, zero) for _ in range(vectors)] for _ in range(rows)]


def _add_scaled(builder: Any, totals: list[list[Any]], scales: list[Any], sums: list[list[Any]]) -> None:
    """Add a group's sums, times the scales of their outputs."""
    for row, parts in zip(totals, sums, strict=True):
        for total, scale, part in zip(row, scales, parts, strict=True):
            builder.store(_fma(builder, builder.load(part), scale, builder.load(total)), total)


def _store(builder: Any, sums: list[list[Any]], out_at: Any) -> None:
    for row, vectors in enumerate(sums):
        for lane, total in enumerate(vectors):
            builder.store(builder.load(total), _vector(builder, out_at, row * VECTORS + lane), align=4)


def _bytes(builder: Any, address: Any, vectors: int) -> list[Any]:
    """One input's weights of so many vectors of outputs, from bytes."""
    _prefetch(builder, builder.gep(address, [LONG(AHEAD)]))
    parts = [builder.load(_vector(builder, address, lane, BYTES), align=1) for lane in range(vectors)]
    return [builder.sitofp(part, FLOATS) for part in parts]


def _each(builder: Any, start: Any, step: Any, count: int) -> list[Any]:
    """So many addresses, `step` values apart."""
    return [builder.gep(start, [builder.mul(step, LONG(number))]) for number in range(count)]


def _row(builder: Any, start: Any, vectors: int, *, ahead: bool = False) -> list[Any]:
    """So many vectors of float32, or of float16 made wide, from an address on; `ahead`: memory is asked for
    what comes later."""
    halves = start.type.pointee == SHORT
    size = 2 if halves else 4
    if ahead:
        for byte in range(0, vectors * WIDE * size, LINE):
            _prefetch(builder, builder.gep(start, [LONG((KEYS_AHEAD + byte) // size)]))
    if not halves:
        return [builder.load(_vector(builder, start, each), align=4) for each in range(vectors)]
    parts = [builder.load(_vector(builder, start, each, HALVES), align=2) for each in range(vectors)]
    return [builder.fpext(part, FLOATS) for part in parts]


def _nibbles(builder: Any, address: Any) -> tuple[Any, Any]:
    """The low and the high halves of sixteen bytes, less 8, as float32."""
    wide = ir.VectorType(INT, WIDE)
    both = builder.zext(builder.load(address, align=1), wide)
    low, high = builder.and_(both, wide([15] * WIDE)), builder.lshr(both, wide([4] * WIDE))
    zero = wide([8] * WIDE)
    return tuple(builder.sitofp(builder.sub(half, zero), FLOATS) for half in (low, high))


def _pointer(context: Any, builder: Any, kind: Any, array: Any, offset: Any) -> Any:
    data = context.make_array(kind)(context, builder, array).data
    return builder.gep(data, [offset])


def _vector(builder: Any, start: Any, number: int, kind: ir.Type = FLOATS) -> Any:
    """Where the vector of that number begins."""
    return builder.bitcast(builder.gep(start, [LONG(number * WIDE)]), kind.as_pointer())


def _spread(builder: Any, value: Any) -> Any:
    one = builder.insert_element(ir.Constant(FLOATS, ir.Undefined), value, INT(0))
    return builder.shuffle_vector(
        one, ir.Constant(FLOATS, ir.Undefined), ir.VectorType(INT, WIDE)([0] * WIDE)
    )


def _fma(builder: Any, a: Any, b: Any, c: Any) -> Any:
    kind = ir.FunctionType(FLOATS, [FLOATS] * 3)
    return builder.call(
        cgutils.get_or_insert_function(builder.module, kind, f"llvm.fma.v{WIDE}f32"), [a, b, c]
    )


def _sum(builder: Any, vector: Any) -> Any:
    kind = ir.FunctionType(FLOAT, [FLOAT, FLOATS])
    function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.vector.reduce.fadd.v{WIDE}f32")
    return builder.call(function, [FLOAT(0.0), vector], fastmath=("reassoc",))


def _prefetch(builder: Any, address: Any) -> None:
    kind = ir.FunctionType(ir.VoidType(), [address.type, INT, INT, INT])
    read, keep, data = INT(0), INT(3), INT(1)
    function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
    builder.call(function, [address, read, keep, data])
