"""What is fuzzed: each target reads bytes as the project would and lets through only the errors it documents."""

import hashlib
import io
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from grisaille.collection import artists, catalogue, folder, iiif, iiif_copy, images, works, years
from grisaille.collection import vectors as given_vectors
from grisaille.collection.tables import TableError
from grisaille.features.store import FeatureStore, FeatureStoreError, fingerprint
from grisaille.storage import npy

# Time spent on large pictures is spent in filters; small ones have all the structure.
_MEGAPIXELS = 1.0
_KINDS = (".csv", ".tsv", ".json", ".jsonl", ".parquet")
_FOLDER = Path(tempfile.mkdtemp(prefix="grisaille-fuzz-"))


def ingestion(data: bytes) -> None:
    """One file of a collection: decoded, squared, described, made small."""
    try:
        image, _ = images.decode(data, _MEGAPIXELS)
    except images.UnusableImageError as error:
        assert str(error), "a reason without words"
        assert "\n" not in str(error), "a reason of several lines"
        return
    assert image.mode == "RGB"
    assert images.stretch(image, 32, 32).shape == (32, 32, 3)
    facts = images.inspect(data, _MEGAPIXELS)
    assert (facts.width, facts.height) == image.size
    images.thumbnail(image, 32)


def arrays(data: bytes) -> None:
    """A `.npy` file, read and mapped; whatever is read, NumPy reads as well and finds the same."""
    path = _FOLDER / "array.npy"
    path.write_bytes(data)
    try:
        array = npy.read_array(path)
    except npy.ArrayFileError:
        try:
            npy.map_array(path)
        except npy.ArrayFileError:
            return
        raise AssertionError("mapped what could not be read") from None
    known = np.load(io.BytesIO(data), allow_pickle=False)
    for found in (array, npy.map_array(path)):
        assert (found.shape, found.dtype) == (known.shape, known.dtype)
        assert np.ascontiguousarray(found).tobytes() == np.ascontiguousarray(known).tobytes()


def stores(data: bytes) -> None:
    """Features of one shard: four bytes say how long manifest and index are, then come both, and the array."""
    first, second = (int.from_bytes(data[start : start + 2], "little") for start in (0, 2))
    manifest, index, array = data[4 : 4 + first], data[4 + first : 4 + first + second], data[4 + first + second :]
    (_FOLDER / "a").mkdir(exist_ok=True)
    for path, content in ((_FOLDER / "all.json", manifest), (_FOLDER / "a" / "some.json", index)):
        path.write_bytes(_vouched_for(content, array))
    (_FOLDER / "a" / "some.npy").write_bytes(array)
    try:
        store = FeatureStore(_FOLDER / "all.json")
        for layer in store:
            assert np.asarray(store[layer]).shape == store[layer].shape
    except FeatureStoreError:
        return


def _vouched_for(content: bytes, array: bytes) -> bytes:
    """JSON with the checksums that it should have; they would keep all else from being looked at."""
    try:
        found = json.loads(content)
        found |= {"sha256": hashlib.sha256(array).hexdigest()} if "sha256" in found else {}
        return json.dumps(found | {"digest": fingerprint(found)}).encode()
    except (ValueError, TypeError, RecursionError):
        return content


def tables(data: bytes) -> None:
    """A table of artists, read and indexed."""
    try:
        index = artists.ArtistIndex.build(artists.read_table(data), {})
    except artists.ArtistsTableError as error:
        assert "\n" not in str(error), "a reason of several lines"
        return
    for name in index.movements:
        assert artists.plain(name) == name
        assert "/" not in artists.file_name(name)
        assert len(artists.file_name(name).encode()) < 200


def paintings(data: bytes) -> None:
    """A table of paintings, whose first byte says what kind it is: read, its dates understood, joined to pictures."""
    try:
        table = works.read_works(data[1:], _KINDS[data[0] % len(_KINDS)] if data else "", {})
        works.join_works(["a.jpg", "b/a.jpg", "B/c.png"], table)
    except TableError as error:
        assert "\n" not in str(error), "a reason of several lines"
        return
    assert table.columns.is_unique
    text = table.drop(columns=works.YEARS)
    assert text.map(lambda cell: isinstance(cell, str) and cell == catalogue.printable(cell)).all(axis=None)
    _are_in_order(table["year_from"].tolist(), table["year_to"].tolist())


def vectors(data: bytes) -> None:
    """A Parquet file of vectors: read, and joined to pictures."""
    try:
        read = given_vectors.read_parquet(data)
        joined = given_vectors.join_vectors(
            ["a.jpg", "b/a.jpg", "B/c.png"][: len(read.values)], read, pd.DataFrame(), {}
        )
    except TableError as error:
        assert "\n" not in str(error), "a reason of several lines"
        return
    assert joined.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(joined, axis=1), 1, rtol=1e-3)


def dates(data: bytes) -> None:
    """A date, in the words of a catalogue."""
    first, last = years.parse_years(data.decode("utf-8", "replace"))
    _are_in_order([first], [last])


def _are_in_order(first: list[int | None], last: list[int | None]) -> None:
    known = [(a, b) for a, b in zip(first, last, strict=True) if not (pd.isna(a) or pd.isna(b))]
    assert all(a <= b for a, b in known), "ends before it begins"


def names(data: bytes) -> None:
    """A path in a collection, after a table of artists: whose painting it is, and what else is made of the name."""
    table, _, path = data.partition(b"\0")
    known = [artists.plain(name) for name in table.decode("utf-8", "replace").split("\n")]
    index = artists.ArtistIndex.build(pd.DataFrame({"name": known}), {})
    text = os.fsdecode(path)
    if text != catalogue.printable(text):
        return  # ingestion rejects it before anybody asks whose it is
    artist, is_known = index.match(text)
    assert artist, "an artist without a name"
    assert is_known == (artist in index.movements)
    assert artist == artists.plain(artist)
    assert artists.file_name(artist)
    folder._is_hidden(text)


def manifests(data: bytes) -> None:
    """A IIIF document: what it lists, and of each work the addresses, the file's name and the row."""
    try:
        document = iiif.parse(data)
        read = iiif.read_manifest(document, "http://127.0.0.1/m")
        pages = iiif.read_manifest(document, "http://127.0.0.1/m", every_canvas=True)
    except iiif.ManifestError as error:
        assert str(error), "a reason without words"
        assert "\n" not in str(error), "a reason of several lines"
        return
    listed = [reference.address for reference in (*read.listed, *read.pages)]
    assert len(pages.works) >= len(read.works)
    for work in (*read.works, *pages.works):
        listed += work.picture.addresses()
        assert tuple(work.row) == iiif.COLUMNS
        assert all("\n" not in text for text in work.row.values())
        json.dumps(work.row, ensure_ascii=False).encode()
        name = iiif_copy.file_name(work)
        assert Path(name).name == name
        assert not folder._is_hidden(name)
        assert len(name.encode()) < 200
    assert all(address.startswith(("http://", "https://")) for address in listed)


def _pictures() -> Iterator[bytes]:
    from hostile import cases

    yield from (case.data for case in cases() if len(case.data) <= 1 << 16)


def _arrays() -> Iterator[bytes]:
    for dtype in ("f2", "<f4", ">f8", "i8", "?", "U3", "S2", "c8", "M8[s]"):
        for shape in ((), (0,), (3,), (2, 3)):
            for order in ("C", "F"):
                file = io.BytesIO()
                np.save(file, np.zeros(shape, dtype, order=order))  # type: ignore[call-overload]
                yield file.getvalue()
    for version in ((2, 0), (3, 0)):
        file = io.BytesIO()
        np.lib.format.write_array(file, np.eye(2), version)
        yield file.getvalue()
    for hidden in (np.array([{}], dtype=object), np.zeros(2, [("a", "f4"), ("b", "i2")])):
        file = io.BytesIO()
        np.save(file, hidden, allow_pickle=True)
        yield file.getvalue()
    file = io.BytesIO()
    np.savez(file, np.eye(2))
    yield file.getvalue()


def _stores() -> Iterator[bytes]:
    paintings = [f"{number:064x}" for number in range(4)]
    for rows, columns, bits in ((3, 2, 16), (4, 2, 32), (0, 2, 16), (3, 1, 16), (3, 10**9, 16), (3, 3, 32)):
        array = io.BytesIO()
        np.save(array, np.ones((rows, 2), f"f{bits // 8}"))
        layer = {"columns": 2, "sha256": "0" * 64}
        manifest = {"identity": {}, "dtype": "float16", "layers": {"a": layer}, "paintings": paintings[:3]}
        index = {"rows": dict.fromkeys(paintings[:rows], "0" * 64), "columns": columns, "dtype": f"float{bits}"}
        index |= {"bytes": len(array.getvalue()), "sha256": ""}
        parts = [json.dumps(part).encode() for part in (manifest, index)]
        yield b"".join(len(part).to_bytes(2, "little") for part in parts) + b"".join(parts) + array.getvalue()


def _tables() -> Iterator[bytes]:
    text = 'id,name,genre\n0,Claude Monet,"Impressionism, Realism"\n1,Albrecht D\u00fcrer,\n2,=cmd(),"a ""b"""\n'
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
        yield text.encode(encoding)
        yield text.replace(",", ";").encode(encoding)
    yield text.replace(",", "\t").replace("\n", "\r\n").encode()


def _paintings() -> Iterator[bytes]:
    from hostile import works_tables

    for _, suffix, data, _ in works_tables():
        if suffix in _KINDS and len(data) < 1 << 16:
            yield bytes([_KINDS.index(suffix)]) + data
    table = pd.DataFrame({"id": [1, 2], "date": ["c. 1503", None], "tags": [["a"], []], "x": [1.5, 2.5]})
    for kind, data in {".parquet": table.to_parquet(), ".jsonl": table.to_json(orient="records", lines=True)}.items():
        yield bytes([_KINDS.index(kind)]) + (data.encode() if isinstance(data, str) else data)


def _vectors() -> Iterator[bytes]:
    names, values = ["x/a.jpg", "b/a.jpg", "c.png"], np.arange(6.0).reshape(3, 2) - 3
    for column in ("file", "id", "name"):
        for rows in (3, 1):
            table = pd.DataFrame({column: names[:rows], "embedding": list(values[:rows])})
            yield table.to_parquet(compression=None)
            yield pd.DataFrame(values[:rows], columns=["v0", "v1"]).assign(**{column: names[:rows]}).to_parquet()


def _dates() -> Iterator[bytes]:
    for text in (
        "c. 1503-06", "late 15th or early 16th century", "2. H\u00e4lfte 16. Jh.", "fin XVe-XVIe si\u00e8cle",
        "before 1500", "500-450 BC", "June 15, 1889", "1889-06-15T00:00:00Z", "1890s", "siglo XVII", "SK-A-1718",
    ):  # fmt: skip
        yield text.encode()


def _names() -> Iterator[bytes]:
    from hostile import HIDDEN, NAMES

    table = "Claude Monet\nTitian\nMaster of 1518\nAlbrecht D\u00fcrer".encode()
    paths = ("Impressionism/claude-monet_water-lilies-1916.jpg", "Claude Monet/Water Lilies/1.jpg", "SK-A-4881.jpg")
    for path in (*paths, "Master_of_1518_1.jpg", "Titian - Venus (1538).jpg", *NAMES, *HIDDEN):
        yield table + b"\0" + os.fsencode(path)


def _manifests() -> Iterator[bytes]:
    from iiif_server import canvas_2, canvas_3, collection, image_2, manifest_2, manifest_3

    pairs = [("Artist", ["Artist: Ada, 1800-1850"]), ({"en": ["Date"], "de": ["Datum"]}, {"none": ["<b>1830</b>"]})]
    service = {"id": "http://i/1", "type": "ImageService3", "profile": "level0", "sizes": [{"width": 9, "height": 9}]}
    described = {"metadata": [{"label": "Title", "value": "Mist"}]}
    pages = {"@type": "sc:Collection", "manifests": ["/a", {"@id": "b"}], "first": "/c", "next": {"@id": "/d"}}
    for document in (
        manifest_2("a", [canvas_2("1", image_2("1")), canvas_2("2", None)], pairs, license="http://l", related="r"),
        manifest_2("b", [canvas_2(name, image_2(name), **described) for name in "12"]),
        manifest_3("c", [canvas_3("1", [service])], pairs, homepage=[{"id": "http://h", "format": "text/html"}]),
        collection("d", "a", "b"),
        pages,
        {"items": [{"items": [{"items": [{"body": {"type": "Choice", "items": [{"id": "/e.jpg"}]}}]}]}]},
    ):
        yield json.dumps(document).replace("ROOT", "http://127.0.0.1").encode()


TARGETS: dict[str, Callable[[bytes], None]] = {
    "ingestion": ingestion,
    "tables": tables,
    "paintings": paintings,
    "vectors": vectors,
    "dates": dates,
    "names": names,
    "manifests": manifests,
    "arrays": arrays,
    "stores": stores,
}
SEEDS: dict[str, Callable[[], Iterator[bytes]]] = {
    "ingestion": _pictures,
    "tables": _tables,
    "paintings": _paintings,
    "vectors": _vectors,
    "dates": _dates,
    "names": _names,
    "manifests": _manifests,
    "arrays": _arrays,
    "stores": _stores,
}
# Pictures have by far the most branches.
SHARES = {
    "ingestion": 0.25, "tables": 0.05, "paintings": 0.1, "vectors": 0.1, "dates": 0.05, "names": 0.05, "manifests": 0.1,
    "arrays": 0.15, "stores": 0.15,
}  # fmt: skip
