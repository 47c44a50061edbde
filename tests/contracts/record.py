"""Record a message of every contract that has none yet: `python tests/contracts/record.py VERSION`.

A recording is never changed: it is what a neighbour of that version sends.
"""

import sys
from pathlib import Path

import msgspec
from samples import RECORDINGS, contracts, sample


def main(version: str) -> None:
    """Write what is missing under recordings/VERSION/."""
    folder = Path(__file__).parent / RECORDINGS / version
    folder.mkdir(parents=True, exist_ok=True)
    for kind in contracts():
        for suffix, encode in (("json", msgspec.json.encode), ("msgpack", msgspec.msgpack.encode)):
            path = folder / f"{kind.__name__}.{suffix}"
            if not path.exists():
                path.write_bytes(encode(sample(kind)))


if __name__ == "__main__":
    main(sys.argv[1])
