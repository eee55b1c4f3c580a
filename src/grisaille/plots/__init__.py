"""Matplotlib figures: titled, labelled, told apart by shape as well as by colour."""

from grisaille.plots.curves import rnx_curves
from grisaille.plots.heat_map import silhouette_heat_map
from grisaille.plots.scatter import scatter, side_name
from grisaille.plots.study import code_size_curves, layer_bars

__all__ = ["code_size_curves", "layer_bars", "rnx_curves", "scatter", "side_name", "silhouette_heat_map"]
