"""Files that a run makes: certificate, the gateway's configuration, logs."""

import json
import re
import time
from collections.abc import Mapping
from pathlib import Path

import trustme

from stack.options import ROOT

GATEWAY = ROOT / "gateway"
NAMES = ("localhost", "127.0.0.1", "::1")
YEAR = 365 * 86_400  # s
LARGE = 50_000_000  # bytes of a log that is put aside


def make_certificate(folder: Path, host: str) -> Path:
    """Make a certificate for this machine, or find the one that a run before made."""
    certificate = folder / "certificate.pem"
    if certificate.exists() and time.time() - certificate.stat().st_mtime < YEAR:
        return certificate
    authority = trustme.CA(organization_name="Ocean Navigator on this machine")
    names = NAMES if host in {*NAMES, "0.0.0.0", "::"} else (*NAMES, host)  # noqa: S104  # compared, not listened on
    leaf = authority.issue_cert(*names)
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    key = folder / "key.pem"
    key.touch(mode=0o600)
    leaf.private_key_pem.write_to_path(str(key))
    certificate.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
    return certificate


def copy_configuration(to: Path, addresses: Mapping[str, str]) -> Path:
    """Write the gateway's configuration with this run's addresses, and the folder of its routes."""
    text = (GATEWAY / "traefik.yml").read_text("utf-8")
    substitutes = {
        'address: ":8080"': f'address: "{addresses["web"]}"',
        'address: ":8443"': f'address: "{addresses["websecure"]}"',
        'address: "127.0.0.1:8090"': f'address: "{addresses["admin"]}"',
        'address: ":8091"': f'address: "{addresses["metrics"]}"',
        "directory: /etc/traefik/dynamic": f"directory: {json.dumps(str(GATEWAY / 'dynamic'))}",
    }
    for line in substitutes:
        if text.count(line) != 1:
            raise ValueError(f"gateway/traefik.yml has {text.count(line)} times {line!r}: it is to be there once")
    # All at once: one run may listen where the original has another entry point.
    text = re.sub("|".join(map(re.escape, substitutes)), lambda match: substitutes[match[0]], text)
    copy = to / "traefik.yml"
    copy.write_text(text, "utf-8")
    return copy


def rotate_logs(folder: Path) -> None:
    """Keep logs from growing for ever: one that is large becomes the one before."""
    for log in folder.glob("*.log"):
        if log.stat().st_size > LARGE:
            log.replace(log.with_suffix(".log.1"))
