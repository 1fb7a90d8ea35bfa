# ruff: noqa: SIM115
import errno
import fcntl
import glob
import mmap
import os
import pathlib
import shutil
import stat
import tarfile
import tempfile
import zipfile

root = pathlib.Path("tree")
(root / "a/b/c").mkdir(parents=True)
for n in range(30):
    (root / "a" / f"file{n:02}.txt").write_text(f"line {n}\n" * n)
(root / "link").symlink_to("a/file07.txt")
(root / "dangling").symlink_to("nowhere")
(root / "loop").symlink_to("loop")
os.link(root / "a/file03.txt", root / "hard")
os.chmod(root / "a/file04.txt", 0o600)
os.chmod(root / "a/b", 0o750)
for top, directories, names in os.walk("tree"):
    directories.sort()
    print(top, directories, sorted(names))
for path in sorted(root.rglob("*")):
    info = path.lstat()
    print(
        path,
        stat.filemode(info.st_mode),
        info.st_nlink,
        info.st_size if not path.is_dir() else "-",
        path.is_symlink(),
    )
print(
    sorted(glob.glob("tree/**/file0[1-5].*", recursive=True)),
    os.path.realpath("tree/link").endswith("tree/a/file07.txt"),
)


def refused(action, *arguments, **options):
    try:
        print(action.__name__, "gave", action(*arguments, **options))
    except OSError as error:
        print(action.__name__, errno.errorcode[error.errno], error.filename, error.filename2)


refused(open, "tree/nothing")
refused(open, "tree")
refused(open, "tree/a/file01.txt/x")
refused(open, "tree/loop")
refused(os.mkdir, "tree/a")
refused(os.rmdir, "tree/a")
refused(os.unlink, "tree/a")
refused(os.rmdir, "tree/hard")
refused(os.rename, "tree/a", "tree/a/b/d")
refused(os.rename, "tree/hard", "tree/a")
refused(os.rename, "tree/a", "tree/hard")
refused(os.open, "tree/hard", os.O_CREAT | os.O_EXCL)
refused(os.open, "tree/link", os.O_NOFOLLOW)
refused(os.open, "tree/hard", os.O_DIRECTORY)
refused(os.link, "tree/a", "tree/x")
refused(os.symlink, "x", "tree/hard")
refused(os.readlink, "tree/hard")
refused(os.listdir, "tree/hard")
refused(os.truncate, "tree/hard", -1)
refused(os.mkdir, "x" * 256)
refused(os.stat, "x/" * 3000)
refused(os.close, 77)
refused(os.dup2, 3, -1)
refused(os.lseek, 0, 0, os.SEEK_SET)
refused(os.write, 0, b"") if False else None
refused(os.pread, 1, 5, 0)
refused(os.chdir, "tree/hard")
with open("data.bin", "w+b", buffering=0) as f:
    f.write(b"0123456789" * 1000)
    f.seek(5000)
    f.write(b"MIDDLE")
    f.seek(20000)
    f.write(b"END")
    print(f.tell(), os.fstat(f.fileno()).st_size, f.truncate(20001), f.seek(-3, 2), f.read())
    print(os.pread(f.fileno(), 8, 4998), os.pwrite(f.fileno(), b"PW", 3), f.seek(0), f.read(8))
    print(
        os.writev(f.fileno(), [b"ab", b"", b"cde"]),
        f.seek(8),
        os.readv(f.fileno(), [buffer := bytearray(3), bytearray(4)]),
        buffer,
    )
    copy = os.dup(f.fileno())
    os.lseek(copy, 100, 0)
    print(f.tell(), fcntl.fcntl(copy, fcntl.F_GETFL) & os.O_ACCMODE, os.get_inheritable(copy))
    os.close(copy)
    fcntl.flock(f, fcntl.LOCK_EX)
    fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB, 10, 5)
    fcntl.lockf(f, fcntl.LOCK_UN)
with open("data.bin", "r+b") as f, mmap.mmap(f.fileno(), 0) as m:
    print(len(m), m[5000:5006], m.find(b"END"), m.rfind(b"789"))
    m[0:5] = b"MMAP!"
    m.flush()
    m.resize(12288)
    print(len(m), m[:10])
print(open("data.bin", "rb").read(10), os.path.getsize("data.bin"))
with mmap.mmap(-1, 1 << 20) as m:
    m.write(b"x" * 4096)
    m.seek(0)
    print(m.read(3), m[1 << 19])
with open("data.bin", "rb") as f, mmap.mmap(f.fileno(), 4096, offset=4096, access=mmap.ACCESS_COPY) as m:
    m[:4] = b"COPY"
    print(m[:8], f.read(4))
with open("log.txt", "a") as a, open("log.txt", "a") as b:
    for n in range(5):
        a.write(f"a{n}\n")
        a.flush()
        b.write(f"b{n}\n")
        b.flush()
print(open("log.txt").read().split(), open("log.txt", newline="").readlines()[:2])
with open("text.txt", "w", encoding="utf-16") as f:
    print("héllo\u20ac", 1, 2, sep="\n", file=f)
print(open("text.txt", encoding="utf-16").read().splitlines(), open("text.txt", "rb").read()[:4])
os.rename("tree/a/file01.txt", "tree/a/renamed.txt")
os.replace("tree/a/file02.txt", "tree/a/renamed.txt")
os.rename("tree/a", "tree/moved")
print(sorted(os.listdir("tree/moved"))[-3:])
shutil.copytree("tree/moved/b", "copied")
shutil.move("copied", "tree/moved/copied")
shutil.copyfile("data.bin", "data2.bin")
shutil.copy2("tree/hard", "hard2")
print(os.stat("hard2").st_mtime == os.stat("tree/hard").st_mtime)
os.utime("log.txt", (1000000000.5, 1234567890.25))
info = os.stat("log.txt")
print(info.st_atime_ns, info.st_mtime_ns)
os.remove("data2.bin")
os.truncate("data.bin", 7777)
shutil.rmtree("tree/moved/b")
fd = os.open("tree", os.O_RDONLY)
fd2 = os.open("hard", os.O_RDONLY, dir_fd=fd)
print(os.read(fd2, 10), os.listdir(fd) == os.listdir("tree"))
os.mkdir("sub", dir_fd=fd)
os.rmdir("sub", dir_fd=fd)
os.fchdir(fd)
print(os.path.exists("moved"), os.path.basename(os.getcwd()))
os.chdir("..")
with os.scandir("tree") as entries:
    print(sorted((e.name, e.is_dir(follow_symlinks=False), e.is_symlink(), e.inode() > 0) for e in entries))
gone = open("gone", "w+")
os.unlink("gone")
gone.write("still there")
gone.flush()
gone.seek(0)
print(gone.read(), os.fstat(gone.fileno()).st_nlink)
with (
    tempfile.TemporaryFile(dir=".") as t,
    tempfile.NamedTemporaryFile(dir=".") as n,
    tempfile.TemporaryDirectory(dir=".") as d,
):
    t.write(b"tmp")
    t.seek(0)
    print(t.read(), os.path.exists(n.name), os.path.isdir(d))
os.umask(0o077)
open("private", "w").close()
os.mkdir("secret")
print(oct(os.umask(0o022)))
read, write = os.pipe()
os.write(write, b"through the pipe")
os.close(write)
print(os.read(read, 100), os.read(read, 100))
with tarfile.open("t.tar.gz", "w:gz", compresslevel=1) as t:
    for name in ("log.txt", "hard2", "tree/link", "tree/moved"):
        member = t.gettarinfo(name)
        member.mtime = 0
        member.uname = member.gname = ""
        member.uid = member.gid = 0
        t.addfile(member, open(name, "rb") if member.isreg() else None)
with tarfile.open("t.tar.gz") as t:
    print(t.getnames())
    t.extractall("untarred", filter="data")
os.remove("t.tar.gz")
with zipfile.ZipFile("z.zip", "w", zipfile.ZIP_DEFLATED) as z:
    z.writestr(zipfile.ZipInfo("inner/é.txt"), "zipped " * 100)
print(zipfile.ZipFile("z.zip").read("inner/é.txt")[:14], zipfile.ZipFile("z.zip").testzip())
print(
    os.access("hard2", os.W_OK),
    os.access("hard2", os.X_OK),
    os.cpu_count() > 0,
    os.getuid(),
    os.getgid(),
    os.isatty(1),
)
