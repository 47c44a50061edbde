"""All Class 4 files at one moment, and what lists tell of them."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from ocean_common.contracts.class4 import (
    Class4Day,
    Class4Days,
    Class4Forecast,
    Class4Kind,
    Class4Model,
    Class4Status,
)
from ocean_common.errors import NotFound
from ocean_common.i18n import ENGLISH, Translator
from ocean_metadata.class4.names import profile_id
from ocean_metadata.class4.records import About, FileRecord, Lead

FIRST = ("GIOPS", "RIOPS")  # whose files stand for their day; where there are none, the first by its name
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Found(NamedTuple):
    """A file that can be served, and an index in it where one was told."""

    file: FileRecord
    about: About
    number: int | None  # its index


class Shelf(msgspec.Struct, frozen=True, kw_only=True):
    """The files, by their names."""

    revision: str = ""
    files: dict[tuple[Class4Kind, str], FileRecord] = {}

    def days(self) -> Class4Days:
        """One file for each day and kind."""
        return Class4Days(ocean_predict=self._days("ocean_predict"), riops_obs=self._days("riops_obs"))

    def status(self, translate: Translator = ENGLISH) -> list[Class4Status]:
        """Every file, with the reason where it cannot be served."""
        return [
            Class4Status(
                id=one.id,
                kind=one.kind,
                file=f"{one.id}.nc",
                profiles=one.about.profiles if one.about else 0,
                title=one.about.title if one.about else None,
                reason=one.reason and translate(one.reason),
            )
            for one in self.files.values()
        ]

    def find(self, kind: Class4Kind, text: str) -> Found:
        """The file of `file`, `file_index` or `file/index`, or NotFound."""
        asked = profile_id(text)
        one = self.files.get((kind, asked.file))
        if one is None:
            same_day = asked.file[: len("class4_20200101_")]
            near = [each.id for each in self.files.values() if each.kind == kind and each.id.startswith(same_day)]
            raise NotFound(
                "there is no Class 4 file {file!r} of {kind}; /api/v2.0/class4 lists them",
                file=asked.file,
                kind=kind,
                field="id",
                allowed=near[:5],
            )
        if one.about is None:
            raise NotFound(
                "the Class 4 file {id!r} cannot be served: {reason}", id=one.id, reason=one.reason, field="id"
            )
        if asked.number is not None and asked.number >= one.about.profiles:
            raise NotFound(
                "{id} has {profiles} profiles, counted from 0: there is none of index {number}",
                id=one.id,
                profiles=one.about.profiles,
                number=asked.number,
                field="id",
            )
        return Found(one, one.about, asked.number)

    def models(self, found: Found) -> list[Class4Model]:
        """The other files of the same day."""
        return [
            Class4Model(id=one.id, value=one.about.model)
            for one in self.files.values()
            if one.about and one.kind == found.file.kind and one.about.day == found.about.day and one != found.file
        ]

    def _days(self, kind: Class4Kind) -> list[Class4Day]:
        found: dict[str, FileRecord] = {}
        for one in sorted(self.files.values(), key=_precedence):
            if one.about and one.kind == kind:
                found.setdefault(one.about.day, one)
        return [
            Class4Day(name=day, id=one.id, title=one.about.title if one.about else None)
            for day, one in sorted(found.items())
        ]


def forecasts(about: About, translate: Translator = ENGLISH) -> list[Class4Forecast]:
    """The best estimate, then each forecast by the date of its fields, or else by its lead time."""
    dates = [one.time for one in about.leads]
    distinct = len(set(dates)) == len(dates)
    texts = [_label(one, translate, distinct=distinct) for one in about.leads]
    return [Class4Forecast(id="best", value=translate("Best Estimate"))] + [
        Class4Forecast(id=number, value=text) for number, text in enumerate(texts)
    ]


def _label(one: Lead, translate: Translator, *, distinct: bool) -> str:
    lead = ""
    if one.lead is not None:
        lead = translate("Lead time {lead} {units}", lead=f"{one.lead:g}", units=one.units).strip()
    if one.time is None:
        return lead or translate("Forecast")
    day = translate.day(_EPOCH + timedelta(seconds=one.time))
    return day if distinct or not lead else f"{day}, {lead[0].lower()}{lead[1:]}"


def _precedence(one: FileRecord) -> tuple[int, str]:
    model = one.about.model if one.about else ""
    return (FIRST.index(model) if model in FIRST else len(FIRST)), one.id
