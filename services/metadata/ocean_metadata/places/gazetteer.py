"""All places at one moment."""

from typing import get_args

import msgspec

from ocean_common.contracts.places import Area, PlaceGroup, PlaceProblem
from ocean_common.errors import NotFound
from ocean_metadata.places import features
from ocean_metadata.places.kml import Kind, Place

KINDS: tuple[Kind, ...] = get_args(Kind)


class PlaceFile(msgspec.Struct, frozen=True, kw_only=True):
    """The places of a file."""

    id: str  # the file's name without its ending
    name: str  # of its first folder
    places: list[Place]
    revision: str  # changes when the file does


class Gazetteer(msgspec.Struct, frozen=True, kw_only=True):
    """The files of each kind, and what of them cannot be served."""

    files: dict[Kind, dict[str, PlaceFile]] = {}
    problems: list[PlaceProblem] = []

    def groups(self, kind: Kind) -> list[PlaceGroup]:
        """The files of a kind, sorted by name."""
        found = [PlaceGroup(id=one.id, name=one.name) for one in self.files.get(kind, {}).values()]
        return sorted(found, key=lambda one: (one.name.casefold(), one.id))

    def file(self, kind: Kind, name: str) -> PlaceFile:
        """The file of a kind with this id, or NotFound."""
        found = self.files.get(kind, {}).get(name)
        if found is None:
            raise NotFound(
                "there is no file of {kind}s {name!r}; see /api/v2.0/kml/{kind}", kind=kind, name=name[:80], field="id"
            )
        return found

    def area(self, key: str) -> Area:
        """The area of a key `group/name`, or NotFound."""
        group, _, name = key.partition("/")
        found = self.files.get("area", {}).get(group)
        place = next((one for one in found.places if one.name == name), None) if found else None
        if place is None:
            raise NotFound(
                "there is no area {key!r}: a key is group/name; see /api/v2.0/kml/area", key=key[:120], field="area"
            )
        return features.area(group, place)

    def revision(self, name: str) -> str:
        """The revision of a file `kind/id`, or of all of a `kind`."""
        kind, _, one = name.partition("/")
        for known in KINDS:
            if kind == known:
                return self.file(known, one).revision if one else self._whole(known)
        return ""

    def _whole(self, kind: Kind) -> str:
        return " ".join(f"{one.id} {one.revision}" for one in self.files.get(kind, {}).values())
