"""The whole is tested with the packages of this checkout alone."""

from tests.e2e.conftest import clean, find_foreign_packages


def test_packages_from_another_checkout_are_refused(tmp_path):
    (tmp_path / "ocean_data").mkdir()
    (tmp_path / "ocean_data" / "__init__.py").touch()
    assert find_foreign_packages(clean()) == {}
    foreign = find_foreign_packages(clean() | {"PYTHONPATH": str(tmp_path)})
    assert foreign == {"ocean_data": str(tmp_path / "ocean_data" / "__init__.py")}
