"""The files that a run makes."""

import os
import ssl

import pytest
import yaml

from stack.files import GATEWAY, LARGE, YEAR, copy_configuration, make_certificate, rotate_logs

ADDRESSES = {
    "web": "127.0.0.1:8090",
    "websecure": "127.0.0.1:8453",
    "admin": "127.0.0.1:20001",
    "metrics": "127.0.0.1:20002",
}


def test_the_copied_configuration_differs_in_addresses_and_the_folder_of_routes_only(tmp_path):
    original = yaml.safe_load((GATEWAY / "traefik.yml").read_text())
    copy = yaml.safe_load(copy_configuration(tmp_path, ADDRESSES).read_text())
    assert {name: point.pop("address") for name, point in copy["entryPoints"].items()} == ADDRESSES
    for point in original["entryPoints"].values():
        point.pop("address")
    assert copy["providers"]["file"].pop("directory") == str(GATEWAY / "dynamic")
    original["providers"]["file"].pop("directory")
    assert copy == original


def test_a_certificate_holds_for_this_machine_and_is_reused(tmp_path):
    certificate = make_certificate(tmp_path, "127.0.0.1")
    ssl.create_default_context().load_cert_chain(certificate, tmp_path / "key.pem")
    before = certificate.read_bytes()
    assert make_certificate(tmp_path, "127.0.0.1").read_bytes() == before
    assert (tmp_path / "key.pem").stat().st_mode & 0o077 == 0


def test_an_old_certificate_is_replaced(tmp_path):
    certificate = make_certificate(tmp_path, "127.0.0.1")
    before = certificate.read_bytes()
    os.utime(certificate, (certificate.stat().st_mtime - YEAR,) * 2)
    assert make_certificate(tmp_path, "127.0.0.1").read_bytes() != before


@pytest.mark.parametrize(("size", "kept"), [(LARGE + 1, False), (10, True)])
def test_a_large_log_is_put_aside(tmp_path, size, kept):
    with (tmp_path / "data.log").open("wb") as log:
        log.truncate(size)
    rotate_logs(tmp_path)
    assert (tmp_path / "data.log").exists() == kept
    assert (tmp_path / "data.log.1").exists() != kept
