/* stat(2) in all its forms, and what changes what it says. */
#include "guest.h"
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/time.h>

static void print(const char *label, struct stat *st)
{
    printf("%s: mode %o nlink %d size %ld rdev %d:%d blksize %ld blocks512 %d\n", label, st->st_mode,
        (int)st->st_nlink, S_ISDIR(st->st_mode) ? 0 : (long)st->st_size, major(st->st_rdev), minor(st->st_rdev),
        (long)st->st_blksize, S_ISREG(st->st_mode) && st->st_blocks > 0);
}

int main(void)
{
    struct stat st, st2;
    struct statx x;
    umask(027);
    make("file", "twelve bytes");
    mkdir("d", 07777);
    symlink("file", "s");
    mkfifo("p", 0666);
    SHOW(stat("file", &st));
    print("file", &st);
    printf("mine %d\n", st.st_uid == getuid());
    SHOW(lstat("s", &st));
    print("s", &st);
    SHOW(stat("s", &st));
    print("s followed", &st);
    SHOW(stat("d", &st));
    print("d", &st);
    mkdir("d/e", 0755);
    SHOW(stat("p", &st));
    print("p", &st);
    SHOW(stat("/dev/null", &st));
    printf("null %o %d:%d\n", st.st_mode, major(st.st_rdev), minor(st.st_rdev));
    SHOW(stat("none", &st));
    SHOW(stat("file/", &st));
    SHOW(stat("", &st));
    SHOW(syscall(SYS_fstat, 1, (void *)8));
    SHOW(fstat(99, &st));

    SHOW(statx(AT_FDCWD, "file", 0, STATX_BASIC_STATS, &x));
    printf("mask %d mode %o nlink %d size %ld blksize %d\n", (x.stx_mask & STATX_BASIC_STATS) == STATX_BASIC_STATS,
        x.stx_mode, x.stx_nlink, (long)x.stx_size, x.stx_blksize);
    stat("file", &st);
    printf("agree %d %d %d %d\n", x.stx_ino == st.st_ino, makedev(x.stx_dev_major, x.stx_dev_minor) == st.st_dev,
        x.stx_mtime.tv_sec == st.st_mtim.tv_sec && x.stx_mtime.tv_nsec == st.st_mtim.tv_nsec,
        x.stx_ctime.tv_sec == st.st_ctim.tv_sec);
    SHOW(statx(AT_FDCWD, "s", AT_SYMLINK_NOFOLLOW, STATX_ALL, &x));
    printf("mode %o\n", x.stx_mode);
    int fd = open("file", O_RDWR);
    SHOW(statx(fd, "", AT_EMPTY_PATH, STATX_SIZE, &x));
    printf("size %ld\n", (long)x.stx_size);
    SHOW(statx(fd, "", 0, STATX_SIZE, &x));
    SHOW(statx(AT_FDCWD, "file", 0x40000000, STATX_SIZE, &x));
    SHOW(statx(AT_FDCWD, "file", AT_STATX_SYNC_TYPE, STATX_SIZE, &x));
    SHOW(statx(AT_FDCWD, "file", 0, 0x80000000u, &x));

    SHOW(chmod("file", 04751));
    stat("file", &st);
    print("chmod", &st);
    SHOW(fchmod(fd, 0600));
    fstat(fd, &st);
    print("fchmod", &st);
    SHOW(chmod("s", 0644));
    SHOW(link("file", "hard"));
    fstat(fd, &st);
    stat("hard", &st2);
    printf("nlink %d same %d\n", (int)st.st_nlink, st.st_ino == st2.st_ino && st.st_dev == st2.st_dev);
    SHOW(umask(022));
    SHOW(umask(0777));
    SHOW(umask(022));

    struct timespec t[2] = {{1000, 5}, {2000, 999999999}};
    SHOW(futimens(fd, t));
    fstat(fd, &st);
    printf("%ld.%ld %ld.%ld\n", st.st_atim.tv_sec, st.st_atim.tv_nsec, st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
    t[0].tv_nsec = UTIME_OMIT;
    t[1].tv_sec = -5;
    t[1].tv_nsec = 0;
    SHOW(utimensat(AT_FDCWD, "file", t, 0));
    fstat(fd, &st);
    printf("%ld.%ld %ld.%ld\n", st.st_atim.tv_sec, st.st_atim.tv_nsec, st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
    t[1].tv_nsec = 1000000000;
    SHOW(utimensat(AT_FDCWD, "file", t, 0));
    t[1].tv_nsec = UTIME_NOW;
    SHOW(utimensat(AT_FDCWD, "file", t, 0));
    fstat(fd, &st);
    printf("now %d\n", st.st_mtim.tv_sec > 1700000000);
    SHOW(utimensat(AT_FDCWD, "none", t, 0));
    SHOW(utimensat(AT_FDCWD, "s", NULL, AT_SYMLINK_NOFOLLOW));
    SHOW(utimensat(AT_FDCWD, "file", NULL, 0x80));
    SHOW(utimes("file", NULL));

    /* Writing moves mtime and ctime, reading does not. */
    t[0] = t[1] = (struct timespec){1000, 0};
    futimens(fd, t);
    SHOW(write(fd, "x", 1));
    fstat(fd, &st);
    printf("mtime moved %d\n", st.st_mtim.tv_sec > 1000);
    SHOW(chown("file", -1, -1));
    SHOW(chown("none", -1, -1));
    SHOW(fchown(99, 0, 0));

    SHOW(mknod("node", S_IFREG | 0600, 0));
    SHOW(stat("node", &st));
    print("node", &st);
    SHOW(mknod("bad", 0170000, 0));
    SHOW(mknod("dir", S_IFDIR | 0700, 0));
    SHOW(mknod("sock", S_IFSOCK | 0700, 0));
    SHOW(stat("sock", &st));
    printf("%o\n", st.st_mode);
    SHOW(open("sock", O_RDONLY));

    struct statfs fs;
    SHOW(statfs("/proc", &fs));
    printf("%lx %d\n", (long)fs.f_type, (int)fs.f_namelen);
    SHOW(statfs(".", &fs));
    printf("%d %d\n", (int)fs.f_namelen, fs.f_blocks >= fs.f_bfree);
    SHOW(statfs("none", &fs));
    SHOW(fstatfs(fd, &fs));
    return 0;
}
