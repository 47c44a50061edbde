"""What people are told of the datasets that were found."""

from collections.abc import Callable

import numpy as np

from ocean_common.contracts.finding import Facets, FacetValue, Found, SearchPage
from ocean_common.i18n import ENGLISH, Translator
from ocean_core.time import format_times
from ocean_metadata.catalogue.localized import SOURCE, localized
from ocean_metadata.catalogue.model import DatasetRecord
from ocean_metadata.catalogue.search_document import shown_variables
from ocean_metadata.catalogue.search_index import Asked, Index, Mask


def ids(index: Index, mask: Mask, wanted: str | None) -> list[str]:
    """Ids of datasets in the order of the catalogue.

    Parameters
    ----------
    index : Index
        Of the datasets that lists show.
    mask : ndarray of bool, shape (dataset,)
        Which were found.
    wanted : str or None
        Ids between commas; nothing means all. Those that the catalogue does not list are passed by.

    Returns
    -------
    list of str
        Every one of them is in the list of datasets.
    """
    some = {one.strip() for one in (wanted or "").split(",")} - {""}
    names = [index.records[row].id for row in np.flatnonzero(mask)]
    return [one for one in names if one in some] if some else names


def page(index: Index, asked: Asked, limit: int, offset: int, translate: Translator = ENGLISH) -> SearchPage:
    """A page of what a search finds, with the facets of all that it finds."""
    matches = index.search(asked)
    titles = _titles(index, translate)
    facets = {
        name: [FacetValue(value=value, count=count, title=titles(name, value)) for value, count in counts]
        for name, counts in index.facets(matches.rows).items()
    }
    return SearchPage(
        total=len(matches.rows),
        limit=limit,
        offset=offset,
        results=[
            _found(localized(index.records[row], translate), float(matches.scores[row]))
            for row in matches.rows[offset : offset + limit].tolist()
        ],
        facets=Facets(**facets),
    )


def _titles(index: Index, translate: Translator) -> Callable[[str, str], str | None]:
    """What the values of facets are called in the language; nothing where that is the value itself."""
    if translate.language == SOURCE:
        return lambda _, __: None
    groups = {one.group: one.translations.get(translate.language, {}).get("group") for one in index.records}

    def title(facet: str, value: str) -> str | None:
        if facet == "group":
            return groups.get(value)
        if facet == "standard_name":
            return translate.quantity(value)
        return translate(value) if facet == "quantum" else None

    return title


def extent(one: DatasetRecord) -> tuple[str | None, str | None]:
    """The first and the last time step, as ISO 8601."""
    if one.time is None:
        return None, None
    axis = one.times[one.time]
    first, last = format_times(np.array([axis.first, axis.last]), one.quantum)
    return first, last


def _found(one: DatasetRecord, score: float) -> Found:
    start, end = extent(one)
    return Found(
        id=one.id,
        value=one.name,
        score=round(score, 2),
        help=one.help,
        attribution=one.attribution,
        group=one.group,
        subgroup=one.subgroup,
        quantum=one.quantum,
        model_class=one.model_class,
        bounds=one.bounds,
        start=start,
        end=end,
        variables=[each.key for each in shown_variables(one)],
        revision=one.revision,
        href=f"/api/v2.0/dataset/{one.id}",
    )
