"""Archives: what is refused, and that nothing is left half done."""

import io
import tarfile
import zipfile

import pytest

from grisaille.storage.archives import UnsafeArchiveError, unpack


def zipped(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def tarred(path, members, link=None):
    with tarfile.open(path, "w:gz") as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
        if link:
            entry = tarfile.TarInfo("link")
            entry.type, entry.linkname = tarfile.SYMTYPE, link
            archive.addfile(entry)
    return path


WRITERS = pytest.mark.parametrize("write", [zipped, tarred])


class TestUnpacking:
    @WRITERS
    def test_everything_lands_in_the_folder(self, tmp_path, write):
        archive = write(tmp_path / "any.name", {"a/1.jpg": b"one", "a/b/2.jpg": b"two"})
        folder = unpack(archive, tmp_path / "out")
        assert {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.jpg")} == {
            "a/1.jpg": b"one",
            "a/b/2.jpg": b"two",
        }

    @pytest.mark.parametrize(
        ("write", "name"),
        [(zipped, "../out.jpg"), (zipped, "a/../../out.jpg"), (zipped, "{}/out.jpg"), (tarred, "{}/out.jpg")],
    )
    def test_other_names_that_lead_outside_lead_inside(self, tmp_path, write, name):
        folder = unpack(write(tmp_path / "a", {name.format(tmp_path): b"x"}), tmp_path / "in" / "out")
        assert len(list(folder.rglob("out.jpg"))) == len(list(tmp_path.rglob("out.jpg"))) == 1

    def test_what_a_killed_unpacking_left_is_not_taken_for_the_whole(self, tmp_path):
        archive = zipped(tmp_path / "a.zip", {"new.jpg": b"new"})
        half = tmp_path / "out.partial"
        half.mkdir()
        (half / "old.jpg").write_bytes(b"old")
        unpack(archive, tmp_path / "out")
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["new.jpg"]
        assert not half.exists()

    def test_a_folder_in_use_is_left_alone(self, tmp_path):
        (tmp_path / "mine.jpg").write_bytes(b"mine")
        with pytest.raises(FileExistsError, match="not empty"):
            unpack(zipped(tmp_path / "a.zip", {"mine.jpg": b"theirs"}), tmp_path)
        assert (tmp_path / "mine.jpg").read_bytes() == b"mine"


class TestRefusing:
    def refused(self, archive, tmp_path, told, **bounds):
        with pytest.raises(UnsafeArchiveError, match=told):
            unpack(archive, tmp_path / "in" / "out", **bounds)
        assert not (tmp_path / "in" / "out").exists()
        assert not list(tmp_path.rglob("*.jpg"))

    @pytest.mark.parametrize("name", ["../out.jpg", "a/../../out.jpg"])
    def test_names_in_a_tar_that_lead_outside(self, tmp_path, name):
        self.refused(tarred(tmp_path / "a", {name: b"x"}), tmp_path, "outside")

    def test_links_that_lead_outside(self, tmp_path):
        self.refused(tarred(tmp_path / "a.tgz", {}, link="../../elsewhere"), tmp_path, "outside")

    @WRITERS
    def test_more_than_the_disk_is_given_for(self, tmp_path, write):
        archive = write(tmp_path / "a", {"zeros.jpg": bytes(2_000_000)})
        assert archive.stat().st_size < 100_000
        self.refused(archive, tmp_path, r"more than 0\.001 GB", most_gigabytes=0.001)

    @WRITERS
    def test_too_many_files(self, tmp_path, write):
        archive = write(tmp_path / "a", {f"{number}.jpg": b"" for number in range(5)})
        self.refused(archive, tmp_path, "more than 4 files", most_files=4)

    @WRITERS
    def test_a_download_that_broke_off(self, tmp_path, write):
        whole = write(tmp_path / "a", {f"{n}.jpg": bytes([n]) * 5000 for n in range(50)}).read_bytes()
        (tmp_path / "a").write_bytes(whole[: len(whole) // 2])
        self.refused(tmp_path / "a", tmp_path, "cannot be unpacked|no zip or tar")

    def test_a_member_that_was_damaged(self, tmp_path):
        archive = zipped(tmp_path / "a.zip", {"1.jpg": b"abcdefgh" * 20})
        data = bytearray(archive.read_bytes())
        data[42] ^= 255
        archive.write_bytes(bytes(data))
        self.refused(archive, tmp_path, "cannot be unpacked")

    def test_what_is_no_archive(self, tmp_path):
        (tmp_path / "a.zip").write_bytes(b"<html>sign in</html>")
        self.refused(tmp_path / "a.zip", tmp_path, "no zip or tar")
