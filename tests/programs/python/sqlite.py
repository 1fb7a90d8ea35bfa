import sqlite3

print(sqlite3.sqlite_version)
db = sqlite3.connect("store.db")
db.execute("pragma journal_mode=delete")
db.execute("create table t(id integer primary key, name text, value real, raw blob)")
with db:
    db.executemany(
        "insert into t(name, value, raw) values (?, ?, ?)",
        ((f"name{n}", n / 7, bytes([n & 255]) * (n % 50)) for n in range(5000)),
    )
db.execute("create index by_name on t(name)")
try:
    with db:
        db.execute("update t set value = 0")
        raise KeyError("back")
except KeyError as error:
    print("rolled back", error)
print(db.execute("select count(*), sum(value), total(length(raw)), max(name) from t").fetchone())
db.create_function("double", 1, lambda x: x * 2)
print(db.execute("select double(value) from t where name = 'name77'").fetchall())
print(db.execute("select name, row_number() over (order by value desc) from t limit 3").fetchall())
try:
    db.execute("insert into t(id) values (1)")
except sqlite3.IntegrityError as error:
    print(error)
db.close()
again = sqlite3.connect("file:store.db?mode=ro", uri=True)
print(
    again.execute("pragma integrity_check").fetchall(),
    again.execute("select * from t where id between 40 and 43").fetchall(),
)
wal = sqlite3.connect("wal.db", isolation_level=None)
print(wal.execute("pragma journal_mode=wal").fetchone())
wal.execute("create table w(x)")
wal.execute("insert into w values (json('[1, 2]'))")
print(wal.execute("select json_extract(x, '$[1]') from w").fetchone())
wal.execute("pragma wal_checkpoint(truncate)")
wal.close()
