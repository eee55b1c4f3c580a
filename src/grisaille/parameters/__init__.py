"""One Pydantic model a parameter group: every bound and its message in one place, checked before anything runs.

The values themselves stand in `conf/`; nothing here reads a file.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

Share = Annotated[float, Field(ge=0.0, lt=0.5)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Checksum = Annotated[str, StringConstraints(to_lower=True, pattern="^[0-9a-fA-F]{64}$")]
OwnPath = Annotated[Path, AfterValidator(Path.expanduser)]
Architecture = Literal["linear", "positional", "paper"]


class Group(BaseModel):
    """What all groups share: a misspelt name is an error, and nothing changes a group once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=(), allow_inf_nan=False)


Named = TypeVar("Named", bound=Group)


def named(group: Mapping[str, Any], model: type[Named]) -> dict[str, Named]:
    """The members of a group of groups, validated; one that an environment set to null is not among them."""
    return {name: model.model_validate(given) for name, given in group.items() if given is not None}


def plain(value: Any) -> Any:
    """Groups, paths and tuples as what YAML and JSON can write."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def mixed(likenesses: Iterable[str]) -> list[str]:
    """Those likenesses that a mixture takes in."""
    return [name for name in likenesses if name in Mixture.model_fields]


class Columns(Group):
    """Names of columns in the table of paintings, where they are not recognised by themselves.

    Attributes:
        file: The picture's file: a path, or a name with or without its ending.
        id: What the picture's file is named after, beside `file`.
        title: The title.
        artist: The artist.
        movement: Movements, with commas between.
        date: The date, in words or numbers.
        year_from: The first year that the date may mean.
        year_to: The last one.
        medium: Material and technique.
        museum: Where the painting is.
        rights: The rights to the picture.
        link: A page about the painting.
        tags: Keywords.
        text: A description.
    """

    file: Word | None = None
    id: Word | None = None
    title: Word | None = None
    artist: Word | None = None
    movement: Word | None = None
    date: Word | None = None
    year_from: Word | None = None
    year_to: Word | None = None
    medium: Word | None = None
    museum: Word | None = None
    rights: Word | None = None
    link: Word | None = None
    tags: Word | None = None
    text: Word | None = None

    @property
    def named(self) -> dict[str, str]:
        """Our name -> name in the table, of those that are given."""
        return self.model_dump(exclude_none=True)


class Ingestion(Group):
    """How files become a collection.

    Attributes:
        aliases: Spelling of an artist in a file's or folder's name, or in the table of paintings -> name in
            `artists.csv`.
        columns: Columns of the table of paintings.
        max_megapixels: Larger images are rejected before they are decoded (Pillow itself stops at 178).
        near_duplicate_bits: Paintings whose 64-bit perceptual hashes differ in at most this many bits are
            near-duplicates; null keeps only byte-identical files as duplicates.
        validation: Share of paintings that stops training early.
        held_out: Share of paintings that training never sees.
    """

    aliases: dict[str, str] = {}
    columns: Columns = Columns()
    max_megapixels: float = Field(150, gt=0, le=178)
    near_duplicate_bits: int | None = Field(4, ge=0, le=16)
    validation: Share = 0.05
    held_out: Share = 0.1


class Backbone(Group):
    """Which CNN looks at the paintings, and how its features are stored.

    Attributes:
        name: A model of `keras.applications`; not used when `model_file` is given.
        weights: `imagenet` (downloaded once by Keras), `random` (seeded), or the path of a weights file.
        weights_sha256: SHA-256 of the weights file or of `model_file`; another file is refused. Null takes any.
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

    name: Word = "VGG16"
    weights: Word = "imagenet"
    weights_sha256: Checksum | None = None
    model_file: OwnPath | None = None
    layers: tuple[Word, ...] = ("block4_pool", "block5_pool")
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

    @model_validator(mode="after")
    def _files_are_of_their_kind(self) -> "Backbone":
        # Other formats hold Python code that loading would run.
        if self.model_file is not None and self.model_file.suffix != ".keras":
            raise ValueError(f"model_file must be a .keras file. Received: {self.model_file}")
        if self.model_file is not None and self.weights not in {"imagenet", "random"}:
            raise ValueError(f"weights are not read where there is a model_file. Received: weights={self.weights}")
        if self.weights_sha256 is not None and self.weights_file is None:
            raise ValueError(f"weights_sha256 is for files; Keras sees to its own. Received: weights={self.weights}")
        return self

    @property
    def weights_file(self) -> Path | None:
        """The file that holds the weights, where it is one of the user's."""
        if self.model_file is not None:
            return self.model_file
        return None if self.weights in {"imagenet", "random"} else Path(self.weights).expanduser()


LARGE = 50_000
"""Paintings from which `features.keep=auto` keeps codes: VGG16's features take 12.5 GB then."""


class Features(Group):
    """What is kept of the features once everything is made of them.

    Attributes:
        keep: `everything`; `codes`, a few bytes of every painting that shortlists are ordered by, and the features of a
            sample; or `embeddings`: neither. `auto` keeps codes of 50,000 paintings or more, and everything of fewer.
            Features that are not kept are removed at the end of a run, and extracted again for training.
        share: Of the bytes of the features in float16, what the codes of a painting take.
        sample: Paintings whose features stay beside the codes, to measure by.
        seed: Of the sample.
    """

    keep: Literal["auto", "everything", "codes", "embeddings"] = "auto"
    share: float = Field(0.05, gt=0, le=1)
    sample: int = Field(5000, ge=0)
    seed: int = Field(0, ge=0)


class Chunk(Group):
    """A contiguous piece of one flattened layer.

    Attributes:
        layer: Name of the layer.
        start: First column.
        stop: One past the last column.
    """

    layer: Word
    start: int = Field(ge=0)
    stop: int = Field(gt=0)

    @model_validator(mode="after")
    def _it_holds_something(self) -> "Chunk":
        if self.stop <= self.start:
            raise ValueError(f"stop must be larger than start. Received: start={self.start}, stop={self.stop}")
        return self


class Autoencoder(Group):
    """What is trained on every chunk.

    Attributes:
        architecture: `linear`, `positional` or `paper`.
        likeness: What `linear` keeps: `hellinger` or `euclidean`. The others know Euclidean distances only.
        components: Principal components of a chunk that `linear` takes; all chunks together are then reduced to
            `code_size` values a chunk.
        code_size: Values of an embedding, a chunk.
        channels: Channels of the CNN's map, which `positional` keeps together, as `linear` does in small collections.
        epochs: Passes over the training paintings, at most.
        patience: Passes without a better validation loss before training stops; the best weights are kept.
        monitor: `val_loss`, or `loss` as the original did.
        batch_size: Paintings a step.
        learning_rate: Adam's.
        seed: Seeds weights and batch order.
        retrain: `always` fits the encoders of every likeness anew. `never` keeps those of the last run, and embeds new
            paintings with them. `auto` keeps them, too, unless settings differ, the collection has grown by a quarter,
            or the last run found that new paintings keep too little.
    """

    architecture: Architecture = "linear"
    likeness: Literal["euclidean", "hellinger"] = "hellinger"
    components: int = Field(512, ge=1, le=4096)
    code_size: int = Field(64, ge=1, le=4096)
    channels: int = Field(512, ge=1)
    epochs: int = Field(20, ge=1)
    patience: int = Field(3, ge=1)
    monitor: Literal["val_loss", "loss"] = "val_loss"
    batch_size: int = Field(32, ge=1)
    learning_rate: float = Field(1e-3, gt=0)
    seed: int = Field(0, ge=0)
    retrain: Literal["always", "auto", "never"] = "always"

    @property
    def made_for(self) -> Literal["euclidean", "hellinger"]:
        """The likeness that the embedding is made to keep."""
        return self.likeness if self.architecture == "linear" else "euclidean"


class Codes(Group):
    """How many bytes a painting is stored in, beside its embeddings.

    Attributes:
        size: Bytes of a code, two of which hold the length of what the others leave out.
    """

    size: int = Field(160, ge=4, le=65_536)


class Style(Group):
    """How style is described and encoded.

    Attributes:
        channels: Of the CNN's maps.
        code_size: Values a chunk.
        shrinkage: Share of the mean variance within paintings that is added to the variance of every direction.
        whitening: Power of a component's standard deviation that it is divided by: 0 leaves components as they are, 1
            makes all of them count the same.
    """

    channels: int = Field(512, ge=1)
    code_size: int = Field(64, ge=1, le=4096)
    shrinkage: float = Field(0.1, gt=0)
    whitening: float = Field(0.5, ge=0, le=1)


class Colour(Group):
    """How palettes are described and encoded.

    Attributes:
        bins: Equal parts of each axis of CIE Lab.
        reach: Largest a* and b* that are told apart; more colourful pixels count to the outermost parts.
        code_size: Values of an embedding.
    """

    bins: int = Field(8, ge=2, le=16)
    reach: int = Field(64, ge=8, le=128)
    code_size: int = Field(64, ge=1, le=4096)


class Mixture(Group):
    """Shares of the likenesses in the squared distances of the mixture.

    Attributes:
        composition: Of what is where.
        style: Of patterns.
        colour: Of palettes.
    """

    composition: float = Field(0.1, ge=0)
    style: float = Field(1.0, ge=0)
    colour: float = Field(0.15, ge=0)

    @model_validator(mode="after")
    def _something_counts(self) -> "Mixture":
        if not self.composition + self.style + self.colour:
            raise ValueError("at least one share must be larger than 0")
        return self


class Comparison(Group):
    """Two groups of paintings that a reader would want to see apart.

    Attributes:
        left: Names of artists, taken together.
        right: Names of artists, taken together.
        title: Heading of the picture.
        paper: The 2021 work's silhouette, where it gives one.
        expected: What an art historian would expect: `close` or `far`.
    """

    left: tuple[Word, ...] = Field(min_length=1)
    right: tuple[Word, ...] = Field(min_length=1)
    title: str
    paper: float | None = None
    expected: Literal["close", "far"] | None = None


class Evaluation(Group):
    """What is measured.

    Attributes:
        neighbours: k of recall@k and precision@k.
        exact_up_to: Paintings up to which every one is compared with all.
        sample: Paintings that are compared with all in a larger collection; figures then come with a 95% margin.
        seed: Seeds the randomised PCA and the sample.
    """

    neighbours: int = Field(10, ge=1)
    exact_up_to: int = Field(20_000, ge=1)
    sample: int = Field(1000, ge=100)
    seed: int = Field(0, ge=0)


class Study(Group):
    """The two suspected causes, tested.

    Attributes:
        layer_sets: Name -> layers of the backbone that are reduced together; null takes a set away.
        code_size_layers: The set that is reduced to every code size.
        code_sizes: Values a piece.
        embedding_size: Values of an embedding when sets of layers are compared.
        chunk_values: Most values a piece of a layer has.
        queries: Paintings that are held against all others, a seeded sample.
        neighbours: k of recall@k and precision@k.
        seed: Seeds the sample and the randomised PCA.
    """

    layer_sets: dict[str, tuple[Word, ...] | None] = Field(min_length=1)
    code_size_layers: str
    code_sizes: tuple[Annotated[int, Field(ge=1)], ...] = (8, 16, 32, 64, 128, 256, 512)
    embedding_size: int = Field(320, ge=1)
    chunk_values: int = Field(25_088, ge=8)
    queries: int = Field(1000, ge=1)
    neighbours: int = Field(10, ge=1)
    seed: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _the_set_is_known(self) -> "Study":
        known = [name for name, layers in self.layer_sets.items() if layers]
        if self.code_size_layers not in known:
            raise ValueError(f"code_size_layers must be one of {', '.join(known)}. Received: {self.code_size_layers}")
        return self

    @property
    def layers(self) -> tuple[str, ...]:
        """Every layer of any set, each once, in the order they are first named."""
        return tuple(dict.fromkeys(layer for layers in self.layer_sets.values() if layers for layer in layers))

    def seen_by(self, backbone: Backbone) -> Backbone:
        """A backbone with every layer of any set: its own first and in its order, so that one store serves both."""
        own = [layer for layer in backbone.layers if layer in self.layers]
        return backbone.model_copy(update={"layers": tuple(dict.fromkeys([*own, *self.layers]))})


class Discovery(Group):
    """How likeness is looked up.

    Attributes:
        neighbours: How many of a painting's nearest are kept.
        exact_seconds: What comparing all paintings by a likeness may cost, as `measures.lookup.exact_seconds` predicts
            it. Neighbours in a larger collection are looked for through an index of Faiss, which misses some, and
            recall says how many; the graph of artists takes a seeded sample of as many as are affordable.
        artist_paintings: Paintings that an artist has at least, duplicates aside, in the graph of artists.
        picture_side: Pixels of the longer side of a picture on the map, at most; less in a large collection.
        page_megabytes: What the explorer page may weigh; the pictures make room for the rest.
        page_paintings: Paintings up to which there is a page.
        umap: Whether UMAP places the paintings, too, where `umap-learn` is installed.
        seed: Governs UMAP's layout, and the bootstrap of the graph of artists.
    """

    neighbours: int = Field(10, ge=1, le=1000)
    exact_seconds: float = Field(600, ge=0)
    artist_paintings: int = Field(5, ge=2)
    picture_side: int = Field(256, ge=16, le=512)
    page_megabytes: float = Field(38, ge=2)
    page_paintings: int = Field(50_000, ge=1)
    umap: bool = True
    seed: int = Field(0, ge=0)


class Report(Group):
    """What the page shows.

    Attributes:
        title: What the collection is called; null takes the name of its folder.
        thumbnails: Paintings shown a side of each comparison.
        thumbnail_size: Longer side of a thumbnail, in pixels.
        examples: Paintings whose neighbours are shown.
        note: A sentence set in a box above everything else.
    """

    title: Word | None = None
    thumbnails: int = Field(6, ge=0, le=24)
    thumbnail_size: int = Field(160, ge=16, le=512)
    examples: int = Field(3, ge=0, le=24)
    note: str | None = None


class Parameters(BaseModel):
    """All groups of a run, by the names they have in `conf/`; other names belong to nobody here.

    Attributes:
        seed: Governs the split, random weights, training and the randomised PCA.
        paintings_folder: Where the paintings are; null takes the catalog's folder.
        artists_file: The table of artists; null takes the catalog's, if it is there.
        paintings_file: The table of paintings; null takes the catalog's, if it is there.
        features_file: Vectors of the pictures that somebody else made, which become the likeness `vectors`; null for
            none.
        likenesses: Which are made: `composition` or `vectors`, and others. `vectors` is among them where there is a
            `features_file`.
    """

    model_config = ConfigDict(allow_inf_nan=False)

    seed: int = Field(0, ge=0)
    paintings_folder: Word | None = None
    artists_file: Word | None = None
    paintings_file: Word | None = None
    features_file: Word | None = None
    ingestion: Ingestion = Ingestion()
    backbone: Backbone = Backbone()
    features: Features = Features()
    chunks: dict[str, Chunk | None] = {}
    likenesses: tuple[Literal["composition", "style", "colour", "vectors"], ...] = ("composition", "style", "colour")
    autoencoder: Autoencoder = Autoencoder()
    codes: Codes = Codes()
    style: Style = Style()
    colour: Colour = Colour()
    mixture: Mixture = Mixture()
    evaluation: Evaluation = Evaluation()
    comparisons: dict[str, Comparison | None] = {}
    report: Report = Report()
    study: Study | None = None
    discovery: Discovery = Discovery()

    @model_validator(mode="after")
    def _names_can_be_those_of_nodes_and_files(self) -> "Parameters":
        for group, words in {"chunks": "", "comparisons": "; other words can stand in its title"}.items():
            for name in getattr(self, group):
                if not re.fullmatch(r"[\w-]+", name):
                    raise ValueError(
                        f"{group}.{name} is not allowed; the name must be of letters, digits, _ and - alone{words}"
                    )
        return self

    @model_validator(mode="after")
    def _something_is_compared(self) -> "Parameters":
        received = f"Received: {', '.join(self.likenesses) or 'none'}"
        if len(set(self.likenesses)) != len(self.likenesses):
            raise ValueError(f"likenesses must name each once. {received}")
        if "composition" not in self.likenesses and (self.made == ("colour",) or "style" in self.made or not self.made):
            raise ValueError(
                f"likenesses must name composition; without it, vectors (from a features_file) and colour. {received}"
            )
        return self

    @property
    def made(self) -> tuple[str, ...]:
        """The likenesses that are made of pictures or read, without their mixture."""
        given = ("vectors",) if self.features_file is not None and "vectors" not in self.likenesses else ()
        return (*self.likenesses, *given)

    @model_validator(mode="after")
    def _chunks_are_of_layers_that_are_kept(self) -> "Parameters":
        kept = self.backbone.layers
        for name, chunk in self.chunks.items():
            if chunk is not None and chunk.layer not in kept:
                raise ValueError(
                    f"chunks.{name}.layer={chunk.layer} is not allowed; it must be one of backbone.layers, which are "
                    f"{', '.join(kept)} (null takes a chunk away)"
                )
        return self
