"""postgresql: initdb in the build, psql, pgbench for a minute, crash recovery, data that outlives a run."""

from __future__ import annotations

import re
import signal
import subprocess
import tempfile
import time

from clients import connect
from report import Report, output
from served import LOCAL, START_SECONDS, Served

PORT = 5432
MINUTE = 60
_SQL = """\\set ON_ERROR_STOP on
create table planets (id serial primary key, name text unique not null, moons int check (moons >= 0), facts jsonb);
insert into planets (name, moons, facts) values ('Earth', 1, '{"air": true}'), ('Mars', 2, '{}'), ('Venus', 0, null);
begin; update planets set moons = 99; rollback;
begin; savepoint s; delete from planets where name = 'Mars'; rollback to s; commit;
select string_agg(name || ':' || moons, ' ' order by name) from planets;
select name from planets where facts @> '{"air": true}';
create index on planets using gin (facts);
with recursive t(n) as (select 1 union all select n + 1 from t where n < 1000) select sum(n) from t;
create function twice(n int) returns int language plpgsql as $$ begin return 2 * n; end $$;
select twice(21), md5('abc'), round(pi()::numeric, 6), to_char(timestamp '2024-02-29 13:00', 'YYYY Mon DD HH12');
create table series as select g, random() r from generate_series(1, 20000) g; analyze series;
select count(distinct g), count(*) filter (where r between 0 and 1) from series;
copy (select g from series order by g limit 3) to stdout;
set max_parallel_workers_per_gather = 2; set min_parallel_table_scan_size = 0; set parallel_setup_cost = 0;
set parallel_tuple_cost = 0; select sum(g) from series;
listen news; notify news, 'hello';
select upper('straße') collate "C.utf8", 'é' ~ '[[:alpha:]]', lower('ÀÉ');
vacuum full planets;
"""
_ANSWERS = """Earth:1 Mars:2 Venus:0
Earth
500500
42|900150983cd24fb0d6963f7d28e17f72|3.141593|2024 Feb 29 01
20000|20000
1
2
3
200010000
STRAßE|t|àé
"""


class Clients:
    """psql and pgbench for one server."""

    def __init__(self, server: Served) -> None:
        self.where = ["-h", LOCAL, "-p", str(server.port), "-U", "postgres"]

    def wait(self) -> None:
        """Until it lets clients in: it listens before it has looked at its data."""
        deadline = time.monotonic() + START_SECONDS
        while subprocess.run(["psql", *self.where, "-c", ""], capture_output=True, timeout=60).returncode:
            assert time.monotonic() < deadline, "it lets nobody in"

    def psql(self, sql: str, *options: str, seconds: float = 120) -> str:
        """What psql prints without decoration."""
        return output(["psql", *self.where, "-XqAt", *options], stdin=sql, seconds=seconds)

    def pgbench(self, *options: str, seconds: float = 300) -> str:
        """Its figures: none failed."""
        said = output(["pgbench", *self.where, *options, "postgres"], seconds=seconds)
        failed = re.search(r"number of failed transactions: (\d+)", said)
        assert failed is not None, said
        assert failed[1] == "0", said
        done = re.findall(r"number of transactions actually processed: (\d+)", said)
        rate = re.findall(r"tps = ([\d.]+)", said)
        return f"{done[0]} transactions, {float(rate[0]):.0f}/s"


def run(report: Report) -> None:
    """Drive it."""
    with tempfile.TemporaryDirectory() as overlay:
        kept = ["--overlay", overlay]
        with Served("postgresql", PORT, options=kept, stop=signal.SIGINT) as server:
            clients = Clients(server)
            clients.wait()
            report.about = clients.psql("show server_version").strip()
            _drive(report, server, clients)
        with report.step("SIGINT, its fast shutdown") as note:
            assert server.status == 0, server.errors()[-400:]
            note.found = "status 0"
        with (
            report.step("started again over the same overlay: the data is there"),
            Served("postgresql", PORT, options=kept, stop=signal.SIGINT) as server,
        ):
            clients = Clients(server)
            clients.wait()
            assert clients.psql("select count(*) from planets") == "3\n"


def _drive(report: Report, server: Served, clients: Clients) -> None:
    with report.step("psql: tables, transactions, JSON, PL/pgSQL, COPY, parallel query, NOTIFY, VACUUM FULL"):
        got = "".join(
            line
            for line in clients.psql(_SQL).splitlines(keepends=True)
            if "Asynchronous notification" not in line
        )
        assert got == _ANSWERS, got
    with report.step("psql: errors"):
        wrong = subprocess.run(
            ["psql", *clients.where, "-XqAt", "-c", "select 1/0"], capture_output=True, text=True, timeout=60
        )
        assert (wrong.returncode, wrong.stderr) == (1, "ERROR:  division by zero\n")
    with report.step("pgbench -i, 100 000 rows"):
        subprocess.run(
            ["pgbench", *clients.where, "-qi", "postgres"], check=True, capture_output=True, timeout=300
        )
    with report.step("pgbench for a minute, 4 clients") as note:
        note.found = clients.pgbench("-T", str(MINUTE), "-c", "4")
        sums = (
            "select (select sum(abalance) from pgbench_accounts) = (select sum(delta) from pgbench_history)"
        )
        assert clients.psql(sums) == "t\n", "the accounts are not what the history says"
    with report.step("pgbench -S, 4 clients, prepared") as note:
        note.found = clients.pgbench("-S", "-M", "prepared", "-T", "10", "-c", "4")
    select = ("-S", "-M", "prepared", "-c", "4")
    report.leak(server, "pgbench -S", lambda n: clients.pgbench(*select, "-t", str(n // 4), seconds=1800))
    with report.step("pgbench -S -C, a connection and a process for each transaction") as note:
        before = server.held()
        note.found = clients.pgbench("-S", "-C", "-t", "100", "-c", "2")
        after = server.settled(before)
        assert after.processes <= before.processes, (before, after)
        assert after.guest_fds <= before.guest_fds, (before, after)
    with report.step("80 connections held, each a process") as note:
        before = server.held()
        held = [
            subprocess.Popen(
                ["psql", *clients.where, "-XqAt"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            for _ in range(80)
        ]
        for number, one in enumerate(held):
            assert one.stdin is not None
            assert one.stdout is not None
            one.stdin.write(f"select {number};\n")
            one.stdin.flush()
            assert one.stdout.readline() == f"{number}\n"
        during = server.held()
        for one in held:
            one.communicate(timeout=60)
        after = server.settled(before)
        assert during.processes >= before.processes + 80, (before, during)
        assert after.processes <= before.processes, (before, after)
        note.found = f"processes {before.processes}, {during.processes}, {after.processes}"
    with report.step("clients that vanish in the middle of a message") as note:
        before = server.held()
        for _ in range(50):
            with connect(server) as client:
                client.sendall(b"\0\0\0\x30\0\3\0\0user\0post")
        after = server.settled(before)
        assert after.processes <= before.processes, (before, after)
        note.found = f"processes {before.processes} then {after.processes}"
    with report.step("a backend killed with SIGKILL: all are reset, and the log is replayed"):
        clients.psql("create table survives as select 7 as n")
        crash = "copy (select 1) to program 'kill -9 $PPID'"
        subprocess.run(["psql", *clients.where, "-Xq", "-c", crash], capture_output=True, timeout=60)
        deadline = time.monotonic() + START_SECONDS
        while "redo done" not in server.errors():
            assert time.monotonic() < deadline, server.errors()[-400:]
            time.sleep(0.1)  # its log is a file
        assert "was terminated by signal 9" in server.errors()
        clients.wait()
        assert clients.psql("select n from survives") == "7\n"
