"""Download published annotations: known files from known hosts, checked, and nothing else."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from toolkit.errors import FetchError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import requests

    Progress = Callable[[str, int, int], None]

HOSTS: Final = frozenset({"storage.googleapis.com"})
SECONDS: Final = 30
"""How long a server may stay silent."""
CHUNK: Final = 2**18
PART: Final = ".part"
"""What is put after the name of a file that is not complete."""


@dataclass(frozen=True)
class Remote:
    """One published file.

    Attributes:
        url: Where it is.
        size: Its bytes.
        sha256: Its checksum in hexadecimal.
    """

    url: str
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """The file's name, the last part of its address."""
        return Path(urlsplit(self.url).path).name


MIAP: Final = "https://storage.googleapis.com/openimages/open_images_extended_miap"
REMOTES: Final[Mapping[str, Mapping[str, Remote]]] = MappingProxyType(
    {
        "miap": MappingProxyType(
            {
                "val": Remote(
                    url=f"{MIAP}/open_images_extended_miap_boxes_val.csv",
                    size=2_357_900,
                    sha256="86ea219627891189ee9ddcf71845ba3e90a377d6589a780fa91e97bd22d4f9a9",
                ),
                "test": Remote(
                    url=f"{MIAP}/open_images_extended_miap_boxes_test.csv",
                    size=7_364_546,
                    sha256="5012fbf0f3665be6a9bdaea69c8ceb1f503dadb2279eb51bb06ccf70d64cfe11",
                ),
            }
        )
    }
)
"""The files by dataset and split, with the figures of their publisher. Those of MIAP are by
Google LLC under CC BY 4.0; no checksum is published of its training split."""


def fetch(
    dataset: str, split: str = "val", to: Path | None = None, progress: Progress | None = None
) -> Path:
    """Download a published file, or go on with a download that broke off; return its path.

    Args:
        dataset: A name of `REMOTES`.
        split: One of its splits.
        to: The folder to put it into; by default one named like the dataset.
        progress: Called with the file's name, the bytes that are there and those there will be.

    A file that is there and has the right checksum is left as it is.

    Raises:
        UnknownNameError: If there is no such dataset or split.
        FetchError: If it cannot be fetched or is not what was published; the message says where
            to put a file that was fetched by hand.
    """
    if dataset not in REMOTES:
        raise UnknownNameError("dataset", dataset, REMOTES)
    splits = REMOTES[dataset]
    if split not in splits:
        raise UnknownNameError("split", split, splits, f"dataset {dataset!r}")
    remote = splits[split]
    folder = to or Path(dataset)
    require_known(remote, folder)
    return download(remote, folder, progress)


def require_known(remote: Remote, folder: Path) -> None:
    """Refuse any address but those of known hosts by https.

    Raises:
        FetchError: If it is another one.
    """
    address = urlsplit(remote.url)
    if address.scheme != "https" or address.netloc not in HOSTS:
        raise FetchError(remote.url, "only https and known hosts are used", folder / remote.name)


def download(remote: Remote, folder: Path, progress: Progress | None = None) -> Path:
    """Download a file into a folder and check it; nothing takes its name before it is whole.

    Raises:
        FetchError: If it cannot be fetched, is not what was published, or cannot be written.
    """
    import pooch
    from requests import RequestException

    pooch.get_logger().setLevel("ERROR")
    target = folder / remote.name
    refused = partial(FetchError, remote.url, path=target)
    report = progress or silent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        pooch.retrieve(
            remote.url,
            known_hash=f"sha256:{remote.sha256}",
            fname=remote.name,
            path=folder,
            downloader=lambda _, output, __: resume(remote, target, Path(output), report),
        )
    except RequestException as error:
        raise refused(reason(error)) from error
    except OSError as error:
        raise refused(f"the file cannot be written: {error.strerror or error}") from error
    except ValueError as error:
        raise refused("its content is not what was published (sha256 differs)") from error
    return target


def silent(_name: str, _done: int, _of: int) -> None:
    """Report nothing."""


def resume(remote: Remote, target: Path, output: Path, progress: Progress) -> None:
    """Fetch what is missing of a file into its `.part` beside the target, then move it to output.

    Raises:
        FetchError: If the server refuses, stops before the end, or sends more than there should be.
    """
    part = target.with_name(target.name + PART)
    done = part.stat().st_size if part.is_file() else 0
    if done < remote.size:
        receive(remote, part, done, partial(progress, remote.name))
    size = part.stat().st_size
    if size < remote.size:
        why = f"it broke off after {size:,} of {remote.size:,} bytes; run it again to go on"
        raise FetchError(remote.url, why, target)
    shutil.move(part, output)


def receive(remote: Remote, part: Path, done: int, progress: Callable[[int, int], None]) -> None:
    """Write what a server sends to a file of which some bytes are there already."""
    import requests

    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
    # Another host could stand behind a redirection, therefore none is followed.
    with requests.get(
        remote.url, headers=headers, stream=True, timeout=SECONDS, allow_redirects=False
    ) as response:
        going_on = response.status_code == HTTPStatus.PARTIAL_CONTENT
        require_answer(remote, part, response)
        done = done if going_on else 0
        with part.open("ab" if going_on else "wb") as file:
            for chunk in response.iter_content(CHUNK):
                done += file.write(chunk)
                progress(done, remote.size)
                if done > remote.size:
                    break


def require_answer(remote: Remote, part: Path, response: requests.Response) -> None:
    """Refuse an answer without the file's content.

    Raises:
        FetchError: If it is one.
    """
    if response.status_code not in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
        why = f"the server answered {response.status_code} {response.reason}"
        raise FetchError(remote.url, why, part.with_name(remote.name))


def reason(error: Exception) -> str:
    """Say in a few words why nothing came."""
    import requests

    if isinstance(error, requests.Timeout):
        return f"the server did not answer within {SECONDS} seconds"
    if isinstance(error, requests.exceptions.SSLError):
        return "the server's certificate cannot be trusted"
    if isinstance(error, requests.ConnectionError):
        return "there is no connection to the server"
    return "the connection broke off; run it again to go on"
