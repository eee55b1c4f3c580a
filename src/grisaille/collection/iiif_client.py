"""An HTTP client for museum servers: it identifies itself, honours Retry-After, and limits the size of responses."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timezone
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

import requests
import urllib3.exceptions

from grisaille import __version__
from grisaille.errors import GrisailleError

logger = logging.getLogger(__name__)

AGENT = f"grisaille/{__version__}"
MOST_BYTES = 64 << 20
"""Maximum bytes of a response."""
MOST_REDIRECTS = 10

# Retried statuses (besides all from 500), and those that concern the whole host.
_PASSING = frozenset({408, 425, 429})
_TOO_MUCH = frozenset({429, 503})
_LONGEST_PAUSE = 60.0
_LONGEST_RETRY_AFTER = 300.0
# Consecutive failed requests, each with all its retries, after which a host counts as silent.
_SILENT = 5


class FetchError(GrisailleError):
    """A URL that cannot be fetched; the message is the reason, in one line."""


class HostError(GrisailleError):
    """A host that no longer answers, so further requests to it are pointless."""


class _PassingError(Exception):
    """A failure that may be temporary.

    Attributes:
        pause: Seconds to wait, as requested by the host.
        by_host: Whether the whole host fails, and not one of its resources.
    """

    def __init__(self, reason: str, pause: float = 0.0, by_host: bool = True) -> None:
        super().__init__(reason)
        self.pause, self.by_host = pause, by_host


class Client:
    """Fetches URLs with time-outs, back-off and limits. Threads may share it; each has its own connection."""

    def __init__(
        self,
        *,
        timeout: float = 30.0,
        tries: int = 5,
        most_bytes: int = MOST_BYTES,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        """Set the limits.

        Args:
            timeout: Seconds that a host may be silent; a whole response may take ten times as long.
            tries: Tries of each request.
            most_bytes: Maximum bytes of a response.
            clock: Returns the seconds since 1970.
            sleep: Waits a number of seconds.
        """
        self._timeout, self._tries, self._most_bytes, self._clock = timeout, tries, most_bytes, clock
        self._stopped = threading.Event()
        self._sleep = sleep or self._stopped.wait
        self._own = threading.local()
        self._not_before: dict[str, float] = {}
        self._failures: Counter[str] = Counter()
        self._silent: dict[str, str] = {}  # host -> reason why requests to it stopped

    def get(self, address: str) -> bytes:
        """Send a GET request.

        Args:
            address: An http or https URL.

        Raises:
            FetchError: If all tries failed.
            HostError: If the host did not answer its last requests either, or the client was stopped.
        """
        host = urlsplit(address).netloc
        for number in range(self._tries):
            self._wait(host)
            try:
                data = self._follow(address)
            except _PassingError as error:
                reason, by_host = str(error), error.by_host
                pause = max(min(2.0**number, _LONGEST_PAUSE), error.pause)
                self._not_before[host] = max(self._not_before.get(host, 0.0), self._clock() + pause)
            else:
                self._failures[host] = 0
                return data
        self._failures[host] = self._failures[host] + 1 if by_host else 0
        if self._failures[host] >= _SILENT:
            self._silent[host] = f"{host} no longer answers ({reason})"
            raise HostError(self._silent[host])
        raise FetchError(f"{reason}, {self._tries} times")

    def stop(self) -> None:
        """Wake up waiting threads, and send no more requests."""
        self._stopped.set()

    def _wait(self, host: str) -> None:
        self._check(host)
        pause = self._not_before.get(host, 0.0) - self._clock()
        if pause > 0:
            self._sleep(pause)
            self._check(host)

    def _check(self, host: str) -> None:
        if self._stopped.is_set():
            raise HostError("stopped")
        if host in self._silent:
            raise HostError(self._silent[host])

    def _follow(self, address: str) -> bytes:
        for _ in range(MOST_REDIRECTS + 1):
            if urlsplit(address).scheme not in {"http", "https"}:
                raise FetchError(f"leads to {address[:80]}, which is not an http URL")
            with self._ask(address) as answer:
                if answer.is_redirect:
                    address = urljoin(address, answer.headers["Location"])
                    continue
                if answer.status_code in _PASSING or answer.status_code >= 500:
                    by_host = answer.status_code in _TOO_MUCH
                    raise _PassingError(_status(answer), self._retry_after(answer), by_host)
                if answer.status_code != requests.codes.ok:
                    # Any response shows that the host is up.
                    self._failures[urlsplit(address).netloc] = 0
                    raise FetchError(_status(answer))
                return self._read(answer)
        raise FetchError(f"more than {MOST_REDIRECTS} redirects")

    def _ask(self, address: str) -> requests.Response:
        try:
            return self._session().get(address, timeout=self._timeout, stream=True, allow_redirects=False)
        except requests.exceptions.SSLError as error:
            raise FetchError(f"no secure connection: {_words(error)}") from None
        except (requests.ConnectionError, requests.Timeout) as error:
            raise _PassingError(
                "no answer in time" if isinstance(error, requests.Timeout) else "no connection"
            ) from error
        except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
            raise FetchError(f"cannot be requested: {_words(error)}") from None

    def _read(self, answer: requests.Response) -> bytes:
        data, began = bytearray(), self._clock()
        try:
            # Read whatever has arrived: waiting for full blocks, a slow host would never reach the time limit.
            while block := answer.raw.read1(1 << 16, decode_content=True):
                data += block
                if len(data) > self._most_bytes:
                    raise FetchError(f"longer than {self._most_bytes:,} bytes")
                if self._clock() - began > 10 * self._timeout:
                    raise _PassingError("no complete answer in time")
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise _PassingError(f"the answer breaks off: {_words(error)}") from error
        return bytes(data)

    def _retry_after(self, answer: requests.Response) -> float:
        """Seconds from the header, which holds a number or a date (RFC 9110, section 10.2.3); 0 without it."""
        header = answer.headers.get("Retry-After", "").strip()
        try:
            if header.isdecimal():
                pause = float(header)
            else:
                date = parsedate_to_datetime(header)
                pause = (date if date.tzinfo else date.replace(tzinfo=timezone.utc)).timestamp() - self._clock()
        except (ValueError, OverflowError):
            return 0.0
        return min(max(pause, 0.0), _LONGEST_RETRY_AFTER)

    def _session(self) -> requests.Session:
        if not hasattr(self._own, "session"):
            self._own.session = requests.Session()
            self._own.session.headers["User-Agent"] = AGENT
        session: requests.Session = self._own.session
        return session


def _status(answer: requests.Response) -> str:
    return f"{answer.status_code} {' '.join((answer.reason or '').split())[:80]}".strip()


def _words(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
