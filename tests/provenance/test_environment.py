import subprocess

import pytest

from grisaille.provenance import environment as provenance


class TestCode:
    @pytest.fixture
    def repository(self, tmp_path):
        def git(*arguments):
            identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
            subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True)

        git("init")
        (tmp_path / "a.py").write_text("1")
        git("add", "a.py")
        git("commit", "-m", "One")
        return tmp_path

    def test_a_clean_tree(self, repository):
        found = provenance.code(repository)
        assert found["clean"]
        assert len(found["commit"]) == 40

    @pytest.mark.parametrize("name", ["a.py", "new.py"])
    def test_a_changed_or_a_new_file(self, repository, name):
        (repository / name).write_text("2")
        assert not provenance.code(repository)["clean"]

    def test_no_repository(self, tmp_path):
        assert provenance.code(tmp_path) is None

    def test_no_git(self, repository, monkeypatch):
        monkeypatch.setenv("PATH", "")
        assert provenance.code(repository) is None


class TestDifferences:
    HERE = {  # noqa: RUF012
        "code": {"commit": "a" * 40, "clean": True},
        "machine": {"cores": 2, "accelerators": []},
        "threads": {},
        "packages": {"numpy": "2.0"},
    }

    def test_none(self):
        assert provenance.differences(self.HERE, self.HERE) == []

    @pytest.mark.parametrize(
        ("changed", "told"),
        [
            ({"packages": {"numpy": "2.1"}}, "numpy: 2.0 then, 2.1 now"),
            ({"packages": {}}, "numpy: 2.0 then, none now"),
            ({"machine": {"cores": 4, "accelerators": []}}, "cores: 2 then, 4 now"),
            ({"threads": {"OMP_NUM_THREADS": "1"}}, "OMP_NUM_THREADS: none then, 1 now"),
            ({"code": {"commit": "b" * 40, "clean": True}}, "the code: commit aaaaaaaaaaaa then, bbbbbbbbbbbb now"),
            ({"code": {"commit": "a" * 40, "clean": False}}, "the code: the tree is not clean now"),
            ({"code": None}, "the code: git knows of no commit, so nobody can tell whether it is the same"),
        ],
    )
    def test_each_is_told(self, changed, told):
        assert provenance.differences(self.HERE, self.HERE | changed) == [told]

    def test_this_process_does_not_differ_from_itself(self, tmp_path):
        described = provenance.describe(tmp_path)
        assert provenance.differences(described, provenance.describe(tmp_path)) == [
            "the code: git knows of no commit, so nobody can tell whether it is the same"
        ]
