"""redis-server: redis-cli, redis-benchmark, held and vanishing clients, a save by a forked child."""

from __future__ import annotations

import re
import tempfile

from clients import ask_once, asker, hold_many, vanish
from report import Report, output
from served import Served

PORT = 6379
PING = b"PING\r\n"
_SCRIPT = """SET greeting hello
APPEND greeting ' world'
GET greeting
RPUSH list a b c
LRANGE list 0 -1
HSET hash field value
ZADD scores 1 one 2 two
ZRANGE scores 0 -1 WITHSCORES
MULTI
INCR counter
INCRBY counter 41
EXEC
EVAL "return redis.sha1hex(ARGV[1])" 0 abc
EXPIRE greeting 100
TTL greeting
OBJECT ENCODING list
NOSUCH
"""
_ANSWERS = """OK
11
hello world
3
a
b
c
1
2
one
1
two
2
OK
QUEUED
QUEUED
1
42
a9993e364706816aba3e25717850c26c9cd0d89d
1
100
listpack
ERR unknown command 'NOSUCH', with args beginning with:\x20
"""


def benchmark(server: Served, test: str, requests: int, *options: str) -> str:
    """What redis-benchmark says of its speed."""
    command = ["redis-benchmark", "-p", str(server.port), "-t", test, "-n", str(requests), "-q", *options]
    found = re.findall(r"([\d.]+) requests per second, (p50=[\d.]+ msec)", output(command, seconds=1200))
    assert found, "redis-benchmark gave no figure"
    return f"{float(found[-1][0]):.0f} requests/s, {found[-1][1]}"


def run(report: Report) -> None:
    """Drive it."""
    with Served("redis", PORT) as server:
        cli = ["redis-cli", "-p", str(server.port)]
        report.about = re.findall(r"redis_version:(\S+)", output([*cli, "info", "server"]))[0]
        with report.step("redis-cli: strings, lists, hashes, sets, a transaction, Lua, an unknown command"):
            got = output(cli, stdin=_SCRIPT)
            assert got.split("\n", 1)[0] == "OK", got
            assert got.replace("\n\n", "\n") == _ANSWERS, got
        with report.step("redis-benchmark SET, 20 clients") as note:
            note.found = benchmark(server, "set", 20_000, "-c", "20")
        with report.step("redis-benchmark GET, 20 clients") as note:
            note.found = benchmark(server, "get", 20_000, "-c", "20")
        with report.step("redis-benchmark GET, 16 commands at once") as note:
            note.found = benchmark(server, "get", 100_000, "-c", "20", "-P", "16")
        with report.step("1000 connections held") as note:
            note.found = hold_many(server, asker(PING, b"+PONG\r\n"))
        with report.step("clients that vanish") as note:
            note.found = vanish(server, asker(PING, b"+PONG\r\n"), PING)
        with report.step("BGSAVE by a forked child while clients write") as note:
            output([*cli, "set", "before", "the fork"])
            assert "Background saving started" in output([*cli, "bgsave"])
            ask_once(server, asker(b"SET during fork\r\n", b"+OK\r\n"))
            while "rdb_bgsave_in_progress:1" in (info := output([*cli, "info", "persistence"])):
                ask_once(server, asker(PING, b"+PONG\r\n"))
            assert "rdb_last_bgsave_status:ok" in info, info
        report.leak(server, "connections kept", lambda n: benchmark(server, "get", n, "-c", "50"))
        report.leak(
            server,
            "a connection for each",
            lambda n: benchmark(server, "get", n, "-c", "50", "-k", "0"),
            20_000,
        )
    with report.step("SIGTERM ends it") as note:
        assert server.status == 0, server.errors()[-400:]
        note.found = "status 0"
    with tempfile.TemporaryDirectory() as overlay:
        durable = ["--appendonly", "yes"]
        with report.step("an append-only file, read again by the next run over the same overlay"):
            with Served("redis", PORT, durable, ["--overlay", overlay]) as server:
                output(["redis-cli", "-p", str(server.port), "set", "kept", "yes"])
            with Served("redis", PORT, durable, ["--overlay", overlay]) as server:
                get = ["redis-cli", "-p", str(server.port), "get", "kept"]
                while "LOADING" in (got := output(get)):
                    pass
                assert got == "yes\n", got
