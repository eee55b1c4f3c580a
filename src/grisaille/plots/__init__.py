"""Matplotlib figures: titled, labelled, told apart by shape as well as by colour."""

from grisaille.plots.heat_map import silhouette_heat_map
from grisaille.plots.scatter import scatter, side_name

__all__ = ["scatter", "side_name", "silhouette_heat_map"]
