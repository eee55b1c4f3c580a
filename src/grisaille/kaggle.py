"""The Kaggle set *Best Artworks of All Time*: downloads it to the folder that the pipelines read, and counts the files.

`make data` runs this module.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from omegaconf import OmegaConf

from grisaille.collection.artists import ArtistIndex
from grisaille.collection.folder import PictureFolder
from grisaille.errors import GrisailleError
from grisaille.lazy import pd

HANDLE = "ikarus777/best-artworks-of-all-time"
ADDRESS = f"https://www.kaggle.com/datasets/{HANDLE}"
ORIGINALS = "images/images"
RESIZED = "resized/resized"

# Relative to the project's folder, which must be the current one.
_SETTINGS = Path("conf/base/parameters_ingestion.yml")

BY_HAND = f"""\
By hand, in a browser:
  1. open {ADDRESS}
  2. sign in, press Download, take the zip file (about 2.3 GB)
  3. make data ARCHIVE=/path/to/archive.zip
If there is a network but Kaggle asks you to log in: create an API token on your account's settings page, save it
as ~/.kaggle/kaggle.json and run make data again."""


# Exceptions of zipfile for damaged or encrypted files, and for unsupported compression.
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)


class NotFetchedError(GrisailleError):
    """The set could not be fetched; the message explains the download by hand."""


def _download() -> Path:
    try:
        import kagglehub
    except ImportError as error:
        raise NotFetchedError("kagglehub is not installed: pip install kagglehub") from error
    return Path(kagglehub.dataset_download(HANDLE))


def fetch(raw: Path, download: Callable[[], Path] = _download) -> Path:
    """Put the set into a folder, unless it is there already.

    An interrupted download resumes at the next call, in kagglehub's own folder. Files are linked from there, so that
    they take disk space once, or copied if it is on another disk.

    Args:
        raw: Usually `data/01_raw`; gets `paintings/` and `artists.csv`.
        download: Downloads the set and returns its folder.

    Returns:
        The folder of paintings.

    Raises:
        NotFetchedError: If there is no network or no permission, or the set has changed.
    """
    paintings = raw / "paintings"
    if (paintings / ORIGINALS).is_dir():
        return paintings
    _must_be_free(paintings)
    try:
        source = download()
    except (NotFetchedError, KeyboardInterrupt):
        raise
    except Exception as error:
        # kagglehub's errors have no common class, and the remedy is the same for all.
        raise NotFetchedError(f"{HANDLE} could not be fetched: {error}") from error
    return _put(paintings, lambda half: shutil.copytree(source, half, copy_function=_link))


def unpack_download(archive: Path, raw: Path) -> Path:
    """Like `fetch`, from a zip file downloaded with a browser.

    Raises:
        NotFetchedError: If it is not a readable zip file or another set, or there are paintings already.
    """
    paintings = raw / "paintings"
    _must_be_free(paintings)
    try:
        with zipfile.ZipFile(archive) as zipped:
            return _put(paintings, zipped.extractall)
    except _BROKEN as error:
        raise NotFetchedError(f"{archive} cannot be unpacked: {error or type(error).__name__}") from error


def _must_be_free(paintings: Path) -> None:
    if paintings.is_dir() and any(path.name != ".gitkeep" for path in paintings.iterdir()):
        raise NotFetchedError(f"{paintings} contains other files; move them away first")


def _link(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:  # another disk, or one without links
        shutil.copy2(source, target)
    return target


def _put(paintings: Path, fill: Callable[[Path], object]) -> Path:
    """Fill a temporary folder, and rename it once the set is complete."""
    half = paintings.with_name("paintings.partial")
    shutil.rmtree(half, ignore_errors=True)
    try:
        fill(half)
        table = half / "artists.csv"
        if not table.is_file() or not (half / ORIGINALS).is_dir():
            found = ", ".join(sorted(path.name for path in half.iterdir())[:8]) or "nothing"
            raise NotFetchedError(f"expected artists.csv and {ORIGINALS}/ in the set. Received: {found}")
        shutil.copy2(table, paintings.with_name("artists.csv"))
        shutil.rmtree(paintings, ignore_errors=True)
        return half.rename(paintings)
    finally:
        shutil.rmtree(half, ignore_errors=True)


def count(raw: Path, aliases: Mapping[str, str]) -> tuple[str, list[str]]:
    """Compare the files with the set's own table of artists.

    Args:
        raw: The folder that `fetch` filled.
        aliases: Other spelling of a folder -> name in the table.

    Returns:
        The number of files and the number in the table, and a line for every artist with fewer paintings than listed.
    """
    table = pd.read_csv(raw / "artists.csv", encoding="utf-8-sig")
    index = ArtistIndex.build(table, aliases)
    originals, resized = (_pictures(raw / "paintings", below) for below in (ORIGINALS, RESIZED))
    found = Counter(index.match(path)[0] for path in originals)
    promised = dict(zip(table["name"].str.strip(), table["paintings"].tolist(), strict=True))
    return (
        f"{len(originals):,} originals and {len(resized):,} smaller copies; "
        f"artists.csv lists {sum(promised.values()):,} paintings by {len(promised)} artists",
        [f"  {name}: {found[name]:,} of {number:,}" for name, number in promised.items() if found[name] < number],
    )


def _pictures(folder: Path, below: str) -> list[str]:
    return [f"{below}/{path}" for path in PictureFolder(str(folder / below))]


def _aliases() -> dict[str, str]:
    if not _SETTINGS.is_file():
        raise NotFetchedError(f"{Path.cwd()} is not the project's folder: it has no {_SETTINGS.as_posix()}")
    return dict(OmegaConf.load(_SETTINGS).ingestion.aliases)


def main(arguments: list[str] | None = None, download: Callable[[], Path] = _download) -> int:
    """Fetch or unpack, then count.

    Returns:
        0 if all is there, 1 if paintings are missing, 2 if nothing could be fetched.
    """
    parser = argparse.ArgumentParser(prog="python -m grisaille.kaggle", description="Get the Kaggle set.")
    parser.add_argument("--raw", type=Path, default=Path("data/01_raw"), help="target folder (default: %(default)s)")
    parser.add_argument("--archive", type=Path, help="the downloaded zip file")
    given = parser.parse_args(arguments)
    try:
        aliases = _aliases()
    except NotFetchedError as error:
        print(error, file=sys.stderr)
        return 2
    given.raw.mkdir(parents=True, exist_ok=True)
    try:
        unpack_download(given.archive, given.raw) if given.archive else fetch(given.raw, download)
    except (NotFetchedError, OSError) as error:
        print(f"{error}\n\n{BY_HAND}", file=sys.stderr)
        return 2
    arrived, short = count(given.raw, aliases)
    print("\n".join([arrived, *short]))
    if short:
        print(f"\nPaintings are missing. Remove {given.raw / 'paintings'} and fetch again.\n{BY_HAND}", file=sys.stderr)
        return 1
    print(f"All files are in {given.raw}. Next: kedro run")
    return 0


if __name__ == "__main__":
    sys.exit(main())
