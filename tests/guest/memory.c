/* mmap, munmap, mprotect, mremap, madvise, msync, mincore, brk: results, errors and what is in the pages. */
#include "guest.h"
#include <setjmp.h>
#include <sys/mman.h>

#define PAGE 4096L

static sigjmp_buf back;
static volatile int fault;

static void on_fault(int signal, siginfo_t *info, void *context)
{
    fault = signal * 100 + info->si_code;
    siglongjmp(back, 1);
}

static int touch(volatile void *at, int write)
{
    volatile char *p = at;
    fault = 0;
    if (sigsetjmp(back, 1) == 0) {
        if (write)
            *p = 1;
        else
            (void)*p;
    }
    return fault;
}

static int sum(const unsigned char *p, long n)
{
    int total = 0;
    for (long i = 0; i < n; i++)
        total += p[i];
    return total;
}

int main(void)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, 0);
    sigaction(SIGBUS, &action, 0);

    unsigned char *p = mmap(0, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    SHOW(p == MAP_FAILED);
    SHOW(sum(p, 8 * PAGE));
    memset(p, 1, 8 * PAGE);
    SHOW(munmap(p + 2 * PAGE, PAGE));
    SHOW(touch(p + 2 * PAGE, 0));
    SHOW(touch(p + 3 * PAGE, 0));
    SHOW(munmap(p + 2 * PAGE, PAGE));
    SHOW(munmap(p + 1, PAGE));
    SHOW(munmap(p, 0));
    /* What qemu-user itself does otherwise than Linux is in tests/friscy/kernel/test_mm.py. */
    SHOW(mprotect(p, 2 * PAGE, PROT_READ));
    SHOW(touch(p + PAGE, 1));
    SHOW(touch(p + PAGE, 0));
    SHOW(touch(p + 4 * PAGE, 1));
    SHOW(mprotect(p + 3 * PAGE, 5 * PAGE, PROT_NONE));
    SHOW(touch(p + 4 * PAGE, 0));
    SHOW(mprotect(p + 3 * PAGE, 5 * PAGE, PROT_READ | PROT_WRITE));
    SHOW(sum(p + 3 * PAGE, 5 * PAGE));
    SHOW(mprotect(p + 1, PAGE, PROT_READ));
    SHOW(mprotect(p, PAGE, 0x40));

    SHOW(mmap(p + 2 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0)
         == p + 2 * PAGE);
    SHOW(mmap(p, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p);
    SHOW(sum(p, 2 * PAGE));
    SHOW((long)mmap(p + 1, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
    SHOW((long)mmap(0, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    SHOW((long)mmap(0, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0));
    SHOW((long)mmap(0, PAGE, PROT_READ, MAP_PRIVATE, -1, 0));
    SHOW((long)mmap(0, PAGE, PROT_READ, MAP_PRIVATE, 77, 0));

    memset(p, 2, 8 * PAGE);
    SHOW(madvise(p, 4 * PAGE, MADV_DONTNEED));
    SHOW(sum(p, 8 * PAGE));
    SHOW(madvise(p + 1, PAGE, MADV_DONTNEED));
    SHOW(madvise(p, PAGE, MADV_WILLNEED));
    unsigned char resident[8];
    SHOW(mincore(p, 8 * PAGE, resident));
    SHOW(resident[7] & 1);
    SHOW(mincore(p + 1, PAGE, resident));
    SHOW(mincore(p, PAGE, (void *)8));

    /* mremap */
    munmap(p, 8 * PAGE);
    p = mmap(0, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 8; i++)
        memset(p + i * PAGE, i + 1, PAGE);
    unsigned char *q = mremap(p, 8 * PAGE, 4 * PAGE, 0);
    SHOW(q == p);
    SHOW(touch(p + 4 * PAGE, 0));
    q = mremap(p, 4 * PAGE, 32 * PAGE, MREMAP_MAYMOVE);
    SHOW(q != MAP_FAILED);
    SHOW(q[0] + 10 * q[PAGE] + 100 * q[2 * PAGE] + 1000 * q[3 * PAGE] + 10000 * q[31 * PAGE]);
    unsigned char *r = mmap(0, 64 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    SHOW(mremap(q, 32 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, r + 8 * PAGE) == r + 8 * PAGE);
    SHOW(touch(q, 0));
    SHOW(r[8 * PAGE] + 10 * r[11 * PAGE]);
    SHOW(touch(r + 12 * PAGE, 0));
    SHOW((long)mremap(r + 8 * PAGE, 4 * PAGE, 8 * PAGE, 0));
    SHOW((long)mremap(r + 8 * PAGE + 1, PAGE, PAGE, 0));
    SHOW((long)mremap(r + 8 * PAGE, PAGE, PAGE, 99));
    SHOW((long)mremap(r + 8 * PAGE, 2 * PAGE, 2 * PAGE, MREMAP_FIXED, r));
    SHOW((long)mremap(r + 8 * PAGE, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, r + 9 * PAGE));

    /* files */
    char text[6001];
    memset(text, 'x', 6000);
    text[6000] = 0;
    make("file", text);
    int fd = open("file", O_RDWR), rd = open("file", O_RDONLY), wr = open("file", O_WRONLY);
    unsigned char *f = mmap(0, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    SHOW(f == MAP_FAILED);
    SHOW(f[5999]);
    SHOW(sum(f + 6000, 2 * PAGE - 6000));
    SHOW(touch(f + 2 * PAGE, 0));
    memcpy(f, "hello", 5);
    f[6100] = 'z';
    char start[8] = "";
    SHOW(pread(fd, start, 5, 0));
    printf("%s\n", start);
    SHOW(pwrite(fd, "JELLY", 5, 0));
    printf("%.5s\n", f);
    SHOW(msync(f, 2 * PAGE, MS_SYNC));
    SHOW(msync(f, 2 * PAGE, MS_SYNC | MS_ASYNC));
    SHOW(msync(f + 1, 2 * PAGE, MS_SYNC));
    f[4096] = 'Q';
    SHOW(munmap(f, 3 * PAGE));
    SHOW(msync(f, 2 * PAGE, MS_SYNC));
    SHOW(lseek(fd, 0, SEEK_END));
    show_file("file");
    SHOW(pread(rd, start, 1, 4096));
    printf("%c\n", start[0]);
    unsigned char *c = mmap(0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, rd, PAGE);
    SHOW(c[0]);
    c[0] = '!';
    SHOW(pread(rd, start, 1, 4096));
    printf("%c\n", start[0]);
    SHOW(madvise(c, PAGE, MADV_DONTNEED));
    SHOW(c[0]);
    SHOW(touch(c + PAGE, 0));
    SHOW((long)mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, rd, 0));
    SHOW((long)mmap(0, PAGE, PROT_READ, MAP_SHARED, wr, 0));
    SHOW((long)mmap(0, PAGE, PROT_READ, MAP_PRIVATE, wr, 0));
    SHOW((long)mmap(0, PAGE, PROT_READ, MAP_PRIVATE, rd, 100));
    unsigned char *s = mmap(0, PAGE, PROT_READ, MAP_SHARED, rd, 0);
    SHOW(mprotect(s, PAGE, PROT_READ | PROT_WRITE));
    int dir = open(".", O_RDONLY | O_DIRECTORY);
    SHOW((long)mmap(0, PAGE, PROT_READ, MAP_PRIVATE, dir, 0));
    SHOW(unlink("file"));
    SHOW(c[1]);

    /* brk */
    char *here = sbrk(0);
    SHOW(sbrk(3 * PAGE) == here);
    SHOW(sum((unsigned char *)here, 3 * PAGE));
    here[0] = here[3 * PAGE - 1] = 7;
    SHOW(sbrk(-3 * PAGE) == here + 3 * PAGE);
    SHOW(sbrk(3 * PAGE) == here);
    SHOW(sum((unsigned char *)here + PAGE, 2 * PAGE));
    return 0;
}
