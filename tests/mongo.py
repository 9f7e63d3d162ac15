"""A MongoDB of the tests' own, for FiftyOne; loaded as a plugin by the files that need it."""

import atexit
import importlib.util
import os
import shutil
import socket
import subprocess
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

WAIT = 60.0
OWN_FOLDERS = ("DATABASE", "DEFAULT_DATASET", "DATASET_ZOO", "MODEL_ZOO", "PLUGINS")


def mongod() -> str | None:
    """Return the server that FiftyOne's packages bring, or the one on the PATH."""
    found = importlib.util.find_spec("fiftyone")
    if found is None or found.origin is None:
        return None
    own = Path(found.origin).parent / "db" / "bin" / "mongod"
    return str(own) if own.is_file() else shutil.which("mongod")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    """Wait until the server answers."""
    end = time.monotonic() + WAIT
    while time.monotonic() < end and server.poll() is None:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("mongod does not start")


def imported(port: int, folder: Path) -> Any:
    """Import FiftyOne and let it connect, with all that it writes in the folder."""
    settings = {f"FIFTYONE_{name}_DIR": str(folder / name.lower()) for name in OWN_FOLDERS}
    settings |= {
        "HOME": str(folder),
        "FIFTYONE_CONFIG_PATH": str(folder / "config.json"),
        "FIFTYONE_DATABASE_URI": f"mongodb://127.0.0.1:{port}",
        "FIFTYONE_DATABASE_NAME": "tests",
        "FIFTYONE_DO_NOT_TRACK": "true",
        "FIFTYONE_LOGGING_LEVEL": "ERROR",
        "FIFTYONE_SHOW_PROGRESS_BARS": "false",
    }
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        for name, value in settings.items():
            patch.setenv(name, value)
        warnings.simplefilter("ignore")
        import fiftyone

        fiftyone.list_datasets()
    return fiftyone


@pytest.fixture(scope="session")
def fo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Return FiftyOne, connected to a database of its own, or skip the test."""
    program = mongod()
    if program is None:
        pytest.skip("FiftyOne or mongod is not installed")
    folder = tmp_path_factory.mktemp("mongo")
    port = free_port()
    command = [program, "--dbpath", folder, "--port", str(port), "--bind_ip", "127.0.0.1"]
    command += ["--nounixsocket", "--logpath", folder / "mongod.log"]
    environment = {**os.environ, "HOME": str(folder)}
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
    try:
        wait_for(port, server)
        yield imported(port, folder)
        disconnect()
    finally:
        server.terminate()
        server.wait(WAIT)


def disconnect() -> None:
    """Keep FiftyOne from looking for the database when Python ends."""
    from fiftyone.core.odm import database

    atexit.unregister(database._delete_non_persistent_datasets_if_allowed)
    database._disconnect()
