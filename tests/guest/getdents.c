/* getdents64(2): entries, types, offsets, small buffers, and a directory that changes while it is read. */
#include "guest.h"
#include <dirent.h>

struct entry {
    unsigned long ino;
    long off;
    unsigned short reclen;
    unsigned char type;
    char name[];
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char **)a, *(char **)b);
}

int main(void)
{
    char buffer[4096], *lines[200];
    struct stat st;
    int count = 0;
    long n, off[8];
    mkdir("d", 0755);
    mkdir("d/sub", 0755);
    make("d/file", "x");
    symlink("file", "d/link");
    mkfifo("d/fifo", 0644);
    for (int i = 0; i < 40; i++) {
        char name[300];
        snprintf(name, sizeof name, "d/%.*s%d", i * 6, "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
            "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
            "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn", i);
        make(name, "");
    }
    int d = open("d", O_RDONLY | O_DIRECTORY);
    SHOW(syscall(SYS_getdents64, d, buffer, 20));
    SHOW(syscall(SYS_getdents64, d, buffer, 23));
    int calls = 0;
    while ((n = syscall(SYS_getdents64, d, buffer, 600)) > 0) {
        calls++;
        for (long at = 0; at < n;) {
            struct entry *e = (void *)(buffer + at);
            char line[400];
            int same = !strcmp(e->name, "..") || (!fstatat(d, e->name, &st, AT_SYMLINK_NOFOLLOW) && st.st_ino == e->ino);
            snprintf(line, sizeof line, "%s type %d ino %d reclen %d", e->name, e->type, same, e->reclen);
            lines[count++] = strdup(line);
            at += e->reclen;
        }
    }
    SHOW(n);
    printf("several calls %d\n", calls > 5);
    qsort(lines, count, sizeof *lines, by_name);
    for (int i = 0; i < count; i++)
        puts(lines[i]);
    SHOW(syscall(SYS_getdents64, d, buffer, sizeof buffer));
    SHOW(lseek(d, 0, SEEK_SET));
    SHOW(syscall(SYS_getdents64, d, buffer, sizeof buffer) > 0);
    int f = open("d/file", O_RDONLY), p = open("d", O_PATH);
    SHOW(syscall(SYS_getdents64, f, buffer, sizeof buffer));
    SHOW(syscall(SYS_getdents64, p, buffer, sizeof buffer));
    SHOW(syscall(SYS_getdents64, 99, buffer, sizeof buffer));
    SHOW(read(d, buffer, 10));
    SHOW(write(d, buffer, 10));

    /* telldir and seekdir come back to the same entry. */
    DIR *dir = opendir("d");
    struct dirent *e;
    for (int i = 0; i < 5; i++)
        e = readdir(dir);
    long place = telldir(dir);
    e = readdir(dir);
    char *sixth = strdup(e->d_name);
    while (readdir(dir))
        ;
    seekdir(dir, place);
    e = readdir(dir);
    printf("seekdir %d\n", e && !strcmp(e->d_name, sixth));
    rewinddir(dir);

    /* Remove everything while walking: each name is seen. */
    int removed = 0;
    while ((e = readdir(dir)))
        if (e->d_name[0] != '.' && !unlinkat(dirfd(dir), e->d_name, e->d_type == DT_DIR ? AT_REMOVEDIR : 0))
            removed++;
    SHOW(removed);
    SHOW(rmdir("d"));
    SHOW(syscall(SYS_getdents64, d, buffer, sizeof buffer));
    SHOW(fstat(d, &st));
    printf("nlink %d\n", (int)st.st_nlink);
    return 0;
}
