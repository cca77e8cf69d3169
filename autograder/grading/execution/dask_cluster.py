"""The workers of a Dask cluster, which grade a class on several machines. Trusted side.

Dask sends functions as pickles, so whoever reaches its scheduler runs code as its owner: a cluster is on this machine
alone, or encrypted and authenticated. Nothing of a student is unpickled: tasks and answers are bytes.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager
from urllib.parse import urlsplit

from autograder.errors import SandboxUnavailable, UsageError
from autograder.grading.execution.environment import unfit, versions
from autograder.grading.execution.pool import Engine
from autograder.sandbox.host.gpu import assigned_gpu
from autograder.sandbox.host.launch import check_sandbox
from autograder.wording import one_line

__all__ = ["connected", "why_unfit"]

CONNECT_SECONDS = 10


@contextmanager
def connected(address: str) -> Iterator[Engine]:
    """A cluster of which each worker has shown that it can grade.

    Args:
        address: Of the scheduler: `tls://HOST:PORT`, or `tcp://HOST:PORT` on this machine. Certificates are those of
            Dask's configuration.

    Raises:
        UsageError: It is another address, nothing answers there, or a worker cannot grade.
    """
    _refuse_open(address)
    from distributed import Client, Security
    from distributed.comm import CommClosedError
    from distributed.scheduler import KilledWorker

    if address.startswith("tls:") and Security().get_connection_args("client").get("ssl_context") is None:
        raise UsageError(
            f"--executor {address}: Dask's configuration names no certificates. Set distributed.comm.tls.ca-file, and "
            "client.cert and client.key below it."
        )
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False, name="autograder")
    except (OSError, TimeoutError, TypeError, ValueError) as error:
        raise UsageError(
            f"--executor {address}: no Dask scheduler answers there ({one_line(str(error), 200)}). Start one with "
            "`dask scheduler --no-dashboard`."
        ) from error
    with client:
        try:
            threads = client.nthreads()
            if not threads:
                raise UsageError(f"--executor {address}: it has no worker. Start some with `dask worker {address}`.")
            for worker, answer in client.run(why_unfit, versions(), on_error="return").items():
                if answer:
                    raise UsageError(f"Worker {worker} cannot grade: {_reason(answer)}")
            yield Engine(sum(threads.values()), client.get_executor(pure=False), (KilledWorker,))
        except (CancelledError, CommClosedError) as error:
            raise UsageError(
                f"The Dask cluster at {address} is gone. What was graded is kept; start again when it is there."
            ) from error


def why_unfit(wanted: Mapping[str, str]) -> str:
    """Why this machine cannot grade for one with these versions; empty where it can.

    A sandbox is started for it.
    """
    try:
        check_sandbox()
        assigned_gpu()
    except (SandboxUnavailable, UsageError) as error:
        return str(error)
    return unfit(wanted)


def _reason(answer: object) -> str:
    if isinstance(answer, ModuleNotFoundError):
        return f"{answer}. Install keras-autograder[dask] there, in the same version."
    return one_line(str(answer), 300)


def _refuse_open(address: str) -> None:
    """Refuse what anybody else may reach or read."""
    wanted = f"--executor {one_line(address)}: give `local`, tls://HOST:PORT, or tcp://127.0.0.1:PORT."
    try:
        parts = urlsplit(address)
        named = parts.port is not None
    except ValueError as error:
        raise UsageError(wanted) from error
    try:
        local = parts.hostname == "localhost" or ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        local = False
    if not named or parts.scheme not in ("tcp", "tls"):
        raise UsageError(wanted)
    if parts.scheme == "tcp" and not local:
        raise UsageError(
            f"--executor {one_line(address)}: without encryption, a cluster may be on this machine alone. Give "
            "tls://HOST:PORT, with the certificates in Dask's configuration (distributed.comm.tls)."
        )
