"""The attributes that CF (1.11, §2.6) and ACDD (1.3) recommend, and what to write in them."""

from typing import Literal, NamedTuple

Importance = Literal["high", "recommended", "suggested"]


class Attribute(NamedTuple):
    """An attribute that files should have."""

    name: str
    importance: Importance
    convention: Literal["CF", "ACDD"]
    advice: str
    needs: Literal["", "depth", "time"] = ""  # recommended only for data with such an axis
    catalogue_value: str = ""  # its name among the values that the catalogue knows


WEIGHTS: dict[Importance, int] = {"high": 3, "recommended": 2, "suggested": 1}

FILE_ATTRIBUTES = (
    Attribute("Conventions", "high", "CF", 'Name the conventions that the file follows: "CF-1.11, ACDD-1.3".'),
    Attribute("title", "high", "CF", "Say in one line what the data are, as a reader of a list wants to know it."),
    Attribute("summary", "high", "ACDD", "Describe the data in a paragraph: what, where, when, how made and for what."),
    Attribute("keywords", "high", "ACDD", "List words that people search by, between commas."),
    Attribute("history", "recommended", "CF", "Tell what was done to the data, one line with a date for each step."),
    Attribute("institution", "recommended", "CF", "Name the institution that made the data."),
    Attribute("source", "recommended", "CF", "Name the model and its version, or the instrument."),
    Attribute("comment", "recommended", "CF", "Tell what else users must know: known errors, missing days."),
    Attribute("references", "suggested", "CF", "Point to publications or pages that describe the data, best by DOI."),
    Attribute("license", "recommended", "ACDD", "Say under which terms the data may be used: best the licence's URL."),
    Attribute("acknowledgement", "recommended", "ACDD", "Say how users should acknowledge the data and who paid them."),
    Attribute("id", "recommended", "ACDD", "Give the dataset an identifier that never changes, without blanks."),
    Attribute("naming_authority", "recommended", "ACDD", "Name who makes the id unique: a reversed domain name."),
    Attribute("project", "recommended", "ACDD", "Name the project or programme that the data come from."),
    Attribute("processing_level", "recommended", "ACDD", "Say how far the data are processed."),
    Attribute("standard_name_vocabulary", "recommended", "ACDD",
              'Name the table of the standard names: "CF Standard Name Table v90".'),
    Attribute("date_created", "recommended", "ACDD", "Tell when this version of the data was made, in ISO 8601."),
    Attribute("creator_name", "recommended", "ACDD", "Name who made the data."),
    Attribute("creator_email", "recommended", "ACDD", "Give an address that answers questions about the data."),
    Attribute("creator_url", "recommended", "ACDD", "Give the page of who made the data."),
    Attribute("publisher_name", "recommended", "ACDD", "Name who distributes the data."),
    Attribute("publisher_email", "recommended", "ACDD", "Give an address of who distributes the data."),
    Attribute("publisher_url", "recommended", "ACDD", "Give the page of who distributes the data."),
    Attribute("geospatial_bounds", "recommended", "ACDD", "Outline the data as WKT in latitude and longitude.",
              catalogue_value="bounds"),
    Attribute("geospatial_bounds_crs", "recommended", "ACDD", 'Name the system of geospatial_bounds: "EPSG:4326".'),
    Attribute("geospatial_bounds_vertical_crs", "recommended", "ACDD",
              'Name the vertical system of geospatial_bounds: "EPSG:5831" for depth.', "depth"),
    Attribute("geospatial_lat_min", "recommended", "ACDD", "Give the southernmost latitude.", catalogue_value="south"),
    Attribute("geospatial_lat_max", "recommended", "ACDD", "Give the northernmost latitude.", catalogue_value="north"),
    Attribute("geospatial_lon_min", "recommended", "ACDD", "Give the westernmost longitude.", catalogue_value="west"),
    Attribute("geospatial_lon_max", "recommended", "ACDD", "Give the easternmost longitude.", catalogue_value="east"),
    Attribute("geospatial_vertical_min", "recommended", "ACDD", "Give the least depth or height.", "depth", "top"),
    Attribute("geospatial_vertical_max", "recommended", "ACDD", "Give the greatest depth or height.", "depth",
              "bottom"),
    Attribute("geospatial_vertical_positive", "recommended", "ACDD",
              'Say whether vertical values grow "up" or "down".', "depth"),
    Attribute("time_coverage_start", "recommended", "ACDD", "Give the first time in ISO 8601.", "time", "start"),
    Attribute("time_coverage_end", "recommended", "ACDD", "Give the last time in ISO 8601.", "time", "end"),
    Attribute("time_coverage_duration", "recommended", "ACDD", "Give the whole time as an ISO 8601 duration.", "time",
              "duration"),
    Attribute("time_coverage_resolution", "recommended", "ACDD",
              "Give the spacing of the time steps as an ISO 8601 duration.", "time", "resolution"),
    Attribute("contributor_name", "suggested", "ACDD", "Name who else contributed."),
    Attribute("contributor_role", "suggested", "ACDD", "Say what each contributor did."),
    Attribute("creator_type", "suggested", "ACDD", "Say what the creator is: person, group, institution or position."),
    Attribute("creator_institution", "suggested", "ACDD", "Name the creator's institution."),
    Attribute("publisher_type", "suggested", "ACDD", "Say what the publisher is: person, group or institution."),
    Attribute("publisher_institution", "suggested", "ACDD", "Name the publisher's institution."),
    Attribute("program", "suggested", "ACDD", "Name the programme that the project belongs to."),
    Attribute("platform", "suggested", "ACDD", "Name the platform: a model, a satellite, a ship."),
    Attribute("platform_vocabulary", "suggested", "ACDD", "Name the vocabulary of the platform."),
    Attribute("instrument", "suggested", "ACDD", "Name the instruments."),
    Attribute("instrument_vocabulary", "suggested", "ACDD", "Name the vocabulary of the instruments."),
    Attribute("keywords_vocabulary", "suggested", "ACDD", "Name the vocabulary of the keywords."),
    Attribute("metadata_link", "suggested", "ACDD", "Give the address of a fuller description."),
    Attribute("product_version", "suggested", "ACDD", "Give the version of the data."),
    Attribute("date_modified", "suggested", "ACDD", "Tell when the data were changed last, in ISO 8601."),
    Attribute("date_issued", "suggested", "ACDD", "Tell when this version was issued, in ISO 8601."),
    Attribute("date_metadata_modified", "suggested", "ACDD", "Tell when the description was changed, in ISO 8601."),
    Attribute("geospatial_lat_units", "suggested", "ACDD", 'Give the units of latitude: "degrees_north".'),
    Attribute("geospatial_lat_resolution", "suggested", "ACDD", "Give the spacing of the latitudes."),
    Attribute("geospatial_lon_units", "suggested", "ACDD", 'Give the units of longitude: "degrees_east".'),
    Attribute("geospatial_lon_resolution", "suggested", "ACDD", "Give the spacing of the longitudes."),
    Attribute("geospatial_vertical_units", "suggested", "ACDD", 'Give the units of the vertical axis: "m".', "depth"),
    Attribute("geospatial_vertical_resolution", "suggested", "ACDD", "Give the spacing of the levels.", "depth"),
)  # fmt: skip

VARIABLE_ATTRIBUTES = (
    Attribute("units", "high", "CF", 'Give the units as UDUNITS spells them; "1" for what has none.'),
    Attribute("standard_name", "high", "CF", "Give the name of the CF Standard Name Table: programs know it by that."),
    Attribute("long_name", "high", "CF", "Give a name that people read on a plot."),
    Attribute("coverage_content_type", "high", "ACDD",
              'Say what kind of data it is: "modelResult", "physicalMeasurement", "auxiliaryInformation".'),
)  # fmt: skip
SPELLINGS = {"acknowledgement": ("acknowledgement", "acknowledgment")}
CONVENTIONS = ("CF-", "ACDD-1.3")  # what the attribute should name
