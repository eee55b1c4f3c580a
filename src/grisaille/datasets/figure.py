"""A figure as a PNG file, versioned. matplotlib is imported with this module, so nothing else imports it."""

from typing import Any

from kedro.io.core import get_filepath_str
from kedro_datasets.matplotlib import MatplotlibDataset
from PIL import Image


class FigureDataset(MatplotlibDataset):
    """``FigureDataset`` saves a figure as ``MatplotlibDataset`` does, without naming matplotlib's version in it, and
    loads the picture, so that one of a past version can be looked at again.

    Examples:
        ```yaml
        rnx_figure:
          type: grisaille.datasets.figure.FigureDataset
          filepath: data/08_reporting/figures/rnx_curves.png
          versioned: true
        ```
    """  # noqa: D205 - the first sentence of a Kedro dataset names the class, and does not fit on a line

    # Pillow's own level takes half as long again to save a few bytes of 100.
    DEFAULT_SAVE_ARGS: dict[str, Any] = {  # noqa: RUF012 - the parent's
        "dpi": 110, "metadata": {"Software": None}, "pil_kwargs": {"compress_level": 3},
    }  # fmt: skip

    def load(self) -> Image.Image:
        """The picture."""
        with self._fs.open(get_filepath_str(self._get_load_path(), self._protocol), "rb") as file:
            image = Image.open(file, formats=["PNG"])
            image.load()
        return image
