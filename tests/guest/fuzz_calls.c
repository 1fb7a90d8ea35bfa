/* fuzz_calls SEED CALLS [NUMBER...]: random system calls (of these numbers) with random arguments, in forked children.
 *
 * A child makes up to 200 calls and is replaced when it dies or hangs; a timer interrupts what blocks. Arguments are
 * descriptors of every kind, edges of the integers, and pointers: good, read-only, unmapped, at the end of a page, into
 * buffers with random structures. SEED and the number of a child determine its calls. Ends with 0 when all are made. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 200, LAST = 480, PAGES = 8, PAGE = 4096 };

static uint64_t state;
static char *memory, *sealed, *hole;
static const char *paths[] = {
    "file", "dir", "dir/inner", "link", "fifo", "missing", "", "/", ".", "..", "/proc/self/fd/3", "/proc/self/mem",
    "/proc/self/maps", "/proc/1/status", "/dev/null", "/dev/zero", "/dev/ptmx", "/dev/tty", "/proc/self/exe", "/tmp/x",
    "/granted/file", "/granted", "/proc/sys/kernel/hostname", "/dev/shm/y",
};

static uint64_t next(void) /* xorshift64* */
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x2545F4914F6CDD1DULL;
}

static uint64_t integer(void)
{
    static const uint64_t edges[] = {
        0, 1, 2, 3, 7, 8, 16, 64, 100, 255, 256, 511, 512, 1000, 4095, 4096, 4097, 65535, 65536, 1 << 20,
        0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x7fffffffffffffff, 0x8000000000000000,
        -1, -2, -100, -4095, -4096, 0xfffff000,
    };
    switch (next() % 4) {
    case 0: return next() % 32;
    case 1: return edges[next() % (sizeof edges / sizeof *edges)];
    case 2: return 1ULL << next() % 64;
    default: return next() >> next() % 64;
    }
}

static uint64_t pointer(void)
{
    uint64_t inside = (uint64_t)memory + next() % (PAGES * PAGE);
    switch (next() % 12) {
    case 0: return 0;
    case 1: return (uint64_t)hole + next() % PAGE;
    case 2: return (uint64_t)sealed + next() % PAGE;
    case 3: return (uint64_t)memory + PAGES * PAGE - next() % 64; /* runs into the hole */
    case 4: return integer();
    case 5: return inside;
    case 6: return (uint64_t)paths[next() % (sizeof paths / sizeof *paths)];
    default: return inside & ~7ULL;
    }
}

static uint64_t argument(void)
{
    switch (next() % 8) {
    case 0: case 1: return next() % 20; /* a descriptor, a small number */
    case 2: case 3: return integer();
    default: return pointer();
    }
}

static void fill(void) /* structures: small numbers, pointers, descriptors, noise */
{
    uint64_t *words = (uint64_t *)memory;
    for (int i = 0; i < 64; i++) {
        uint64_t at = next() % (PAGES * PAGE / 8);
        words[at] = next() % 3 == 0 ? pointer() : next() % 2 ? integer() : integer() << 32 | (uint32_t)integer();
    }
    strcpy(memory + next() % PAGE, paths[next() % (sizeof paths / sizeof *paths)]);
}

static void nothing(int signal)
{
    (void)signal;
}

static void prepare(void)
{
    int pair[2];
    mkdir("dir", 0755);
    symlink("file", "link");
    mkfifo("fifo", 0644);
    dup2(open("file", O_RDWR | O_CREAT, 0644), 3);
    open("dir", O_RDONLY | O_DIRECTORY);
    pipe(pair);
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
    socket(AF_INET, SOCK_STREAM, 0);
    epoll_create1(0);
    eventfd(0, 0);
    timerfd_create(CLOCK_MONOTONIC, 0);
    memfd_create("memfd", MFD_ALLOW_SEALING);
    open("/proc/self/status", O_RDONLY);
    open("/dev/ptmx", O_RDWR | O_NOCTTY);
    signal(SIGALRM, nothing);
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 5000}, {0, 5000}}, NULL);
}

static void child(int calls, const int *numbers, int count)
{
    pid_t self = getpid();
    for (int number = 1; number < 65; number++)
        signal(number, SIG_DFL);
    prepare();
    while (calls-- > 0) {
        int number = count ? numbers[next() % count] : (int)(next() % LAST);
        if (number == SYS_exit || number == SYS_exit_group || (number == SYS_rt_sigreturn && next() % 20))
            continue;
        if (next() % 4 == 0)
            fill();
        uint64_t a[6];
        for (int i = 0; i < 6; i++)
            a[i] = argument();
        syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
        if (syscall(SYS_getpid) != self || syscall(SYS_gettid) != self)
            _exit(0); /* a child that the call made */
    }
    _exit(0);
}

int main(int argc, char **argv)
{
    uint64_t seed = strtoull(argv[1], NULL, 0);
    int calls = atoi(argv[2]), count = argc - 3, numbers[512];
    for (int i = 0; i < count && i < 512; i++)
        numbers[i] = atoi(argv[i + 3]);
    memory = mmap(NULL, (PAGES + 2) * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    hole = memory + PAGES * PAGE;
    sealed = hole + PAGE;
    mprotect(sealed, PAGE, PROT_READ);
    munmap(hole, PAGE);
    if (chdir("/tmp"))
        return 2;
    for (int number = 1; number < 65; number++) /* children know how to kill */
        signal(number, nothing);
    signal(SIGCHLD, SIG_DFL);
    for (int batch = 0; calls > 0; batch++, calls -= BATCH) {
        pid_t pid = fork();
        if (pid == 0) {
            state = (seed + 1) * 0x9E3779B97F4A7C15ULL + batch * 0xD1B54A32D192ED03ULL;
            setpgid(0, 0);
            child(calls < BATCH ? calls : BATCH, numbers, count);
        }
        struct timespec start, now;
        clock_gettime(CLOCK_MONOTONIC, &start);
        for (;;) {
            pid_t ended = waitpid(pid, NULL, WNOHANG);
            if (ended == pid || ended < 0)
                break;
            clock_gettime(CLOCK_MONOTONIC, &now);
            if ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 > 300) {
                kill(pid, SIGKILL);
                kill(pid, SIGCONT);
            }
            usleep(500);
        }
        kill(-pid, SIGKILL); /* what it left */
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
    }
    printf("done\n");
    return 0;
}
