"""The project's own Kedro datasets.

`keras_model` and `figure` are not imported here, since they import TensorFlow and matplotlib.
"""

from grisaille.datasets.artists import ArtistsDataset
from grisaille.datasets.feature_store import FeatureStoreDataset
from grisaille.datasets.folder import FolderDataset
from grisaille.datasets.numpy_array import NumPyDataset
from grisaille.datasets.optional import OptionalDataset
from grisaille.datasets.paintings import PaintingsDataset
from grisaille.datasets.points import PointsDataset
from grisaille.datasets.table import SpreadsheetSafeCSVDataset
from grisaille.datasets.vectors import VectorsDataset
from grisaille.datasets.works import WorksDataset

__all__ = [
    "ArtistsDataset",
    "FeatureStoreDataset",
    "FolderDataset",
    "NumPyDataset",
    "OptionalDataset",
    "PaintingsDataset",
    "PointsDataset",
    "SpreadsheetSafeCSVDataset",
    "VectorsDataset",
    "WorksDataset",
]
