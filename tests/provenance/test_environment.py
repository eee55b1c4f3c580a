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
        "code": {"commit": "a", "clean": True},
        "machine": {"cores": 2},
        "threads": {},
        "packages": {"numpy": "2.0"},
    }

    def test_none(self):
        assert list(provenance.differences(self.HERE, self.HERE)) == []

    @pytest.mark.parametrize(
        ("changed", "told"),
        [
            ({"packages": {"numpy": "2.1"}}, "packages: numpy was 2.0, is 2.1"),
            ({"packages": {}}, "packages: numpy was 2.0, is None"),
            ({"machine": {"cores": 4}}, "machine: cores was 2, is 4"),
            ({"threads": {"OMP_NUM_THREADS": "1"}}, "threads: OMP_NUM_THREADS was None, is 1"),
            ({"code": {"commit": "b", "clean": True}}, "code: commit was a, is b"),
            ({"code": {"commit": "a", "clean": False}}, "code: there is no commit without local changes"),
            ({"code": None}, "code: there is no commit without local changes"),
        ],
    )
    def test_each_is_told(self, changed, told):
        assert told in list(provenance.differences(self.HERE, self.HERE | changed))

    def test_this_process_does_not_differ_from_itself(self, tmp_path):
        described = provenance.describe(tmp_path)
        assert list(provenance.differences(described, provenance.describe(tmp_path))) == [
            "code: there was no commit without local changes",
            "code: there is no commit without local changes",
        ]
