"""Whom the values of a figure of observations are owed to."""

from collections.abc import Iterable

from ocean_plotting.figure.context import Sheet

NAMED = 3  # owners of what was measured


def credit(observed: Iterable[str], model: str, sheet: Sheet) -> str:
    """Who made what was measured, as the files tell it, and who made the model's values; "" where nobody is told."""
    translate, owners = sheet.translate, list(dict.fromkeys(filter(None, observed)))
    if len(owners) > NAMED:
        owners = [*owners[:NAMED], translate("… and {count} more", count=len(owners) - NAMED)]
    told = [translate("Observations: {credit}", credit="; ".join(owners))] if owners else []
    if model:
        told.append(translate("Model: {credit}", credit=model))
    return "  ·  ".join(told) or translate("Observations")
