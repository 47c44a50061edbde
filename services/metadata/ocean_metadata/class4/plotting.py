"""Class 4 profiles for plots, each beside the same profile of other models."""

from collections import defaultdict
from collections.abc import Sequence

from ocean_common.contracts.class4 import Class4Kind, Class4ModelProfiles, Class4Profile, Class4Profiles
from ocean_common.errors import InvalidRequest
from ocean_metadata.class4.index import Found, forecasts
from ocean_metadata.class4.ports import Class4
from ocean_metadata.class4.view import same_profile

MOST = 100  # profiles or models of one plot


async def assemble(class4: Class4, kind: Class4Kind, ids: Sequence[str], models: Sequence[str]) -> Class4Profiles:
    """The profiles of ``ids``, and those of ``models`` at the same places; NotFound or InvalidRequest."""
    shelf = class4.shelf
    asked = [shelf.find(kind, one) for one in ids]
    if not asked:
        raise InvalidRequest("no profile is asked for; give its id: file_index", field="ids")
    for text, found in zip(ids, asked, strict=True):
        if found.number is None:
            raise InvalidRequest("{text} is a file; write {text}_0 for its first profile", text=text, field="ids")
    beside = [shelf.find(kind, one) for one in models]
    return Class4Profiles(
        kind=kind,
        profiles=await _own(class4, kind, asked),
        forecasts=forecasts(asked[0].about),
        title=asked[0].about.title,
        models=[await _other(class4, kind, asked, one) for one in beside],
    )


async def _own(class4: Class4, kind: Class4Kind, asked: Sequence[Found]) -> list[Class4Profile]:
    return [one for one in await _read(class4, kind, [(one.file.id, one.number) for one in asked]) if one is not None]


async def _other(class4: Class4, kind: Class4Kind, asked: Sequence[Found], model: Found) -> Class4ModelProfiles:
    """A model's values at each of the profiles, whatever their indices are in its file."""
    others = await class4.points(kind, model.file.id)
    same: list[tuple[str, int | None]] = []
    for one in asked:
        points = await class4.points(kind, one.file.id)
        index = same_profile(points, one.number or 0, others) if one.about.day == model.about.day else None
        same.append((model.file.id, index))
    return Class4ModelProfiles(
        file=model.file.id,
        model=model.about.model,
        title=model.about.title,
        forecasts=forecasts(model.about),
        profiles=await _read(class4, kind, same),
    )


async def _read(
    class4: Class4, kind: Class4Kind, wanted: Sequence[tuple[str, int | None]]
) -> list[Class4Profile | None]:
    """Profiles in the order asked; each file is asked once."""
    numbers: defaultdict[str, list[int]] = defaultdict(list)
    for file, index in wanted:
        if index is not None:
            numbers[file].append(index)
    found = {
        (one.file, one.index): one for file, some in numbers.items() for one in await class4.profiles(kind, file, some)
    }
    return [None if index is None else found[file, index] for file, index in wanted]
