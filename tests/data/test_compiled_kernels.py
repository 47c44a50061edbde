"""Compiled kernels: those that a change of another module made stale are removed."""

import os

from ocean_data.jit import remove_stale_kernels


def test_compiled_kernels_older_than_a_module_with_kernels_are_removed(tmp_path):
    (tmp_path / "grids/__pycache__").mkdir(parents=True)
    (tmp_path / "grids/kernels.py").write_text("from ocean_data.jit import kernel\n")
    (tmp_path / "plain.py").write_text("")
    for name, age in (("grids/kernels.py", 200), ("plain.py", 0)):
        os.utime(tmp_path / name, (1e9 - age, 1e9 - age))
    for name, age in (("old.nbc", 300), ("old.nbi", 300), ("new.nbc", 100)):
        (tmp_path / "grids/__pycache__" / name).touch()
        os.utime(tmp_path / "grids/__pycache__" / name, (1e9 - age, 1e9 - age))
    remove_stale_kernels(tmp_path)
    assert [path.name for path in (tmp_path / "grids/__pycache__").iterdir()] == ["new.nbc"]
