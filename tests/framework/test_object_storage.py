"""Files in a bucket, on a real S3-compatible server on this machine."""

import pytest
from benchmarks.object_storage import BUCKET, serving

from grisaille.storage.files import as_path, atomic_path, listing


@pytest.fixture(scope="module")
def storage(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server") / "requests.txt") as storage:
        yield storage


class TestFiles:
    def test_what_another_machine_has_written_is_seen_at_once(self, storage):
        other, folder = storage.filesystem(), as_path(f"s3://{BUCKET}/shared", storage.options)
        for name in ("a.txt", "b.txt"):
            other.pipe_file(f"{BUCKET}/shared/{name}", b"here")
            assert (folder / name).exists()
            assert listing(folder)[name][0] == 4

    def test_a_folder_gets_its_name_with_all_its_files(self, storage):
        folder = as_path(f"s3://{BUCKET}/folder", storage.options)
        with atomic_path(folder) as temporary:
            for name in ("a.txt", "deep/b.txt"):
                (temporary / name).write_bytes(name.encode())
        files, root = storage.filesystem(), f"{BUCKET}/folder"
        expected = {f"{root}/a.txt": b"a.txt", f"{root}/deep/b.txt": b"deep/b.txt"}
        assert {path: files.cat_file(path) for path in files.find(root)} == expected
        assert not files.glob(f"{root}.*")
