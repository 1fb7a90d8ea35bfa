/* Mappings of files as Linux has them: ends of files, seals, mremap, advice, residency, locked memory. */
#include "guest.h"
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define PAGE 4096L
#define RW (PROT_READ | PROT_WRITE)

static sigjmp_buf back;
static volatile int fault;
static volatile char *place;
static volatile long distance;

static void on_fault(int signal, siginfo_t *info, void *context)
{
    fault = signal * 100 + info->si_code;
    distance = (volatile char *)info->si_addr - place;
    siglongjmp(back, 1);
}

static int touch(volatile void *at, int write)
{
    place = at;
    fault = distance = 0;
    if (sigsetjmp(back, 1) == 0) {
        if (write)
            *place = 1;
        else
            (void)*place;
    }
    return fault + distance;
}

static const char *failed(void *result)
{
    return result == MAP_FAILED ? strerrorname_np(errno) : "mapped";
}

static void *map(int fd, long length, int prot, int flags)
{
    return mmap(NULL, length, prot, flags, fd, 0);
}

static void file_ends(void)
{
    static char data[6 * PAGE];
    memset(data, 'f', sizeof data);
    int fd = open("ends", O_RDWR | O_CREAT, 0644);
    write(fd, data, 2 * PAGE + 100);
    char *shared = map(fd, 5 * PAGE, RW, MAP_SHARED), *private = map(fd, 5 * PAGE, RW, MAP_PRIVATE);
    SHOW(touch(shared + 2 * PAGE, 1));
    SHOW(touch(shared + 3 * PAGE, 0));
    SHOW(touch(private + 3 * PAGE, 1));
    private[2 * PAGE] = 'P';
    SHOW(pwrite(fd, data, PAGE, 3 * PAGE));
    SHOW(touch(shared + 3 * PAGE, 0));
    SHOW(shared[3 * PAGE]);
    SHOW(touch(shared + 4 * PAGE, 0));
    SHOW(ftruncate(fd, PAGE + 10));
    SHOW(touch(shared + PAGE + 20, 0));
    SHOW(shared[PAGE + 9]);
    SHOW(shared[PAGE + 10]);
    SHOW(touch(shared + 2 * PAGE, 0));
    SHOW(touch(private + 2 * PAGE, 0));
    SHOW(read(open("/dev/zero", O_RDONLY), shared + 2 * PAGE, 1));
    SHOW(truncate("ends", 5 * PAGE));
    SHOW(touch(shared + 4 * PAGE, 1));
    SHOW(touch(private + 4 * PAGE, 0));
    SHOW(private[2 * PAGE]);
    SHOW(close(open("ends", O_RDWR | O_TRUNC)));
    SHOW(touch(shared, 0));
    SHOW(touch(private, 0));
    SHOW(munmap(shared, 5 * PAGE) + munmap(private, 5 * PAGE) + close(fd));
}

static void sealed(void)
{
    int fd = memfd_create("sealed", MFD_ALLOW_SEALING);
    ftruncate(fd, 2 * PAGE);
    char *writable = map(fd, PAGE, RW, MAP_SHARED);
    SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    SHOW(munmap(writable, PAGE));
    char *readable = map(fd, PAGE, PROT_READ, MAP_SHARED);
    SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    munmap(readable, PAGE);
    SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    printf("%s\n", failed(map(fd, PAGE, RW, MAP_SHARED)));
    readable = map(fd, PAGE, PROT_READ, MAP_SHARED);
    printf("%s\n", failed(readable));
    SHOW(mprotect(readable, PAGE, RW));
    char *private = map(fd, PAGE, RW, MAP_PRIVATE);
    printf("%s\n", failed(private));
    SHOW(touch(private, 1));
    SHOW(fcntl(fd, F_GET_SEALS));
    close(fd);
    fd = memfd_create("future", MFD_ALLOW_SEALING);
    ftruncate(fd, 2 * PAGE);
    writable = map(fd, PAGE, RW, MAP_SHARED);
    SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
    SHOW(touch(writable, 1));
    printf("%s\n", failed(map(fd, PAGE, RW, MAP_SHARED)));
    readable = map(fd, PAGE, PROT_READ, MAP_SHARED);
    printf("%s\n", failed(readable));
    SHOW(mprotect(readable, PAGE, RW));
    SHOW(mprotect(writable, PAGE, PROT_READ) + mprotect(writable, PAGE, RW));
    SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW));
    SHOW(ftruncate(fd, PAGE));
    SHOW(ftruncate(fd, 3 * PAGE));
    close(fd);
}

static void moved(void)
{
    char *shared = mmap(NULL, 4 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 4; i++)
        shared[i * PAGE] = 'a' + i;
    char *second = mremap(shared, 0, 4 * PAGE, MREMAP_MAYMOVE);
    SHOW(second != MAP_FAILED && second != shared);
    second[PAGE] = 'X';
    SHOW(shared[PAGE]);
    char *part = mremap(shared + 2 * PAGE, 0, 2 * PAGE, MREMAP_MAYMOVE);
    SHOW(part[0]);
    SHOW((long)mremap(shared, 0, PAGE, 0));
    char *room = mmap(NULL, 16 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *there = mremap(shared, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, room + PAGE);
    SHOW(there == room + PAGE);
    there[3 * PAGE] = 'Y';
    SHOW(second[3 * PAGE]);
    SHOW(touch(shared, 0));
    if (!fork()) {
        there[0] = 'C';
        _exit(0);
    }
    wait(NULL);
    SHOW(second[0]);
    /* Past its end, the object has no bytes. */
    char *longer = mremap(second, 4 * PAGE, 6 * PAGE, MREMAP_MAYMOVE);
    SHOW(longer[PAGE]);
    SHOW(touch(longer + 4 * PAGE, 0));
    char *anonymous = mmap(NULL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    SHOW((long)mremap(anonymous, 0, PAGE, MREMAP_MAYMOVE));
    int fd = open("moved", O_RDWR | O_CREAT, 0644);
    ftruncate(fd, 8 * PAGE);
    char *file = map(fd, 4 * PAGE, RW, MAP_SHARED);
    file[0] = 'f';
    char *copy = mremap(file, 0, 8 * PAGE, MREMAP_MAYMOVE);
    SHOW(copy[0]);
    copy[7 * PAGE] = 'g';
    char byte;
    SHOW(msync(copy, 8 * PAGE, MS_SYNC));
    SHOW(pread(fd, &byte, 1, 7 * PAGE));
    SHOW(byte);
    char *left = mremap(file, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP);
    SHOW(left != MAP_FAILED);
    SHOW(left[0]);
    SHOW(file[0]);
    char *private = map(fd, PAGE, RW, MAP_PRIVATE);
    SHOW((long)mremap(private, 0, PAGE, MREMAP_MAYMOVE));
    close(fd);
}

static void advised(void)
{
    int fd = open("advised", O_RDWR | O_CREAT, 0644);
    ftruncate(fd, 4 * PAGE);
    pwrite(fd, "file", 4, PAGE);
    char *private = map(fd, 4 * PAGE, RW, MAP_PRIVATE), *shared = map(fd, 4 * PAGE, RW, MAP_SHARED);
    private[PAGE] = 'P';
    shared[2 * PAGE] = 'S';
    SHOW(madvise(private, 4 * PAGE, MADV_DONTNEED));
    SHOW(private[PAGE]);
    SHOW(madvise(shared, 4 * PAGE, MADV_DONTNEED));
    SHOW(shared[2 * PAGE]);
    SHOW(madvise(shared, 4 * PAGE, MADV_FREE));
    SHOW(madvise(private, 4 * PAGE, MADV_FREE));
    SHOW(madvise(private, PAGE, MADV_REMOVE));
    SHOW(madvise(shared + PAGE, PAGE, MADV_REMOVE));
    SHOW(shared[PAGE]);
    char byte = 1;
    pread(fd, &byte, 1, PAGE);
    SHOW(byte);
    SHOW(madvise(shared, 4 * PAGE, MADV_POPULATE_READ));
    SHOW(madvise(private, 4 * PAGE, MADV_POPULATE_WRITE));
    char *readonly = map(fd, PAGE, PROT_READ, MAP_PRIVATE);
    SHOW(madvise(readonly, PAGE, MADV_POPULATE_WRITE));
    char *long_one = map(fd, 6 * PAGE, PROT_READ, MAP_SHARED);
    SHOW(madvise(long_one, 6 * PAGE, MADV_POPULATE_READ));
    SHOW(madvise(long_one, PAGE, MADV_REMOVE));
    char *none = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    SHOW(madvise(none, PAGE, MADV_POPULATE_READ));
    SHOW(madvise(none, PAGE, MADV_WILLNEED));
    char *anonymous = mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(anonymous + PAGE, PAGE);
    memset(anonymous, 'a', PAGE);
    memset(anonymous + 2 * PAGE, 'a', 2 * PAGE);
    SHOW(madvise(anonymous, 4 * PAGE, MADV_DONTNEED));
    SHOW(anonymous[0] + anonymous[3 * PAGE]);
    SHOW(madvise(anonymous, 4 * PAGE, MADV_FREE));
    SHOW(madvise(anonymous, PAGE, 99));
    SHOW(madvise(anonymous, PAGE, MADV_REMOVE));
    SHOW(msync(anonymous, PAGE, MS_SYNC));
    SHOW(msync(anonymous, 4 * PAGE, MS_SYNC));
    SHOW(msync(anonymous + 1, PAGE, MS_SYNC));
    SHOW(msync(anonymous, PAGE, MS_SYNC | MS_ASYNC));
    SHOW(msync(anonymous, PAGE, 64));
    SHOW(msync(shared, 4 * PAGE, 0));
    SHOW(msync(shared, 0, MS_SYNC));
    SHOW(msync(shared, -PAGE, MS_SYNC));
    close(fd);
}

static void resident(void)
{
    unsigned char vector[8];
    char *p = mmap(NULL, 8 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    p[2 * PAGE] = p[3 * PAGE] = p[7 * PAGE] = 1;
    memset(vector, 9, sizeof vector);
    SHOW(mincore(p, 8 * PAGE, vector));
    for (int i = 0; i < 8; i++)
        printf("%d", vector[i]);
    printf("\n");
    madvise(p + 3 * PAGE, PAGE, MADV_DONTNEED);
    mlock(p + 5 * PAGE, PAGE);
    SHOW(mincore(p, 8 * PAGE, vector));
    for (int i = 0; i < 8; i++)
        printf("%d", vector[i]);
    printf("\n");
    munmap(p + 4 * PAGE, PAGE);
    SHOW(mincore(p, 8 * PAGE, vector));
    SHOW(mincore(p, 0, vector));
    SHOW(mincore(p, PAGE, (void *)8));
    SHOW(mincore(p, -1, vector));
}

static long locked_kb(void)
{
    char line[200];
    long kb = -1;
    FILE *status = fopen("/proc/self/status", "r");
    while (fgets(line, sizeof line, status))
        sscanf(line, "VmLck: %ld", &kb);
    fclose(status);
    return kb;
}

static void locked(void)
{
    long before = locked_kb();
    char *p = mmap(NULL, 64 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    SHOW(locked_kb() - before);
    SHOW(mlock(p + 10, 4 * PAGE));
    SHOW(locked_kb() - before);
    SHOW(mlock2(p, 2 * PAGE, MLOCK_ONFAULT));
    SHOW(locked_kb() - before);
    SHOW(munlock(p + PAGE, PAGE));
    SHOW(locked_kb() - before);
    SHOW(madvise(p, PAGE, MADV_DONTNEED));
    SHOW(munmap(p, 2 * PAGE));
    SHOW(locked_kb() - before);
    SHOW(msync(p + 2 * PAGE, PAGE, MS_INVALIDATE));
    SHOW(mlock(p + 60 * PAGE, 8 * PAGE));
    SHOW(munlock(p, PAGE));
    SHOW(mlock2(p + 2 * PAGE, PAGE, 2));
    SHOW(munlockall());
    SHOW(locked_kb() - before);
    SHOW(mlockall(0));
    SHOW(mlockall(MCL_ONFAULT));
    if (!fork()) {
        SHOW(mlock(p + 8 * PAGE, PAGE));
        if (!fork()) {
            SHOW(locked_kb() - before);
            fflush(stdout);
            _exit(0);
        }
        wait(NULL);
        struct rlimit limit = {8 * PAGE, 8 * PAGE};
        SHOW(setrlimit(RLIMIT_MEMLOCK, &limit));
        SHOW(setresuid(1000, 1000, 1000));
        SHOW(mlock(p + 16 * PAGE, 7 * PAGE));
        SHOW(mlock(p + 16 * PAGE, 8 * PAGE));
        SHOW(mlock(p + 24 * PAGE, PAGE));
        SHOW(munlock(p + 16 * PAGE, PAGE));
        SHOW(mlock(p + 24 * PAGE, PAGE));
        printf("%s\n", failed(mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0)));
        SHOW(mlockall(MCL_CURRENT));
        SHOW(mlockall(MCL_FUTURE));
        printf("%s\n", failed(mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)));
        limit.rlim_cur = 0;
        SHOW(munlockall());
        SHOW(setrlimit(RLIMIT_MEMLOCK, &limit));
        SHOW(mlock(p + 16 * PAGE, PAGE));
        SHOW(mlockall(MCL_CURRENT));
        SHOW(munlock(p + 16 * PAGE, PAGE));
        fflush(stdout);
        _exit(0);
    }
    wait(NULL);
    char *q = mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
    SHOW(locked_kb() - before);
    munmap(q, 4 * PAGE);
    SHOW(locked_kb() - before);
}

static void grown(void)
{
    char *room = mmap(NULL, 1024 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(room, 1024 * PAGE);
    char *top = room + 1000 * PAGE;
    char *stack = mmap(top, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
    SHOW(stack == top);
    SHOW(touch(top - 1, 1));
    SHOW(touch(top - 5 * PAGE, 1));
    SHOW(touch(top - 3 * PAGE, 0));
    memset(top - 20 * PAGE, 's', PAGE);
    SHOW(write(open("/dev/null", O_WRONLY), top - 30 * PAGE, 30 * PAGE));
    SHOW(mprotect(top, PAGE, PROT_READ | PROT_GROWSDOWN));
    SHOW(touch(top - 4 * PAGE, 1));
    SHOW(touch(top - 35 * PAGE, 0));
    SHOW(munmap(room, 1024 * PAGE));
}

static void validated(void)
{
    make("valid", "text");
    int fd = open("valid", O_RDWR);
    SHOW(munmap(mmap(NULL, PAGE, RW, MAP_SHARED_VALIDATE | MAP_POPULATE, fd, 0), PAGE));
    SHOW(mmap(NULL, PAGE, RW, MAP_SHARED_VALIDATE | 1 << 10, fd, 0) == MAP_FAILED ? -1 : 0);
    SHOW(mmap(NULL, PAGE, RW, MAP_SHARED_VALIDATE | MAP_SYNC, fd, 0) == MAP_FAILED ? -1 : 0);
    SHOW(munmap(mmap(NULL, PAGE, RW, MAP_SHARED | 1 << 10, fd, 0), PAGE));
    SHOW(mmap(NULL, PAGE, RW, MAP_SHARED_VALIDATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0);
    close(fd);
}

int main(void)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigaction(SIGSEGV, &action, 0);
    sigaction(SIGBUS, &action, 0);
    setvbuf(stdout, NULL, _IOLBF, 0);
    file_ends();
    sealed();
    moved();
    advised();
    resident();
    locked();
    grown();
    validated();
    return 0;
}
