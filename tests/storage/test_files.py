import errno
import gc
import hashlib
import multiprocessing
import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from grisaille.storage import DiskFullError, as_path, atomic_path, files, remove_partials, write_atomically
from grisaille.storage.files import LOCK, local_copy


class TestWritingWhole:
    def test_what_fails_leaves_what_was_there(self, tmp_path):
        path = tmp_path / "a.txt"
        path.write_text("before")

        def fail(file):
            file.write(b"half of what comes aft")
            raise RuntimeError("the power went out")

        with pytest.raises(RuntimeError):
            write_atomically(path, fail)
        assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("a.txt", "before")]

    def test_file_and_name_are_on_the_disk_when_it_is_done(self, tmp_path, monkeypatch):
        """In this order: a power failure may come at any time."""
        path, synced = tmp_path / "a.txt", []
        sync = os.fsync

        def watch(descriptor):
            sync(descriptor)
            names = sorted(each.name for each in tmp_path.iterdir())
            paths = [tmp_path, *tmp_path.iterdir()]
            (one,) = [each for each in paths if os.path.samestat(each.stat(), os.fstat(descriptor))]
            synced.append((one.name, names))

        monkeypatch.setattr(os, "fsync", watch)
        write_atomically(path, lambda file: file.write(b"a"))
        half = f"a.txt.{os.getpid()}.partial"
        assert synced == [(half, [half]), (tmp_path.name, ["a.txt"])]

    @pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
    def test_want_of_room_however_deep(self, tmp_path, code):
        with pytest.raises(DiskFullError, match=r"no room to write .*a\.txt"), atomic_path(tmp_path / "a.txt"):
            try:
                raise OSError(code, "as the system puts it")
            except OSError as error:
                raise ValueError("what a library makes of it") from error

    def test_want_of_room_in_words_alone(self, tmp_path):
        """As HDF5 tells of it."""
        with pytest.raises(DiskFullError), atomic_path(tmp_path / "a.txt"):
            raise RuntimeError("Can't write data (errno = 28, error message = 'No space left on device')")

    def test_other_errors_stay_what_they_are(self, tmp_path):
        with pytest.raises(PermissionError), atomic_path(tmp_path / "a.txt"):
            raise PermissionError(errno.EACCES, "not yours")


class TestChecksums:
    def test_a_file_is_read_once_unless_it_changes(self, tmp_path):
        path, read = tmp_path / "a.txt", files._digest.cache_info
        path.write_bytes(b"a")
        files.seal(path)
        before = read().misses
        assert files.stored_checksum(path) == files.sha256(path)
        assert read().misses == before
        path.write_bytes(b"bb")
        assert files.stored_checksum(path) != files.sha256(path)
        assert read().misses == before + 1

    def test_a_file_without_seal(self, tmp_path):
        (tmp_path / "a.txt").write_text("a")
        assert files.stored_checksum(tmp_path / "a.txt") is None


class TestSweeping:
    def test_half_written_files_go_and_whole_ones_stay(self, tmp_path):
        for name in ("deep/a.npy", "deep/a.npy.7.partial", "b.csv.8.partial"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).touch()
        assert {path.name for path in remove_partials(tmp_path)} == {"a.npy.7.partial", "b.csv.8.partial"}
        assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["a.npy"]

    def test_a_storage_inside_of_another_is_left_to_its_own_runs(self, tmp_path):
        (tmp_path / "demo").mkdir()
        (tmp_path / "demo" / LOCK).touch()
        (tmp_path / "demo" / "a.npy.7.partial").touch()
        assert remove_partials(tmp_path) == []


def leave_whole_or_not(path, content):
    """End with 0 if the copy is all there at once."""
    os._exit(int(local_copy(path).read_bytes() != content))


class TestCopies:
    CONTENT = b"half of it, and the other"

    @pytest.fixture(autouse=True)
    def folder(self, tmp_path, monkeypatch):
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        files._copies.cache_clear()
        yield Path(files._copies().name)
        files._copies.cache_clear()

    @pytest.fixture
    def fetched(self, monkeypatch):
        """What was handed out, slowly, as over a network."""
        fetched = []

        def get_file(filesystem, source, target, *_, **__):
            content = filesystem.cat_file(source)
            fetched.append(source)
            with Path(target).open("wb") as file:
                for part in (content[: len(content) // 2], content[len(content) // 2 :]):
                    file.write(part)
                    file.flush()
                    time.sleep(0.3)

        monkeypatch.setattr(MemoryFileSystem, "get_file", get_file)
        return fetched

    @pytest.fixture
    def bucket(self, fetched):
        bucket = as_path(f"memory://{uuid4().hex}")
        bucket.mkdir(parents=True)
        (bucket / "a.npy").write_bytes(self.CONTENT)
        return bucket

    def test_processes_that_fetch_the_same_read_no_half_of_it(self, bucket):
        context = multiprocessing.get_context("fork")
        others = [context.Process(target=leave_whole_or_not, args=(bucket / "a.npy", self.CONTENT)) for _ in range(4)]
        for other in others:
            other.start()
            time.sleep(0.1)
        for other in others:
            other.join()
        assert [other.exitcode for other in others] == [0] * 4

    def test_threads_that_fetch_the_same_fetch_it_once(self, bucket, fetched):
        with ThreadPoolExecutor(6) as threads:
            copies = list(threads.map(local_copy, [bucket / "a.npy"] * 6))
        assert {copy.read_bytes() for copy in copies} == {self.CONTENT}
        assert len(fetched) == 1

    def test_they_lie_in_a_folder_of_the_process_which_goes_with_it(self, bucket, folder):
        assert local_copy(bucket / "a.npy").parent == folder
        assert folder.stat().st_mode & 0o777 == 0o700
        files._copies.cache_clear()
        gc.collect()
        assert not folder.exists()

    def test_one_that_is_not_what_was_stored_is_fetched_anew(self, bucket, fetched):
        local_copy(bucket / "a.npy").write_bytes(b"half of it")
        checksum = hashlib.sha256(self.CONTENT).hexdigest()
        for _ in range(2):
            assert local_copy(bucket / "a.npy", checksum).read_bytes() == self.CONTENT
        assert len(fetched) == 2
