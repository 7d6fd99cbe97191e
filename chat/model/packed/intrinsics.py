"""The few operations of attention that Numba has no word for, written as LLVM vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from chat.model.packed import llvm
from chat.model.packed.llvm import BYTE, FLOAT, FLOATS, HALF, LINE, LONG, SHORT


@intrinsic
def ask(context: Any, values: Any, count: Any) -> Any:
    """Ask memory for the first `count` bytes of an array, for soon."""
    signature = types.void(values, types.int64)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        start = llvm.pointer(context, builder, signature.args[0], args[0], LONG(0))
        start = builder.bitcast(start, BYTE.as_pointer())
        with cgutils.for_range(builder, builder.sdiv(args[1], LONG(LINE)), intp=LONG) as loop:
            llvm.prefetch(builder, builder.gep(start, [builder.mul(loop.index, LONG(LINE))]))
        return context.get_dummy_value()

    return signature, generate


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
            queries = llvm.spaced(
                builder, llvm.pointer(context, builder, kinds[0], args[0], args[1]), args[4], heads
            )
            keys_at = llvm.pointer(context, builder, kinds[2], args[2], args[3])
            outs = llvm.spaced(
                builder, llvm.pointer(context, builder, kinds[6], args[6], args[7]), args[8], heads
            )
            asked = [llvm.row(builder, query, vectors) for query in queries]
            _add_scores(builder, asked, (keys_at, args[4], args[5]), outs)
            return context.get_dummy_value()

        return signature, generate

    operation: Callable[..., None] = scores
    return operation


def _add_scores(builder: Any, queries: list[list[Any]], keys: tuple[Any, Any, Any], outs: list[Any]) -> None:
    """Add each query's scores to what stands from its `outs` on; keys: where they begin, values from one to
    the next, and how many. Four keys go together."""
    start, e, count = keys
    fours = builder.sdiv(count, LONG(4))
    with cgutils.for_range(builder, fours, intp=LONG) as loop:
        first = builder.mul(loop.index, LONG(4))
        totals = [
            _products_with(builder, queries, start, builder.add(first, LONG(number)), e)
            for number in range(4)
        ]
        for out_at, parts in zip(outs, zip(*totals, strict=True), strict=True):
            address = builder.bitcast(builder.gep(out_at, [first]), llvm.QUARTER.as_pointer())
            found = builder.fadd(builder.load(address, align=4), llvm.four_totals(builder, parts))
            builder.store(found, address, align=4)
    rest = builder.mul(fours, LONG(4))
    with cgutils.for_range_slice(builder, rest, count, LONG(1), intp=LONG, inc=True) as (number, _):
        for out_at, part in zip(outs, _products_with(builder, queries, start, number, e), strict=True):
            address = builder.gep(out_at, [number])
            builder.store(builder.fadd(builder.load(address), llvm.total(builder, part)), address)


def _products_with(builder: Any, queries: list[list[Any]], keys_at: Any, number: Any, e: Any) -> list[Any]:
    """For each query's vectors, the products with the key of that number, to be summed over their lanes."""
    start = builder.gep(keys_at, [builder.mul(number, e)])
    key = llvm.row(builder, start, len(queries[0]), ahead=True)
    sums = []
    for query in queries:
        total = ir.Constant(FLOATS, None)
        for mine, theirs in zip(query, key, strict=True):
            total = llvm.fma(builder, mine, theirs, total)
        sums.append(total)
    return sums


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
            shares = llvm.spaced(
                builder, llvm.pointer(context, builder, kinds[0], args[0], LONG(0)), args[1], heads
            )
            values_at = llvm.pointer(context, builder, kinds[2], args[2], args[3])
            outs = llvm.spaced(
                builder, llvm.pointer(context, builder, kinds[6], args[6], args[7]), args[8], heads
            )
            sums = [
                [cgutils.alloca_once_value(builder, part) for part in llvm.row(builder, out_at, vectors)]
                for out_at in outs
            ]
            with cgutils.for_range(builder, args[5], intp=LONG) as loop:
                value_at = builder.gep(values_at, [builder.mul(loop.index, args[4])])
                value = llvm.row(builder, value_at, vectors, ahead=True)
                for share, totals in zip(shares, sums, strict=True):
                    weight = llvm.spread(builder, builder.load(builder.gep(share, [loop.index]), align=4))
                    for part, total in zip(value, totals, strict=True):
                        builder.store(llvm.fma(builder, weight, part, builder.load(total)), total)
            for out_at, totals in zip(outs, sums, strict=True):
                for each, total in enumerate(totals):
                    builder.store(builder.load(total), llvm.vector(builder, out_at, each), align=4)
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
