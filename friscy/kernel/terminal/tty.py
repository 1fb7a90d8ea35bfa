"""The terminal's line discipline (Linux's N_TTY) as plain state: bytes in, bytes and signals out.

A `Tty` knows no host. Whoever owns it feeds typed bytes to `receive`, which answers with what to echo and
which signals to raise; `read` takes what a program may have; `process_output` turns what a program writes
into what the screen gets. termios(3) is the source, and Linux's behaviour where that leaves room.
"""

from __future__ import annotations

import errno
import struct

from lazyfs.errors import LinuxError
from lazyfs.plain import Plain, default

# c_iflag
ISTRIP, INLCR, IGNCR, ICRNL, IUCLC, IXON, IXANY = 0x20, 0x40, 0x80, 0x100, 0x200, 0x400, 0x800
PARMRK, IMAXBEL, IUTF8 = 0x8, 0x2000, 0x4000
# c_oflag
OPOST, OLCUC, ONLCR, OCRNL, ONOCR, ONLRET, XTABS = 0x1, 0x2, 0x4, 0x8, 0x10, 0x20, 0x1800
# c_cflag
B38400, CS8, CREAD, HUPCL, CBAUD, CBAUDEX = 0xF, 0x30, 0x80, 0x400, 0x100F, 0x1000
# c_lflag
ISIG, ICANON, ECHO, ECHOE, ECHOK, ECHONL, NOFLSH = 0x1, 0x2, 0x8, 0x10, 0x20, 0x40, 0x80
TOSTOP, ECHOCTL, ECHOPRT, ECHOKE, IEXTEN, EXTPROC = 0x100, 0x200, 0x400, 0x800, 0x8000, 0x10000
# c_cc
VINTR, VQUIT, VERASE, VKILL, VEOF, VTIME, VMIN, VSWTC, VSTART, VSTOP, VSUSP = range(11)
VEOL, VREPRINT, VDISCARD, VWERASE, VLNEXT, VEOL2 = range(11, 17)
NCCS = 19

SIGINT, SIGQUIT, SIGTSTP = 2, 3, 20
QUEUE_BYTES = 4095
_DECISECOND_NS = 100_000_000

_TERMIOS = struct.Struct("<4IB19s")
_TERMIO = struct.Struct("<4HB8sx")
_TERMIOS2 = struct.Struct("<4IB19s2I")
_DEFAULT_CC = bytes((3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0, 0, 0))
_SPEEDS = (0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400)
_FAST_SPEEDS = (0, 57600, 115200, 230400, 460800, 500000, 576000, 921600, 1000000, 1152000, 1500000,
                2000000, 2500000, 3000000, 3500000, 4000000)  # fmt: skip
TERMIO_BYTES, TERMIOS_BYTES, TERMIOS2_BYTES = _TERMIO.size, _TERMIOS.size, _TERMIOS2.size

IFLAG, CFLAG = ICRNL | IXON | IUTF8, B38400 | CS8 | CREAD | HUPCL  # of a fresh terminal


class Tty(Plain):
    """One terminal: its termios, window size, owner and queues."""

    iflag: int = IFLAG
    oflag: int = OPOST | ONLCR
    cflag: int = CFLAG
    lflag: int = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN
    line: int = 0
    cc: bytes = _DEFAULT_CC
    ispeed: int = 38400
    ospeed: int = 38400
    rows: int = 24
    columns: int = 80
    session: int = 0  # session id whose controlling terminal this is, 0 for none
    foreground: int = 0  # its foreground process group
    exclusive: bool = False
    epoch: int = 0  # how often it was taken from all who had it open

    lines: list[bytes] = default(list)  # committed, canonical mode; b"" is an end of file
    pending: bytearray = default(bytearray)  # the line being edited, or what raw mode has not read yet
    literal: bool = False  # the next byte is quoted by LNEXT
    erasing: bool = False  # inside a \.../ of ECHOPRT
    stopped: bool = False  # by the STOP character or TCXONC
    hung_up: bool = False  # no more input will come
    column: int = 0  # of the cursor, for tabs and their erasure
    line_column: int = 0  # where the line being edited began
    read_started_ns: int = -1  # when the read that waits now began, for VTIME
    read_wanted: int = 0  # how many bytes it asked for
    last_input_ns: int = 0

    # -- termios ----------------------------------------------------------------------------------------

    def pack_termios(self) -> bytes:
        """`struct termios` of the kernel, 36 bytes on riscv64 (the C library's own is larger)."""
        return _TERMIOS.pack(self.iflag, self.oflag, self.cflag, self.lflag, self.line, self.cc)

    def pack_termio(self) -> bytes:
        """System V's `struct termio`: the lower halves of the flags, and the first eight characters."""
        flags = (flag & 0xFFFF for flag in (self.iflag, self.oflag, self.cflag, self.lflag))
        return _TERMIO.pack(*flags, self.line, self.cc[:8])

    def pack_termios2(self) -> bytes:
        """`struct termios2`: as termios, then both speeds in bits per second."""
        head = self.iflag, self.oflag, self.cflag, self.lflag, self.line, self.cc
        return _TERMIOS2.pack(*head, self.ispeed, self.ospeed)

    def set_termios(self, raw: bytes, *, flush: bool = False) -> None:
        """Take over a termio (18 bytes), termios (36) or termios2 (44).

        flush: drop unread input first (TCSETSF). What a termio has not stays as it is.
        """
        if flush:
            self.flush_input()
        was_canonical = self.lflag & (ICANON | EXTPROC)
        if len(raw) == TERMIOS2_BYTES:
            *head, ispeed, ospeed = _TERMIOS2.unpack(raw)
        elif len(raw) == TERMIO_BYTES:
            *flags, line, cc = _TERMIO.unpack(raw)
            before = self.iflag, self.oflag, self.cflag, self.lflag
            merged = [old & ~0xFFFF | new for old, new in zip(before, flags, strict=True)]
            head, ispeed, ospeed = [*merged, line, cc + self.cc[len(cc) :]], 0, 0
        else:
            head, ispeed, ospeed = list(_TERMIOS.unpack(raw)), 0, 0
        self.iflag, self.oflag, self.cflag, self.lflag, self.line, self.cc = head
        speed = self.cflag & CBAUD
        if speed == CBAUDEX:
            self.ispeed, self.ospeed = ispeed or self.ispeed, ospeed or self.ospeed
        else:
            table = _FAST_SPEEDS if speed & CBAUDEX else _SPEEDS
            self.ispeed = self.ospeed = table[speed & 0xF]
        if was_canonical != self.lflag & (ICANON | EXTPROC):
            self._switch_mode()
        if not self.iflag & IXON:
            self.stop(False)

    def _switch_mode(self) -> None:
        """What was typed before stays readable: as one line after a switch to canonical mode."""
        waiting = b"".join(self.lines) + bytes(self.pending)
        self.literal = self.erasing = False
        self.lines, self.pending = [], bytearray()
        if self.lflag & ICANON:
            if waiting:
                self.lines.append(waiting)
        else:
            self.pending += waiting

    def _is(self, byte: int, index: int) -> bool:
        """Whether `byte` is the special character `index`; a special character of 0 is switched off."""
        return byte == self.cc[index] != 0

    # -- input ------------------------------------------------------------------------------------------

    def receive(self, data: bytes, now_ns: int = 0) -> tuple[bytes, list[int]]:
        """Take typed bytes: (what to write to the screen, signals for the foreground process group)."""
        echo, signals = bytearray(), list[int]()
        self.last_input_ns = now_ns
        for byte in data:
            self._receive_byte(byte, echo, signals)
        return bytes(echo), signals

    def _receive_byte(self, byte: int, echo: bytearray, signals: list[int]) -> None:
        iflag, lflag = self.iflag, self.lflag
        if iflag & ISTRIP:
            byte &= 0x7F
        if iflag & IUCLC and lflag & IEXTEN and 0x41 <= byte <= 0x5A:
            byte += 0x20
        if lflag & EXTPROC:
            self._store(byte, echo)
            return
        if self.literal:
            self.literal = False
            self._echo_store(byte, echo)
            return
        if iflag & IXON and self._flow_control(byte):
            return
        if lflag & ISIG and self._signal(byte, echo, signals):
            return
        if self.stopped and iflag & IXON and iflag & IXANY:
            self.stop(False)
        if byte == 0x0D:
            if iflag & IGNCR:
                return
            if iflag & ICRNL:
                byte = 0x0A
        elif byte == 0x0A and iflag & INLCR:
            byte = 0x0D
        if lflag & ICANON and self._edit(byte, echo):
            return
        self._echo_store(byte, echo)

    def _flow_control(self, byte: int) -> bool:
        if self._is(byte, VSTART):
            self.stop(False)
        elif self._is(byte, VSTOP):
            self.stop(True)
        else:
            return False
        return True

    def _signal(self, byte: int, echo: bytearray, signals: list[int]) -> bool:
        for index, signal in ((VINTR, SIGINT), (VQUIT, SIGQUIT), (VSUSP, SIGTSTP)):
            if self._is(byte, index):
                signals.append(signal)
                if not self.lflag & NOFLSH:
                    self.flush_input()
                    echo.clear()  # what came in one piece with the signal is not even shown
                if self.iflag & IXON:
                    self.stop(False)
                if self.lflag & ECHO:
                    self._echo(byte, echo)
                return True
        return False

    def _edit(self, byte: int, echo: bytearray) -> bool:
        """Canonical mode's special characters. True if `byte` was one."""
        extended = bool(self.lflag & IEXTEN)
        if self._is(byte, VERASE):
            self._erase(VERASE, echo)
        elif self._is(byte, VKILL):
            self._erase(VKILL, echo)
        elif extended and self._is(byte, VWERASE):
            self._erase(VWERASE, echo)
        elif extended and self._is(byte, VLNEXT):
            self.literal = True
            if self.lflag & ECHO and self.lflag & ECHOCTL:
                echo += b"^\b"
        elif extended and self.lflag & ECHO and self._is(byte, VREPRINT):
            self._finish_erasing(echo)
            self._echo(byte, echo)
            self._put(0x0A, echo)
            for typed in self.pending:
                self._echo(typed, echo)
        elif byte == 0x0A:
            if self.lflag & (ECHO | ECHONL):
                self._finish_erasing(echo)
                self._put(byte, echo)
            self._commit(b"\n")
        elif self._is(byte, VEOF):
            self._commit(b"")
        elif self._is(byte, VEOL) or (extended and self._is(byte, VEOL2)):
            if self.lflag & ECHO:
                self._finish_erasing(echo)
                self._start_of_line()
                self._echo(byte, echo)
            self._commit(bytes((byte,)))
        else:
            return False
        return True

    def _commit(self, terminator: bytes) -> None:
        self.lines.append(bytes(self.pending) + terminator)
        self.pending.clear()

    def _start_of_line(self) -> None:
        if not self.pending:
            self.line_column = self.column

    def _echo_store(self, byte: int, echo: bytearray) -> None:
        if self.lflag & ECHO:
            self._finish_erasing(echo)
            if byte == 0x0A:
                self._put(byte, echo)
            else:
                self._start_of_line()
                self._echo(byte, echo)
        if byte == 0xFF and self.iflag & PARMRK:
            self._store(byte, echo)
        self._store(byte, echo)

    def _store(self, byte: int, echo: bytearray) -> None:
        if len(self.pending) + sum(map(len, self.lines)) >= QUEUE_BYTES:
            if self.iflag & IMAXBEL:
                echo.append(7)
            return
        self.pending.append(byte)

    # -- echo and erasure -------------------------------------------------------------------------------

    def _echo(self, byte: int, echo: bytearray) -> None:
        """Echo a typed byte; a control character as ^X where ECHOCTL says so."""
        if self.lflag & ECHOCTL and _is_control(byte) and byte != 9:
            echo += bytes((0x5E, byte ^ 0x40))
            self.column += 2
        else:
            self._put(byte, echo)

    def _finish_erasing(self, echo: bytearray) -> None:
        if self.erasing:
            self.erasing = False
            self._put(0x2F, echo)

    def _erase(self, how: int, echo: bytearray) -> None:
        """Take the last character (VERASE), word (VWERASE) or the whole line (VKILL) back."""
        lflag = self.lflag
        if not self.pending:
            return
        if how == VKILL and not lflag & ECHO:
            self.pending.clear()
            return
        if how == VKILL and not (lflag & ECHOK and lflag & ECHOKE and lflag & ECHOE):
            self.pending.clear()
            self._finish_erasing(echo)
            self._echo(self.cc[VKILL], echo)
            if lflag & ECHOK:
                self._put(0x0A, echo)
            return
        in_word = False
        while self.pending:
            start = self._last_character()
            character = bytes(self.pending[start:])
            if how == VWERASE:
                if character[:1].isalnum() or character == b"_":
                    in_word = True
                elif in_word:
                    break
            del self.pending[start:]
            if lflag & ECHO:
                self._echo_erased(character, how, echo)
            if how == VERASE:
                break
        if not self.pending and lflag & ECHO:
            self._finish_erasing(echo)

    def _last_character(self) -> int:
        """Index in `pending` where its last character begins: UTF-8 sequences are one character."""
        start = len(self.pending) - 1
        if self.iflag & IUTF8:
            while start > 0 and self.pending[start] & 0xC0 == 0x80:
                start -= 1
        return start

    def _echo_erased(self, character: bytes, how: int, echo: bytearray) -> None:
        lflag, byte = self.lflag, character[0]
        if lflag & ECHOPRT:
            if not self.erasing:
                self._put(0x5C, echo)
                self.erasing = True
            self._echo(byte, echo)
            echo += character[1:]
        elif how == VERASE and not lflag & ECHOE:
            self._echo(self.cc[VERASE], echo)
        elif byte == 9:
            width = 8 - self._width_since_tab() % 8
            echo += b"\b" * width
            self.column -= width
        else:
            visible = (2 if lflag & ECHOCTL else 0) if _is_control(byte) else 1
            echo += b"\b \b" * visible
            self.column -= visible

    def _width_since_tab(self) -> int:
        """Columns that the line takes up, from its last tab stop or from the left edge."""
        width = 0
        for byte in reversed(self.pending):
            if byte == 9:
                return width
            if _is_control(byte):
                width += 2 if self.lflag & ECHOCTL else 0
            elif not (self.iflag & IUTF8 and byte & 0xC0 == 0x80):
                width += 1
        return width + self.line_column

    # -- output -----------------------------------------------------------------------------------------

    def process_output(self, data: bytes) -> bytes:
        """What the screen gets for `data` that a program writes."""
        if not self.oflag & OPOST:
            return data
        out = bytearray()
        for byte in data:
            self._put(byte, out)
        return bytes(out)

    def _put(self, byte: int, out: bytearray) -> None:
        oflag = self.oflag
        if not oflag & OPOST:
            out.append(byte)
            return
        if byte == 0x0A:
            if oflag & ONLRET:
                self.column = 0
            if oflag & ONLCR:
                self.column = 0
                out.append(0x0D)
        elif byte == 0x0D:
            if oflag & ONOCR and self.column == 0:
                return
            if oflag & OCRNL:
                byte = 0x0A
                if oflag & ONLRET:
                    self.column = 0
            else:
                self.column = 0
        elif byte == 9:
            spaces = 8 - self.column % 8
            self.column += spaces
            if oflag & XTABS == XTABS:
                out += b" " * spaces
                return
        elif byte == 8:
            self.column = max(0, self.column - 1)
        elif not _is_control(byte):
            if oflag & OLCUC and 0x61 <= byte <= 0x7A:
                byte -= 0x20
            if not (self.iflag & IUTF8 and byte & 0xC0 == 0x80):
                self.column += 1
        out.append(byte)

    # -- reading ----------------------------------------------------------------------------------------

    def readable_bytes(self) -> int:
        """FIONREAD: bytes that can be read now."""
        return sum(map(len, self.lines)) if self.lflag & ICANON else len(self.pending)

    def readable(self) -> bool:
        """Whether poll(2) reports input, or a read that waits can go on: it may want less than VMIN."""
        if self.hung_up:
            return True
        if self.lflag & ICANON:
            return bool(self.lines)
        least = self.cc[VMIN] if self.cc[VMIN] and not self.cc[VTIME] else 1
        if self.read_started_ns >= 0:
            least = min(least, self.read_wanted)
        return len(self.pending) >= least

    def read(self, nbytes: int, now_ns: int, *, blocking: bool = True) -> bytes | None:
        """Up to `nbytes` of input; None if a reader has to wait (until `read_deadline` at the latest).

        Canonical mode gives one line at most, b"" for an end of file. EAGAIN: nothing there, not `blocking`.
        """
        if nbytes <= 0:
            return b""
        got = self._take(nbytes, now_ns, blocking)
        if got is None:
            if not blocking:
                raise LinuxError(errno.EAGAIN)
            if self.read_started_ns < 0:
                self.read_started_ns = now_ns
            self.read_wanted = nbytes
            return None
        self.read_started_ns = -1
        return got

    def _take(self, nbytes: int, now_ns: int, blocking: bool) -> bytes | None:
        if self.lflag & ICANON:
            if self.lines:
                line = self.lines[0]
                if len(line) <= nbytes:
                    return self.lines.pop(0)
                self.lines[0] = line[nbytes:]
                return line[:nbytes]
            if self.hung_up:
                return self._take_pending(nbytes)
            return None
        least = min(self.cc[VMIN], nbytes)
        enough = len(self.pending) >= max(least, 1)
        deadline = self.read_deadline(now_ns)
        over = self.hung_up or (deadline is not None and now_ns >= deadline)
        if enough or over or (not blocking and self.pending) or (least == 0 and not self.cc[VTIME]):
            return self._take_pending(nbytes)
        return None

    def _take_pending(self, nbytes: int) -> bytes:
        got = bytes(self.pending[:nbytes])
        del self.pending[:nbytes]
        return got

    def read_deadline(self, now_ns: int) -> int | None:
        """When a read that waits gives up by VTIME, on the clock that `now_ns` is of; None for never."""
        tenths = self.cc[VTIME]
        if self.lflag & ICANON or not tenths:
            return None
        started = self.read_started_ns if self.read_started_ns >= 0 else now_ns
        if self.cc[VMIN]:
            if not self.pending:
                return None
            started = max(started, self.last_input_ns)
        return started + tenths * _DECISECOND_NS

    def input_room(self) -> int:
        """How many typed bytes fit in; a line that is too long is cut, so there is always room for its end."""
        if self.lflag & ICANON and not self.lines:
            return QUEUE_BYTES
        return max(QUEUE_BYTES - len(self.pending) - sum(map(len, self.lines)), 0)

    def stop(self, stopped: bool) -> None:
        """Stop output, or let it go on."""
        self.stopped = stopped

    def flush_output(self) -> None:
        """Drop what was written and has not gone out (TCFLSH)."""

    def flush_input(self) -> None:
        """Drop what was typed and has not been read (TCFLSH)."""
        self.lines.clear()
        self.pending.clear()
        self.literal = self.erasing = False


def _is_control(byte: int) -> bool:
    return byte < 0x20 or byte == 0x7F
