"""Metric math: the part of it that alarms use.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

import ast
import operator
from collections.abc import Callable, Mapping

Point = float | None
Series = list[Point]


class Unsupported(ValueError):
    """An expression that is not evaluated here."""


ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
# Over several series: points that are missing in some are left out.
OVER_SERIES: dict[str, Callable[[list[float]], float]] = {
    "AVG": lambda values: sum(values) / len(values),
    "MAX": max,
    "MIN": min,
    "SUM": sum,
}


def evaluate(expression: str, series: Mapping[str, Series]) -> Series:
    """The expression over series of equal length by their ids. Raises Unsupported."""
    try:
        tree = ast.parse(expression, mode="eval").body
    except SyntaxError:
        raise Unsupported(expression) from None
    return _value(tree, series)


def _value(node: ast.expr, series: Mapping[str, Series]) -> Series:
    match node:
        case ast.Constant(value=int() | float() as number):
            return [float(number)] * len(next(iter(series.values()), []))
        case ast.Name(id=name) if name in series:
            return series[name]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in ARITHMETIC:
            pairs = zip(_value(left, series), _value(right, series), strict=True)
            return [_applied(ARITHMETIC[type(op)], one, other) for one, other in pairs]
        case ast.Call(func=ast.Name(id="DIFF"), args=[argument]):
            return _differences(_value(argument, series))
        case ast.Call(
            func=ast.Name(id="FILL"), args=[argument, ast.Constant(value=int() | float() as filling)]
        ):
            return [float(filling) if point is None else point for point in _value(argument, series)]
        case ast.Call(func=ast.Name(id=name), args=[argument]) if name in OVER_SERIES:
            return _over(OVER_SERIES[name], _several(argument, series))
    raise Unsupported(ast.unparse(node))


def _several(node: ast.expr, series: Mapping[str, Series]) -> list[Series]:
    match node:
        case ast.Call(func=ast.Name(id="METRICS"), args=[]):
            return list(series.values())
        case ast.List(elts=parts):
            return [_value(part, series) for part in parts]
    raise Unsupported(ast.unparse(node))


def _applied(apply: Callable[[float, float], float], left: Point, right: Point) -> Point:
    """What is missing on a side, or divided by zero, is missing."""
    if left is None or right is None:
        return None
    try:
        return apply(left, right)
    except ZeroDivisionError:
        return None


def _over(reduce: Callable[[list[float]], float], several: list[Series]) -> Series:
    columns = ([point for point in column if point is not None] for column in zip(*several, strict=True))
    return [reduce(column) if column else None for column in columns]


def _differences(points: Series) -> Series:
    """From the point before, whenever that was."""
    found: Series = []
    before: Point = None
    for point in points:
        found.append(None if point is None or before is None else point - before)
        before = before if point is None else point
    return found
