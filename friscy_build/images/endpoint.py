"""One host that speaks the distribution API: connections, redirects, authentication, errors.

The protocol: https://github.com/opencontainers/distribution-spec/blob/main/spec.md, and for tokens
https://distribution.github.io/distribution/spec/auth/token/.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import re
import ssl
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from base64 import b64encode
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from email.message import Message
from typing import IO, Any, Protocol

from friscy_build.images.credentials import Credentials, Login
from friscy_build.images.image import ImageError
from friscy_build.images.reference import DEFAULT_INDEX, api_host

TIMEOUT = 30.0  # seconds without a byte
ATTEMPTS = 5
PAUSE = 0.5  # seconds before the second attempt; doubled for each further one
_PAUSE_MAX = 30.0
_ERROR_LIMIT = 64 << 10
_TOKEN_LIMIT = 1 << 20
_TRANSIENT = (408, 429, 500, 502, 503, 504)
_BROKEN = (urllib.error.URLError, http.client.HTTPException, OSError)
_CHALLENGE = re.compile(r'([A-Za-z]+) +((?:\w+ *= *(?:"[^"]*"|[^\s",]+)(?: *, *)?)+)')
_PARAMETER = re.compile(r'(\w+) *= *(?:"([^"]*)"|([^\s",]+))')


class Body(Protocol):
    """The answer to a request."""

    status: int
    headers: Message

    def read(self, size: int = -1, /) -> bytes: ...


class Unreachable(ImageError):
    """No answer came, or none that the protocol knows."""


class Refused(ImageError):
    """The registry answered with an HTTP status that is an error."""

    def __init__(self, message: str, status: int, *, hint: str = "", wait: float = 0) -> None:
        super().__init__(message, hint=hint)
        self.status, self.wait = status, wait


class Endpoint:
    """The API of one host. Safe to use from several threads."""

    def __init__(self, host: str, credentials: Credentials, plain_http: Collection[str] = ()) -> None:
        """host: with or without port; plain_http: hosts that may be spoken to without TLS, besides loopback."""
        self.host = host
        self._credentials, self._plain_http = credentials, plain_http
        self._scheme = ""
        self._tokens: dict[str, str] = {}
        self._lock = threading.Lock()

    @contextmanager
    def get(self, path: str, *, repository: str, headers: Mapping[str, str]) -> Iterator[Body]:
        """GET `path` below /v2/, logged in to read `repository` where that is asked for.

        Unreachable, Refused. What breaks while the body is read is left to the caller.
        """
        url = f"{self.scheme()}://{api_host(self.host)}/v2/{path}"
        scope = f"repository:{repository}:pull"
        token = self._tokens.get(scope)
        try:
            response = self._open(url, {**headers, **_authorization(token)})
        except urllib.error.HTTPError as error:
            if error.code != 401:
                raise self._refused(error, repository) from None
            with self._lock:  # of several threads one logs in, for all
                if self._tokens.get(scope) == token:
                    self._tokens[scope] = self._authenticate(error.headers, scope)
                token = self._tokens[scope]
            error.close()
            try:
                response = self._open(url, {**headers, **_authorization(token)})
            except urllib.error.HTTPError as again:
                raise self._refused(again, repository) from None
        with response:
            yield response

    def scheme(self) -> str:
        """ "https", or "http" where the host does not speak TLS and need not."""
        if not self._scheme:
            with self._lock:
                self._scheme = self._scheme or self._find_scheme()
        return self._scheme

    def _find_scheme(self) -> str:
        if self.host in self._plain_http:
            return "http"
        if not is_loopback(self.host):
            return "https"
        try:
            with self._open(f"https://{self.host}/v2/", {}):
                pass
        except urllib.error.HTTPError as error:
            error.close()
        except Unreachable as error:
            if isinstance(error.__cause__, (ssl.SSLError, ConnectionError)) and not isinstance(
                error.__cause__, (ssl.SSLCertVerificationError, ConnectionRefusedError)
            ):
                return "http"
        return "https"

    def _open(self, url: str, headers: Mapping[str, str], data: bytes | None = None) -> Any:
        """The response to one request. HTTPError: an error status; Unreachable: anything else."""
        request = urllib.request.Request(url, data)
        for name, value in {"User-Agent": "friscy", **headers}.items():
            request.add_header(name, value)
        host = urllib.parse.urlsplit(url).netloc
        handlers: list[urllib.request.BaseHandler] = [_Redirects(self._may_be_plain)]
        if is_loopback(host):
            handlers.append(urllib.request.ProxyHandler({}))
        try:
            return urllib.request.build_opener(*handlers).open(request, timeout=TIMEOUT)
        except urllib.error.HTTPError:
            raise
        except _BROKEN as error:
            cause = error.reason if isinstance(error, urllib.error.URLError) else error
            cause = cause if isinstance(cause, BaseException) else error
            hint = "see to the network, or the proxy in $HTTPS_PROXY and $NO_PROXY"
            if isinstance(cause, ssl.SSLCertVerificationError):
                hint = "name the file with its authority's certificate in $SSL_CERT_FILE"
            elif isinstance(cause, ssl.SSLError):
                hint = f'if it has no TLS: plain-http = ["{host}"] in the [registry] table of friscy.toml'
            raise Unreachable(f"{host} cannot be reached: {cause}", hint=hint) from cause

    def _may_be_plain(self, host: str) -> bool:
        return is_loopback(host) or host in self._plain_http

    # Authentication.

    def _authenticate(self, headers: Message, scope: str) -> str:
        """The Authorization header that answers a challenge."""
        challenges = parse_challenges(headers.get_all("WWW-Authenticate") or [])
        login = self._credentials.login(self.host)
        if "bearer" in challenges:
            return f"Bearer {self._token(challenges['bearer'], scope, login)}"
        if "basic" in challenges and login is not None:
            return _basic(login)
        raise Refused(
            f"{self.host}: a login is needed" if "basic" in challenges
            else f"{self.host}: asks for authentication of a kind that is not known",
            401, hint=f"docker login {self.host}" if "basic" in challenges else "",
        )  # fmt: skip

    def _token(self, challenge: Mapping[str, str], scope: str, login: Login | None) -> str:
        realm = challenge.get("realm", "")
        parts = urllib.parse.urlsplit(realm)
        if parts.scheme != "https" and not (parts.scheme == "http" and self._may_be_plain(parts.netloc)):
            raise Unreachable(f"{self.host}: sends logins to {realm!r}, which is not protected by TLS")
        query = {"service": challenge.get("service", ""), "scope": challenge.get("scope") or scope}
        query = {name: value for name, value in query.items() if value}
        try:
            if login is not None and login.identity:
                form = {
                    "grant_type": "refresh_token", "refresh_token": login.identity, "client_id": "friscy", **query,
                }  # fmt: skip
                response = self._open(realm, {}, urllib.parse.urlencode(form).encode())
            else:
                joined = f"{realm}{'&' if parts.query else '?'}{urllib.parse.urlencode(query)}"
                response = self._open(joined, _authorization(_basic(login) if login else None))
            with response:
                answer = json.loads(response.read(_TOKEN_LIMIT))
            token = answer.get("token") or answer["access_token"]
        except urllib.error.HTTPError as error:
            raise self._refused(error, "the token service") from None
        except (*_BROKEN, ValueError, KeyError, AttributeError, TypeError) as error:
            raise Unreachable(f"{parts.netloc}: gives no token for {self.host}: {error}") from None
        if not isinstance(token, str) or not re.fullmatch(r"[\x21-\x7e]+", token):
            raise Unreachable(f"{parts.netloc}: gives no token for {self.host}")
        return token

    def _refused(self, error: urllib.error.HTTPError, what: str) -> Refused:
        with error:
            try:
                said = _said(error.read(_ERROR_LIMIT))
            except _BROKEN:
                said = ""
        said = said or error.reason or f"status {error.code}"
        wait = error.headers.get("Retry-After", "")
        hint = ""
        if error.code in (401, 403):
            host = "" if self.host == DEFAULT_INDEX else f" {self.host}"
            hint = f"docker login{host}, if there is an account that may read it"
        seconds = float(wait) if wait.isascii() and wait.isdigit() and len(wait) < 5 else 0.0
        return Refused(
            f"{self.host}: {what}: {said} (HTTP {error.code})", error.code, hint=hint, wait=seconds
        )


def patiently(attempt: int, error: ImageError | None = None) -> bool:
    """Whether attempt number `attempt` (the first is 0) has a successor, and the wait for it."""
    if attempt + 1 >= ATTEMPTS or (isinstance(error, Refused) and error.status not in _TRANSIENT):
        return False
    if isinstance(error, Unreachable) and isinstance(error.__cause__, (ssl.SSLError, ConnectionRefusedError)):
        return False
    wait = error.wait if isinstance(error, Refused) else 0
    time.sleep(min(max(wait, PAUSE * 2**attempt), _PAUSE_MAX))
    return True


def is_loopback(host: str) -> bool:
    """Whether `host`, with or without port, is this machine by its very name."""
    name = urllib.parse.urlsplit(f"//{host}").hostname or ""
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def parse_challenges(values: list[str]) -> dict[str, dict[str, str]]:
    """The parameters of each scheme, in lower case, of WWW-Authenticate headers (RFC 9110, 11.6.1)."""
    found: dict[str, dict[str, str]] = {}
    for value in values:
        for scheme, parameters in _CHALLENGE.findall(value):
            pairs = {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(parameters)}
            found.setdefault(scheme.lower(), pairs)
    return found


def _authorization(value: str | None) -> dict[str, str]:
    return {"Authorization": value} if value else {}


def _basic(login: Login) -> str:
    return "Basic " + b64encode(f"{login.username}:{login.password}".encode()).decode()


def _said(body: bytes) -> str:
    """The messages of the API's error object."""
    try:
        errors = json.loads(body)["errors"]
        texts = [str(each.get("message") or each.get("code")) for each in errors]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ""
    return "; ".join(dict.fromkeys(texts))[:300]


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, without telling another host the token, and not out of TLS."""

    def __init__(self, may_be_plain: Any) -> None:
        self._may_be_plain = may_be_plain

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        new = super().redirect_request(req, fp, code, msg, headers, newurl)
        if new is not None:
            before, after = urllib.parse.urlsplit(req.full_url), urllib.parse.urlsplit(newurl)
            if after.scheme != "https" and not (after.scheme == "http" and self._may_be_plain(after.netloc)):
                raise Unreachable(
                    f"{before.netloc}: redirects to {after.netloc}, which is not protected by TLS"
                )
            if (before.scheme, before.netloc) != (after.scheme, after.netloc):
                new.remove_header("Authorization")
        return new
