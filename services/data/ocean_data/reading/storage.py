"""How object storage is reached. What is not said comes from the usual AWS_… variables of the environment."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, PreconditionError, UnauthenticatedError
from obstore.store import HTTPStore, ObjectStore, S3Store

from ocean_data.reading.state import State, unreadable

if TYPE_CHECKING:  # they do not exist when it runs
    from obstore.store import ClientConfig, RetryConfig, S3Config

AGAIN = 5  # s until it is worth asking a place again that did not answer
REASONS = {
    FileNotFoundError: "it is not in the object storage",
    PermissionDeniedError: "the object storage denies access",
    UnauthenticatedError: "the object storage denies access",
}


class Stale(OSError):
    """An object is no longer what it was when its state was asked for."""


@dataclass(frozen=True, kw_only=True)
class Storage:
    """Object storage."""

    endpoint: str = ""  # of an S3 service that is not Amazon's
    access_key: str = ""
    secret_key: str = field(default="", repr=False)
    anonymous: bool = False  # without credentials
    timeout: float = 10.0  # s

    def root(self, url: str) -> ObjectStore:
        """The bucket, or the server, of an address."""
        parts = urlsplit(url)
        return _root(self, f"{parts.scheme}://{parts.netloc}")

    def at(self, url: str) -> ObjectStore:
        """What is below an address."""
        return _root(self, url.rstrip("/"))

    def head(self, url: str, name: str = "") -> State:
        """The state of an object: `url`, or what is called `name` below it. FileNotFoundError if there is none."""
        key = "/".join(part for part in (key_of(url), name) if part)
        found = obstore.head(self.root(url), key)
        stamp = int(found["last_modified"].timestamp()) * 1_000_000_000
        return State(url, found["size"], stamp, found["e_tag"])


def key_of(url: str) -> str:
    """The name of an object in its bucket."""
    return urlsplit(url).path.strip("/")


@contextmanager
def told(path: str) -> Iterator[None]:
    """Tell what object storage cannot do."""
    try:
        yield
    except PreconditionError as error:
        raise Stale("it was replaced") from error
    except (BaseError, OSError) as error:
        reason = REASONS.get(type(error), "the object storage does not answer")
        raise unreadable(path, reason, retry_after=AGAIN) from error


@lru_cache(maxsize=256)
def _root(storage: Storage, url: str) -> ObjectStore:
    limit = timedelta(seconds=storage.timeout)
    client: ClientConfig = {
        "timeout": limit,
        "connect_timeout": min(limit, timedelta(seconds=3)),
        "allow_http": True,
    }
    retry: RetryConfig = {
        "max_retries": 2,
        "retry_timeout": limit,
        "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=1), "base": 2},
    }
    if not url.startswith("s3:"):
        return HTTPStore.from_url(url, client_options=client, retry_config=retry)
    config: S3Config = {"skip_signature": storage.anonymous}
    if storage.endpoint:
        config["endpoint"] = storage.endpoint
    if storage.access_key:
        config |= {"access_key_id": storage.access_key, "secret_access_key": storage.secret_key}
    return S3Store.from_url(url, config=config, client_options=client, retry_config=retry)
