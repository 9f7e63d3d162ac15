"""Downloads are checked, resumed, and never from elsewhere; against a server in this process."""

import hashlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from toolkit.errors import FetchError, UnknownNameError
from toolkit.fetching import HOSTS, REMOTES, Remote, download, fetch, require_known

CONTENT = bytes(range(256)) * 5000


class Answers(BaseHTTPRequestHandler):
    """A server whose path says how it behaves."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        """Answer as the first part of the path says."""
        Answers.asked.append(self.headers.get("Range", ""))
        behaviour = self.path.split("/")[1]
        if behaviour == "missing":
            self.send_error(404)
        elif behaviour == "redirect":
            self.send_response(302)
            self.send_header("Location", "/good/boxes.csv")
            self.end_headers()
        else:
            self.send_content(behaviour)

    def send_content(self, behaviour: str) -> None:
        """Send the file, or what of it is asked for."""
        start = int(self.headers.get("Range", "bytes=0-")[6:-1]) if behaviour != "whole" else 0
        body = CONTENT[::-1] if behaviour == "tampered" else CONTENT
        body = body + b"more" * 100_000 if behaviour == "longer" else body
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        self.wfile.write(body[start : 600_000 if behaviour == "truncated" else None])

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    """Return the address of a server that is there for one test."""
    Answers.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def remote(server: str, behaviour: str) -> Remote:
    """Return the file as it is published, from a server that behaves so."""
    checksum = hashlib.sha256(CONTENT).hexdigest()
    return Remote(f"{server}/{behaviour}/boxes.csv", len(CONTENT), checksum)


def test_a_whole_file_is_kept_and_not_fetched_again(server: str, tmp_path: Path) -> None:
    """A good file is there after one request, progress was told, and a second call asks nothing."""
    told: list[tuple[str, int, int]] = []
    folder = tmp_path / "not" / "there yet"
    path = download(remote(server, "good"), folder, lambda *told_: told.append(told_))
    assert path == folder / "boxes.csv"
    assert path.read_bytes() == CONTENT
    assert told[-1] == ("boxes.csv", len(CONTENT), len(CONTENT))
    download(remote(server, "good"), folder)
    assert len(Answers.asked) == 1
    assert [entry.name for entry in folder.iterdir()] == ["boxes.csv"]


def test_a_broken_download_is_gone_on_with(server: str, tmp_path: Path) -> None:
    """What came before the connection broke off is kept apart, and the rest is asked for."""
    with pytest.raises(FetchError, match=r"broke off.*run it again"):
        download(remote(server, "truncated"), tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["boxes.csv.part"]
    there = (tmp_path / "boxes.csv.part").stat().st_size
    assert 0 < there <= 600_000
    path = download(remote(server, "good"), tmp_path)
    assert path.read_bytes() == CONTENT
    assert Answers.asked == ["", f"bytes={there}-"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["boxes.csv"]


def test_a_server_that_cannot_go_on_sends_the_whole_file(server: str, tmp_path: Path) -> None:
    """If the whole file comes where a rest was asked for, it replaces the beginning."""
    (tmp_path / "boxes.csv.part").write_bytes(CONTENT[:1000])
    assert download(remote(server, "whole"), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("behaviour", ["tampered", "longer"])
def test_another_content_is_refused(server: str, tmp_path: Path, behaviour: str) -> None:
    """A file that is not what was published never takes its name, and nothing of it is kept."""
    with pytest.raises(FetchError, match="not what was published"):
        download(remote(server, behaviour), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_beginning_costs_one_run(server: str, tmp_path: Path) -> None:
    """If what was there is not the beginning of the file, the next run begins anew."""
    (tmp_path / "boxes.csv.part").write_bytes(b"x" * 1000)
    with pytest.raises(FetchError, match="not what was published"):
        download(remote(server, "good"), tmp_path)
    assert download(remote(server, "good"), tmp_path).read_bytes() == CONTENT


def test_another_file_of_that_name_is_replaced_only_by_a_good_one(
    server: str, tmp_path: Path
) -> None:
    """What stands at the place of the file stays until the published file is whole."""
    (tmp_path / "boxes.csv").write_bytes(b"mine")
    with pytest.raises(FetchError):
        download(remote(server, "tampered"), tmp_path)
    assert (tmp_path / "boxes.csv").read_bytes() == b"mine"
    assert download(remote(server, "good"), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize(("behaviour", "said"), [("missing", "404"), ("redirect", "302")])
def test_other_answers_are_refused(server: str, tmp_path: Path, behaviour: str, said: str) -> None:
    """An error is named, and a redirection is not followed."""
    with pytest.raises(FetchError, match=f"the server answered {said}"):
        download(remote(server, behaviour), tmp_path)
    assert len(Answers.asked) == 1


def test_without_a_network_the_sentence_says_where_to_put_the_file(tmp_path: Path) -> None:
    """Without a connection the message names the address and the place."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(FetchError) as caught:
            download(remote(nobody, "good"), tmp_path)
    place = str(tmp_path / "boxes.csv")
    assert str(caught.value) == (
        f"{nobody}/good/boxes.csv could not be fetched: there is no connection to the server. "
        f"Or fetch it by hand and put it at {place!r}."
    )
    assert caught.value.exit_code == 3


def test_a_folder_that_is_a_file_is_one_sentence(server: str, tmp_path: Path) -> None:
    """Where nothing can be written, the message says so."""
    (tmp_path / "file").touch()
    with pytest.raises(FetchError, match="cannot be written"):
        download(remote(server, "good"), tmp_path / "file")


@pytest.mark.parametrize(
    "url",
    [
        "http://storage.googleapis.com/x",
        "https://example.org/x",
        "https://storage.googleapis.com.example.org/x",
        "https://storage.googleapis.com@example.org/x",
        "https://storage.googleapis.com:8443/x",
        "file:///etc/passwd",
    ],
)
def test_other_hosts_are_refused(url: str, tmp_path: Path) -> None:
    """Only https and the hosts of the table are ever asked."""
    with pytest.raises(FetchError, match="only https and known hosts"):
        require_known(Remote(url, 1, ""), tmp_path)


def test_every_published_file_is_at_a_known_host(tmp_path: Path) -> None:
    """All addresses of the table may be fetched, and each checksum is a SHA-256."""
    assert HOSTS
    for splits in REMOTES.values():
        for file in splits.values():
            require_known(file, tmp_path)
            assert len(bytes.fromhex(file.sha256)) == 32


def test_figures_are_those_of_the_publisher(shared_data: Path) -> None:
    """Address, size and checksum of each file stand so in the published list."""
    lines = (shared_data / "miap_val" / "upstream_checksums.tsv").read_text().splitlines()
    published = {Remote(url, int(size), sha) for url, size, sha, _ in map(str.split, lines)}
    assert set(REMOTES["miap"].values()) <= published


def test_a_file_put_there_by_hand_is_taken(shared_data: Path, tmp_path: Path) -> None:
    """The real file in its place is checked and used without any connection."""
    name = REMOTES["miap"]["val"].name
    (tmp_path / name).symlink_to(shared_data / "miap_val" / name)
    assert fetch("miap", to=tmp_path) == tmp_path / name


@pytest.mark.parametrize(
    ("dataset", "split", "said"),
    [("maip", "val", "Did you mean 'miap'"), ("miap", "train", "test, val")],
)
def test_unknown_names_list_the_choices(dataset: str, split: str, said: str) -> None:
    """A dataset or split that is not in the table is refused with what there is."""
    with pytest.raises(UnknownNameError, match=said):
        fetch(dataset, split)


def test_an_unknown_host_is_refused_before_anything_is_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The public function checks the address itself."""
    other = replace(REMOTES["miap"]["val"], url="https://example.org/boxes.csv")
    monkeypatch.setattr("toolkit.fetching.REMOTES", {"miap": {"val": other}})
    with pytest.raises(FetchError, match="known hosts"):
        fetch("miap", to=tmp_path)
