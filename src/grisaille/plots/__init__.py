"""Matplotlib figures: titled, labelled, told apart by shape as well as by colour. Imported when one is drawn."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from grisaille.plots.comparison import scatter, side_name
    from grisaille.plots.contact_sheet import SIDE, Picture, contact_sheet, strip
    from grisaille.plots.curves import rnx_curves
    from grisaille.plots.heat_map import silhouette_heat_map
    from grisaille.plots.study import code_size_curves, layer_bars
else:
    __getattr__, __dir__, __all__ = lazy_loader.attach(
        __name__,
        submod_attrs={
            "comparison": ["Figure", "scatter", "side_name"],
            "contact_sheet": ["SIDE", "Picture", "contact_sheet", "strip"],
            "curves": ["rnx_curves"],
            "heat_map": ["silhouette_heat_map"],
            "study": ["code_size_curves", "layer_bars"],
        },
    )

__all__ = [
    "SIDE", "Figure", "Picture", "code_size_curves", "contact_sheet", "layer_bars", "rnx_curves", "scatter",
    "side_name", "silhouette_heat_map", "strip",
]  # fmt: skip
