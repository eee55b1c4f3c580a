import errno
import os
import signal

import pytest

from grisaille.storage.run_lock import HOLDER, AnotherRunError, RunLock, StorageError
from helpers import another_run


@pytest.fixture
def other(tmp_path):
    with another_run(tmp_path) as process:
        yield process


class TestTwoRuns:
    def test_the_second_refuses_and_says_who_runs(self, tmp_path, other):
        with pytest.raises(AnotherRunError, match=rf"writing to {tmp_path}: process {other.pid} on .* since 20.*T"):
            RunLock(tmp_path).acquire()

    def test_refusing_leaves_the_first_its_lock(self, tmp_path, other):
        for _ in range(2):
            with pytest.raises(AnotherRunError, match=f"process {other.pid}"):
                RunLock(tmp_path).acquire()

    def test_a_lock_dies_with_its_holder(self, tmp_path, other):
        other.send_signal(signal.SIGKILL)
        other.wait()
        assert (tmp_path / HOLDER).exists()
        lock = RunLock(tmp_path)
        lock.acquire()
        lock.release()

    def test_one_after_the_other(self, tmp_path):
        for _ in range(2):
            lock = RunLock(tmp_path)
            lock.acquire()
            lock.release()
        assert not (tmp_path / HOLDER).exists()

    def test_a_storage_that_does_not_exist_yet(self, tmp_path):
        lock = RunLock(tmp_path / "new" / "storage")
        lock.acquire()
        lock.release()

    @pytest.mark.parametrize("below", [".", "storage"])
    def test_a_file_where_the_storage_should_be_is_named(self, tmp_path, below):
        (tmp_path / "paintings.zip").write_text("no folder")
        with pytest.raises(StorageError, match=rf"nothing can be stored in {tmp_path}/paintings.zip.*: "):
            RunLock(tmp_path / "paintings.zip" / below).acquire()

    def test_nor_where_nobody_may_write(self, tmp_path, monkeypatch):
        """Root may write anywhere, so that the system's answer is put into its mouth."""

        def refuse(*_, **__):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(tmp_path))

        lock = RunLock(tmp_path)
        monkeypatch.setattr(lock._lock, "_acquire", refuse)
        with pytest.raises(StorageError, match=rf"nothing can be stored in {tmp_path}: Permission denied$"):
            lock.acquire()

    def test_a_drive_without_locks_is_no_obstacle(self, tmp_path, monkeypatch, caplog):
        def refuse(*_, **__):
            raise NotImplementedError("flock")

        lock = RunLock(tmp_path)
        monkeypatch.setattr(lock._lock, "_acquire", refuse)
        lock.acquire()
        lock.release()
        assert "does not support locks" in caplog.text

    def test_two_storages_know_nothing_of_each_other(self, tmp_path, other):
        lock = RunLock(tmp_path / "demo")
        lock.acquire()
        lock.release()
