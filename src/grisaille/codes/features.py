"""Codes that replace deleted features: of maps for composition, of channel statistics for style."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from grisaille.arrays import ByteArray, FloatArray, IntArray
from grisaille.codes.linear import LinearCode
from grisaille.codes.maps import CodedRoots

STYLE_SHARE = 0.1
"""Share of a painting's bytes for the code of style, whose statistics need fewer bits than the maps."""
_STYLE = "style."
_BLOCK = 128


def with_style(
    maps: Mapping[str, FloatArray | ByteArray], style: Mapping[str, FloatArray | ByteArray]
) -> dict[str, FloatArray | ByteArray]:
    """Both codes as one set of arrays, by the names of files.

    Args:
        maps: As `maps.encode` gives them.
        style: As `joining.stored` gives it.
    """
    return {**maps, **{f"{_STYLE}{name}": values for name, values in style.items()}}


class FeatureCodes:
    """The codes of n paintings. Queries with full features are compared with them.

    Attributes:
        size: Bytes of a painting.
    """

    def __init__(self, stored: Mapping[str, FloatArray | ByteArray], layers: Sequence[str]) -> None:
        """Read stored codes.

        Args:
            stored: As `with_style` gives them; the arrays of style are optional.
            layers: In the order of the backbone.
        """
        self._roots = CodedRoots(stored, layers)
        self._style: dict[str, Any] = {
            name.removeprefix(_STYLE): own for name, own in stored.items() if name.startswith(_STYLE)
        }
        self.size = self._roots.size + (self._style["codes"].shape[1] if self._style else 0)

    def squares(self, likeness: str, queries: FloatArray, rows: IntArray) -> FloatArray:
        """Squared distances of queries to some paintings.

        Args:
            likeness: `composition`, by Hellinger's distance, or `style`.
            queries: Rows whose Euclidean distances are those of the likeness (`Embedder.full`), shape (q, d).
            rows: The paintings, shape (m,).

        Returns:
            float32, shape (q, m).
        """
        result = np.empty((len(queries), len(rows)), np.float32)
        squares = self._of_style if likeness == "style" else self._of_composition
        for start in range(0, len(rows), _BLOCK):
            block = rows[start : start + _BLOCK]
            result[:, start : start + len(block)] = squares(queries, block)
        return result

    def _of_composition(self, queries: FloatArray, rows: IntArray) -> FloatArray:
        decoded = np.concatenate([layer[rows] for layer in self._roots.values()], axis=1)
        lengths = [np.square(points).sum(axis=1) for points in (queries, decoded)]
        return np.asarray(np.maximum(lengths[0][:, None] + lengths[1] - 2 * queries @ decoded.T, 0))

    def _of_style(self, queries: FloatArray, rows: IntArray) -> FloatArray:
        code, codes = LinearCode.of(self._style), np.asarray(self._style["codes"][rows])
        return code.rotation.project(queries).squares_to(code.decode(codes.astype(np.uint8, copy=False)))
