"""Debian's busybox, dynamic and static: every applet that needs no second process, compared with qemu-user."""

from __future__ import annotations

import pytest
from guest import Outcome, Pair, run
from rootfs import Rootfs, debian

TEXT = b"".join(b"%d %s line %d\n" % (n * 7919 % 101, b"abc"[n % 3 :], n) for n in range(200))
BINARY = bytes((n * n + n // 3) & 255 for n in range(70_000))


@pytest.fixture(scope="module", params=["programs", "static"])
def rootfs(request: pytest.FixtureRequest) -> Rootfs:
    """Where busybox is linked with the C library, and where it is not."""
    return debian(request.param)


class Busybox:
    def __init__(self, rootfs: Rootfs, **files: bytes) -> None:
        self.pair = Pair(rootfs, files)

    def __call__(self, *argv: str, stdin: bytes = b"", status: int = 0) -> Outcome:
        return self.pair.check("/usr/bin/busybox", *argv, stdin=stdin, status=status)


def test_text(rootfs: Rootfs) -> None:
    busybox = Busybox(rootfs, text=TEXT)
    busybox("cat", "-n", "text")
    busybox("tac", "text")
    busybox("head", "-n", "-190", "text")
    busybox("tail", "-c", "33", "text")
    busybox("sort", "-k1,1n", "-k4r", "text")
    busybox("sort", "-u", "-o", "sorted", stdin=TEXT * 20)
    busybox("uniq", "-c", stdin=b"a\na\nb\na\n")
    busybox("cut", "-d", " ", "-f", "1,4", "text")
    busybox("tr", "a-c", "A-C", stdin=TEXT)
    busybox("wc", "text", "sorted")
    busybox("grep", "-nE", "^[0-9]{2} b?c line .*[05]$", "text")
    busybox("grep", "-c", "nothing", "text", status=1)
    busybox("sed", "-n", r"/line 1.$/{s/\([a-c]*\) line/<\1>/g;p};$=", "text")
    busybox("sed", "-i", "-e", "1,190d", "-e", "s/line/LINE/;a\\\nadded", "text")
    busybox("awk", "{n[$2] += $1; print NR, toupper($2)} END {for (k in n) print k, n[k]}", "text")
    busybox(
        "awk",
        'BEGIN {printf "%d %5.2f %s %e\\n", 2147483648, 3.14159, substr("hello", 2), 1e10; exit 3}',
        status=3,
    )
    busybox("nl", "text")
    busybox("rev", "text")
    busybox("fold", "-w", "7", "text")
    busybox("expand", "-t", "4", stdin=b"a\tb\n")
    busybox("paste", "-d", ":", "text", "sorted")
    busybox("diff", "-u", "text", "sorted", status=1)
    busybox("cmp", "text", "sorted", status=1)
    busybox("strings", "-n", "3", stdin=b"ab\0abc\0\x01defg\xff")
    busybox("ed", "text", stdin=b"1p\n2,3s/LINE/edited/p\nw\nq\n")
    busybox("shuf", "-n", "1", "-i", "5-5")
    busybox("seq", "-w", "8", "3", "20")
    busybox("tee", "copy1", "copy2", stdin=TEXT)
    busybox("printf", "%05d|%-6s|%x|%c|%.3f\\n", "42", "left", "255", "xyz", "2.5")
    busybox("factor", "1234567890", "18446744073709551615")
    busybox("expr", "(", "3", "+", "4", ")", "*", "5")
    busybox("dc", "-e", "10 k 2 v p 7 3 ~ f")
    busybox("bc", "-l", stdin=b"scale=30; e(1); 2^100; a(1)*4\n")
    busybox("cal", "2", "2024")


def test_sums_and_codes(rootfs: Rootfs) -> None:
    busybox = Busybox(rootfs, data=BINARY)
    for applet in ("md5sum", "sha1sum", "sha256sum", "sha512sum", "sha3sum", "crc32"):
        busybox(applet, "data")
    listing = busybox("sha256sum", "data").stdout
    busybox("sha256sum", "-c", "-", stdin=listing)
    busybox("md5sum", "-c", "-", stdin=b"0" * 32 + b"  data\n", status=1)
    busybox("od", "-A", "x", "-t", "x2", "-N", "100", "data")
    busybox("hexdump", "-C", "-n", "64", "data")
    dump = busybox("xxd", "-l", "256", "data").stdout
    busybox("xxd", "-r", stdin=dump)
    encoded = busybox("base64", "data").stdout
    busybox("base64", "-d", stdin=encoded)
    packed = busybox("uuencode", "-m", "data", "name").stdout
    busybox("uudecode", "-o", "decoded", stdin=packed)
    busybox("cmp", "data", "decoded")
    busybox("dd", "if=data", "of=piece", "bs=1000", "skip=3", "count=5", "conv=swab", "status=none")
    busybox("dd", "if=data", "of=data", "bs=1", "seek=5", "count=3", "conv=notrunc", "status=none")


def test_files(rootfs: Rootfs) -> None:
    busybox = Busybox(rootfs, text=TEXT)
    busybox("mkdir", "-p", "a/b/c", "d")
    busybox("mkdir", "a", status=1)
    busybox("cp", "text", "a/b/one")
    busybox("cp", "-a", "a", "e")
    busybox("ln", "text", "hard")
    busybox("ln", "-s", "../text", "a/soft")
    busybox("ln", "-s", "x", "a/soft", status=1)
    busybox("readlink", "a/soft")
    busybox("mv", "e", "d/moved")
    busybox("touch", "-d", "2001-09-09 01:46:40", "text", "new")
    busybox("chmod", "-R", "u=rwX,go=", "d")
    busybox("ls", "-1RF")
    busybox("stat", "-c", "%n %F %a %s %h", "text", "a", "a/soft")
    busybox("find", ".", "-name", "o*", "-type", "f", "-size", "-100", "-print")
    busybox("find", "a", "-type", "l", "-print0")
    busybox("rmdir", "a", status=1)
    busybox("rm", "-r", "d")
    busybox("rm", "nothing", status=1)
    busybox("truncate", "-s", "1M", "sparse")
    busybox("fallocate", "-l", "5000", "allocated")
    busybox("mkfifo", "pipe")
    busybox("test", "-p", "pipe")
    busybox("unlink", "pipe")
    busybox("install", "-m", "751", "-D", "text", "deep/er/installed")
    busybox("basename", "/x/y.txt", ".txt")
    busybox("dirname", "/x/y")
    busybox("realpath", "/usr/../usr/./bin")
    busybox("sync")


def test_archives(rootfs: Rootfs) -> None:
    busybox = Busybox(rootfs, data=BINARY, text=TEXT)
    busybox("mkdir", "-p", "tree/sub")
    busybox("cp", "data", "text", "tree/sub")
    busybox("ln", "tree/sub/text", "tree/hard")
    busybox("ln", "-s", "sub/data", "tree/link")
    busybox("tar", "-cf", "t.tar", "-C", "tree", "sub/text", "sub/data")
    busybox("tar", "-tf", "t.tar")
    busybox("mkdir", "out")
    busybox("tar", "-xf", "t.tar", "-C", "out")
    busybox("gzip", "-9", "-k", "text")
    busybox("gzip", "-t", "text.gz")
    busybox("gunzip", "-c", "text.gz")
    busybox("rm", "text")
    busybox("gunzip", "text.gz")
    busybox("bzip2", "-k", "data")
    busybox("bzcat", "data.bz2")
    busybox("unxz", "-c", stdin=b"\xfd7zXZ\0 broken", status=1)


def test_shell(rootfs: Rootfs) -> None:
    """ash, as far as it needs no child: builtins, expansion, functions, redirection, traps."""
    script = b"""
set -eu
f() { local n=$1; [ $n -le 1 ] && { echo 1; return; } ; echo "$n"; f $((n - 1)); }
f 3; x="a b  c"; set -- $x; echo $# "$*" "${x#a }" "${x%c}" ${#x} ${y:-default} ${x/b/B}
for i in 1 2 3; do case $i in 2) continue;; [3-9]) break;; esac; echo "i=$i"; done
while read -r a b; do printf '%s|%s\\n' "$a" "$b"; done <<END
one two three
four $((5 * 8 / 3)) \\$x
END
echo out >file; echo more >>file; read line <file; echo "$line"
exec 3<file; read -r l <&3; read -r m <&3; echo $l$m; exec 3<&-
trap 'echo bye; exit 4' EXIT; [ -f file -a ! -d file ] && echo yes;
cd /usr; pwd; umask 027; umask; type echo; alias
getopts ab: o -b val; echo $o $OPTARG; test 5 -gt 3; echo $? $((0x1f | 64))
"""
    busybox = Busybox(rootfs, script=script)
    busybox("ash", "script", status=4)
    busybox("sh", "-c", "kill -TERM $$", status=143)
    busybox("sh", "-c", "trap 'echo caught' USR1; kill -USR1 $$; echo after")
    busybox("sh", "-c", "echo ${nothing?is not set}", status=2)
    busybox("sh", "-s", "x", "y", stdin=b"echo $2 $1\nexit 9\n", status=9)


def test_system(rootfs: Rootfs) -> None:
    """What only friscy can say: its own machine."""
    expected = [
        (("uname", "-s", "-m", "-o"), b"Linux riscv64 GNU/Linux\n"),
        (("id",), b"uid=0(root) gid=0(root)\n"),
        (("hostname",), b"friscy\n"),
        (("pwd",), b"/scratch\n"),
        (("whoami",), b"root\n"),
        (("nproc",), b"1\n"),
        (("env",), None),
        (("ps", "-o", "pid,comm"), b"PID   COMMAND\n    1 busybox\n"),
        (("df", "/"), None),
        (("mount",), None),
        (("free",), None),
        (("uptime",), None),
        (("date",), None),
        (("stat", "-f", "/"), None),
        (
            ("cat", "/proc/self/maps", "/proc/cpuinfo", "/proc/meminfo", "/proc/self/status", "/proc/mounts"),
            None,
        ),
        (("dd", "if=/dev/zero", "of=/dev/null", "bs=64k", "count=100"), b""),
        (("head", "-c", "100000", "/dev/urandom"), None),
        (("sleep", "0.05"), b""),
        (("env", "-i", "A=b", "/usr/bin/busybox", "env"), b"A=b\n"),
    ]
    for argv, output in expected:
        outcome = run(rootfs, ("/usr/bin/busybox", *argv))
        assert outcome.status == 0, (argv, outcome)
        if output is None:
            assert outcome.stdout, argv
        else:
            assert outcome.stdout == output, argv
        assert outcome.log == [], argv
