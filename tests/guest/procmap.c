/* PROCMAP_QUERY: one mapping of /proc/PID/maps, by address and by what is wanted of it. */
#include "guest.h"
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

/* linux/fs.h has these since 6.11. */
struct query {
    unsigned long size, flags, address;
    unsigned long start, end, vma_flags, page_size, offset, inode;
    unsigned dev_major, dev_minor, name_size, build_id_size;
    unsigned long name_at, build_id_at;
};
enum { READABLE = 1, WRITABLE = 2, EXECUTABLE = 4, SHARED = 8, NEXT = 16, FILE_BACKED = 32 };
#define PROCMAP_QUERY _IOWR('f', 17, struct query)
#define BASE 0x50000000UL

static int maps;

static void ask(const char *what, unsigned long address, unsigned long flags)
{
    char name[4096];
    struct stat st;
    struct query q = {sizeof q, flags, address, .name_size = sizeof name, .name_at = (unsigned long)name};
    if (ioctl(maps, PROCMAP_QUERY, &q)) {
        printf("%s: %s\n", what, strerrorname_np(errno));
        return;
    }
    printf("%s: %lx-%lx flags %lx page %lu", what, q.start - BASE, q.end - BASE, q.vma_flags, q.page_size);
    if (q.name_size)
        printf(" '%s' of %u bytes", strrchr(name, '/') ? strrchr(name, '/') : name, (unsigned)strlen(name) + 1 == q.name_size);
    if (q.inode && !stat(name, &st))
        printf(" offset %lx inode %d device %d", q.offset, st.st_ino == q.inode,
               major(st.st_dev) == q.dev_major && minor(st.st_dev) == q.dev_minor);
    printf("\n");
}

static void edges(void)
{
    char name[64];
    struct { struct query q; unsigned long more; } large = {{sizeof large, 0, BASE}, 0};
    struct query q = {sizeof q, 0, BASE};
    SHOW(ioctl(maps, PROCMAP_QUERY, &large));
    large.more = 1;
    SHOW(ioctl(maps, PROCMAP_QUERY, &large));
    q.size = 16;
    q.start = 1;
    SHOW(ioctl(maps, PROCMAP_QUERY, &q));
    q.size = 8;
    SHOW(ioctl(maps, PROCMAP_QUERY, &q));
    q.size = 4097;
    SHOW(ioctl(maps, PROCMAP_QUERY, &q));
    q.size = 24;
    SHOW(ioctl(maps, PROCMAP_QUERY, &q));
    q = (struct query){32, 0, BASE};
    SHOW(ioctl(maps, PROCMAP_QUERY, &q));
    printf("only the start: %lx %lx\n", q.start - BASE, q.end);
    q = (struct query){sizeof q, 64, BASE};
    SHOW(ioctl(maps, PROCMAP_QUERY, &q));
    q = (struct query){sizeof q, 0, BASE, .name_size = 64};
    SHOW(ioctl(maps, PROCMAP_QUERY, &q));
    q = (struct query){sizeof q, 0, BASE, .name_at = (unsigned long)name};
    SHOW(ioctl(maps, PROCMAP_QUERY, &q));
    q = (struct query){sizeof q, 0, BASE, .build_id_size = 20};
    SHOW(ioctl(maps, PROCMAP_QUERY, &q));
    q = (struct query){sizeof q, 0, BASE + 0x2000, .name_size = 4, .name_at = (unsigned long)name};
    SHOW(ioctl(maps, PROCMAP_QUERY, &q));
    q = (struct query){sizeof q, 0, BASE + 0x2000, .name_size = 4096, .name_at = 8};
    SHOW(ioctl(maps, PROCMAP_QUERY, &q));
    SHOW(ioctl(maps, PROCMAP_QUERY, 8));
    SHOW(ioctl(maps, 0x6612, &q));
}

static void build_id(void)
{
    unsigned char id[64], none[20] = {0};
    struct query q = {sizeof q, 0, (unsigned long)build_id, .build_id_size = 64, .build_id_at = (unsigned long)id};
    SHOW(ioctl(maps, PROCMAP_QUERY, &q));
    printf("a build id of %u bytes, zeros %d\n", q.build_id_size, !memcmp(id, none, 20));
    q.build_id_size = 19;
    SHOW(ioctl(maps, PROCMAP_QUERY, &q));
    q = (struct query){sizeof q, 0, BASE + 0x2000, .build_id_size = 64, .build_id_at = (unsigned long)id};
    SHOW(ioctl(maps, PROCMAP_QUERY, &q));
    printf("of a file that is no program: %u bytes\n", q.build_id_size);
}

int main(void)
{
    int fixed = MAP_FIXED_NOREPLACE, fd = open("a file", O_RDWR | O_CREAT | O_TRUNC, 0644);
    ftruncate(fd, 0x4000);
    mmap((void *)BASE, 0x1000, PROT_READ | PROT_WRITE, fixed | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mmap((void *)(BASE + 0x2000), 0x2000, PROT_READ, fixed | MAP_PRIVATE, fd, 0x1000);
    mmap((void *)(BASE + 0x4000), 0x1000, PROT_READ | PROT_WRITE, fixed | MAP_SHARED, fd, 0);
    mmap((void *)(BASE + 0x5000), 0x1000, PROT_NONE, fixed | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mmap((void *)(BASE + 0x7000), 0x1000, PROT_READ, fixed | MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    maps = open("/proc/self/maps", O_RDONLY);
    ask("first byte", BASE, 0);
    ask("last byte", BASE + 0xfff, 0);
    ask("in a gap", BASE + 0x1000, 0);
    ask("in a gap, the next", BASE + 0x1000, NEXT);
    ask("a file's", BASE + 0x2000, FILE_BACKED);
    ask("no file's", BASE, FILE_BACKED);
    ask("the next file's", BASE, FILE_BACKED | NEXT);
    ask("writable and a file's", BASE + 0x2000, FILE_BACKED | WRITABLE);
    ask("the next that is writable and a file's", BASE + 0x2000, FILE_BACKED | WRITABLE | NEXT);
    ask("no access", BASE + 0x5000, 0);
    ask("the next readable", BASE + 0x5000, READABLE | NEXT);
    ask("the next shared", BASE, SHARED | NEXT);
    ask("shared without a name", BASE + 0x7000, SHARED | FILE_BACKED);
    ask("nothing there", -4096UL, 0);
    edges();
    build_id();
    close(maps);
    int end[2];
    char path[32];
    pipe(end);
    pid_t child = fork();
    if (!child) {
        read(end[0], path, 1);
        _exit(0);
    }
    snprintf(path, sizeof path, "/proc/%d/maps", child);
    maps = open(path, O_RDONLY);
    ask("a child's", BASE + 0x2000, 0);
    write(end[1], "", 1);
    wait(NULL);
    ask("a child's that has ended", BASE + 0x2000, 0);
    SHOW(read(maps, path, 1));
    maps = open("/proc/self/smaps", O_RDONLY);
    ask("smaps", BASE, 0);
    return 0;
}
