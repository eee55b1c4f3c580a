"""One Pydantic model a parameter group: every bound and its message in one place, checked before anything runs.

The values themselves stand in `conf/`; nothing here reads a file.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = Annotated[float, Field(ge=0.0, lt=0.5)]


class Group(BaseModel):
    """What all groups share: a misspelt name is an error, and nothing changes a group once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


Named = TypeVar("Named", bound=Group)


def named(group: Mapping[str, Any], model: type[Named]) -> dict[str, Named]:
    """The members of a group of groups, validated; one that an environment set to null is not among them."""
    return {name: model.model_validate(given) for name, given in group.items() if given is not None}


class Ingestion(Group):
    """How files become a collection.

    Attributes:
        aliases: Spelling found in a file or folder name -> name in `artists.csv`.
        max_megapixels: Larger images are rejected before they are decoded (Pillow itself stops at 178).
        near_duplicate_bits: Paintings whose 64-bit perceptual hashes differ in at most this many bits are
            near-duplicates; null keeps only byte-identical files as duplicates.
        validation: Share of paintings that stops training early.
        held_out: Share of paintings that training never sees.
    """

    aliases: dict[str, str] = {}
    max_megapixels: float = Field(150, gt=0, le=178)
    near_duplicate_bits: int | None = Field(4, ge=0, le=16)
    validation: Share = 0.05
    held_out: Share = 0.1


class Backbone(Group):
    """Which CNN looks at the paintings, and how its features are stored.

    Attributes:
        name: A model of `keras.applications`; not used when `model_file` is given.
        weights: `imagenet` (downloaded once by Keras), `random` (seeded), or the path of a weights file.
        model_file: A saved Keras model (`.keras`) with layers of the names below.
        layers: Names of the layers whose outputs are kept, flattened row-major (height, width, channel).
        image_size: Side of the square input in pixels; null takes the model's own.
        resize: Pillow filter used to reach it. The original used Keras' default, `nearest`.
        preprocessing: `keras.applications` scheme: `caffe` (RGB to BGR, ImageNet mean subtracted), `tf`
            (-1 to 1), `torch` (ImageNet mean and deviation), or `none` (0 to 255).
        precision: Keras dtype policy of the forward pass.
        dtype: Type of the stored features; float16 halves the store, and an overflow is an error.
        batch_size: Images a forward pass.
        shard_rows: Paintings a file of the store: what a killed run can lose.
        seed: Seeds `random` weights.
    """

    name: str = "VGG16"
    weights: str = "imagenet"
    model_file: Path | None = None
    layers: tuple[str, ...] = ("block4_pool", "block5_pool")
    image_size: int | None = Field(None, ge=32, le=1024)
    resize: Literal["nearest", "bilinear", "bicubic", "lanczos"] = "bilinear"
    preprocessing: Literal["caffe", "tf", "torch", "none"] = "caffe"
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"] = "float32"
    dtype: Literal["float16", "float32"] = "float16"
    batch_size: int = Field(16, ge=1, le=1024)
    shard_rows: int = Field(128, ge=1)
    seed: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _layers_are_named_once(self) -> "Backbone":
        if not self.layers or len(set(self.layers)) != len(self.layers):
            raise ValueError(f"layers must name at least one layer, each once. Received: {list(self.layers)}")
        return self


class Chunk(Group):
    """A contiguous piece of one flattened layer.

    Attributes:
        layer: Name of the layer.
        start: First column.
        stop: One past the last column.
    """

    layer: str
    start: int = Field(ge=0)
    stop: int = Field(gt=0)


class Similarity(Group):
    """How the `similarity` architecture is built and trained (its other settings do not apply to it).

    Attributes:
        components: Principal components that the perceptron sees of a chunk; fewer in a small collection.
        hidden: Width of the perceptron's two layers; 0 leaves the linear map alone.
        pca_start: Whether the linear map starts as PCA, or at random.
        offset: Share of the smallest squared distance that is taken from all of them; below 1.
        distances: Weight of the term that matches distances.
        neighbours: Weight of the term that matches neighbourhoods.
        reconstruction: Weight of the decoder's error.
        temperature: Width of a neighbourhood, in distances to the neighbour of rank `rank`.
        rank: Which neighbour in a batch sets a painting's scale.
        epochs: Passes over the training paintings, at most.
        patience: Passes without a better validation loss before training stops.
        batch_size: Paintings whose distances are matched at once.
        learning_rate: Adam's, at the start; it falls to zero as half a cosine.
    """

    components: int = Field(512, ge=1, le=4096)
    hidden: int = Field(512, ge=0, le=8192)
    pca_start: bool = True
    offset: float = Field(0.9, ge=0, lt=1)
    distances: float = Field(1.0, ge=0)
    neighbours: float = Field(0.1, ge=0)
    reconstruction: float = Field(0.05, ge=0)
    temperature: float = Field(0.03, gt=0)
    rank: int = Field(15, ge=1)
    epochs: int = Field(60, ge=1)
    patience: int = Field(60, ge=1)
    batch_size: int = Field(1024, ge=8)
    learning_rate: float = Field(2e-3, gt=0)


class Autoencoder(Group):
    """What is trained on every chunk.

    Attributes:
        architecture: `similarity`, `positional`, `paper` or `pca`.
        likeness: What `similarity` is to keep: `cosine` or `euclidean`. The others know Euclidean distances only.
        similarity: Settings of `similarity`.
        code_size: Values a chunk.
        channels: Channels of the CNN's map, which `positional` keeps together.
        epochs: Passes over the training paintings, at most.
        patience: Passes without a better validation loss before training stops; the best weights are kept.
        monitor: `val_loss`, or `loss` as the original did.
        batch_size: Paintings a step.
        learning_rate: Adam's.
        seed: Seeds weights and batch order.
    """

    architecture: Literal["similarity", "positional", "paper", "pca"] = "positional"
    likeness: Literal["euclidean", "cosine"] = "cosine"
    similarity: Similarity = Similarity()
    code_size: int = Field(64, ge=1, le=4096)
    channels: int = Field(512, ge=1)
    epochs: int = Field(20, ge=1)
    patience: int = Field(3, ge=1)
    monitor: Literal["val_loss", "loss"] = "val_loss"
    batch_size: int = Field(32, ge=1)
    learning_rate: float = Field(1e-3, gt=0)
    seed: int = Field(0, ge=0)

    @property
    def made_for(self) -> Literal["euclidean", "cosine"]:
        """The likeness that the embedding is made to keep."""
        return self.likeness if self.architecture == "similarity" else "euclidean"


class Comparison(Group):
    """Two groups of paintings that a reader would want to see apart.

    Attributes:
        left: Names of artists, taken together.
        right: Names of artists, taken together.
        title: Heading of the picture.
        paper: The 2021 work's silhouette, where it gives one.
        expected: What an art historian would expect: `close` or `far`.
    """

    left: tuple[str, ...] = Field(min_length=1)
    right: tuple[str, ...] = Field(min_length=1)
    title: str
    paper: float | None = None
    expected: Literal["close", "far"] | None = None


class Evaluation(Group):
    """What is measured.

    Attributes:
        neighbours: k of recall@k and precision@k.
        pca_code_size: Components a chunk of the PCA that every embedding is held against.
        block_rows: Paintings whose distances to all others are in memory at once.
        seed: Seeds the randomised PCA.
    """

    neighbours: int = Field(10, ge=1)
    pca_code_size: int = Field(64, ge=1)
    block_rows: int = Field(1024, ge=1)
    seed: int = Field(0, ge=0)


class Report(Group):
    """What the page shows.

    Attributes:
        thumbnails: Paintings shown a side of each comparison.
        thumbnail_size: Longer side of a thumbnail, in pixels.
        examples: Paintings whose neighbours are shown.
        note: A sentence set in a box above everything else.
    """

    thumbnails: int = Field(6, ge=0, le=24)
    thumbnail_size: int = Field(112, ge=16, le=512)
    examples: int = Field(4, ge=0, le=24)
    note: str | None = None
