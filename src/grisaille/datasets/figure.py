"""A versioned figure in a PNG file. This module imports matplotlib, so it is imported on demand."""

from typing import Any

from kedro.io.core import get_filepath_str
from kedro_datasets.matplotlib import MatplotlibDataset
from PIL import Image


class FigureDataset(MatplotlibDataset):
    """``FigureDataset`` saves figures like ``MatplotlibDataset``, but without matplotlib's version in the file, and
    loads them as pictures, so that past versions can be viewed.

    Examples:
        ```yaml
        rnx_figure:
          type: grisaille.datasets.figure.FigureDataset
          filepath: data/08_reporting/figures/rnx_curves.png
          versioned: true
        ```
    """  # noqa: D205 - the first sentence of a Kedro dataset names the class, and does not fit on a line

    # Pillow's default level takes half as long again for a few bytes less in 100.
    DEFAULT_SAVE_ARGS: dict[str, Any] = {  # noqa: RUF012 - the parent's
        "dpi": 110, "metadata": {"Software": None}, "pil_kwargs": {"compress_level": 3},
    }  # fmt: skip

    def load(self) -> Image.Image:
        """Load the picture."""
        with self._fs.open(get_filepath_str(self._get_load_path(), self._protocol), "rb") as file:
            image = Image.open(file, formats=["PNG"])
            image.load()
        return image
