/* clock_gettime: by system calls, from pages that become and cease to be writable, and whether time ever goes back. */
#include "guest.h"
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

#define PAGE 4096
#define APART 16 /* pages: of two that are so far apart, one is remembered to be writable */
#define ASK(clock, at) syscall(SYS_clock_gettime, (clock), (at))

static long long ns(const struct timespec *t)
{
    return t->tv_sec * 1000000000LL + t->tv_nsec;
}

static void errors(void)
{
    char *pages = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int round = 0; round < 2; round++)
        for (int clock = 0; clock < 2; clock++)
            SHOW(ASK(clock, pages));
    SHOW(ASK(99, pages));
    SHOW(ASK(CLOCK_MONOTONIC, pages + PAGE - 8));
    SHOW(mprotect(pages, PAGE, PROT_READ));
    SHOW(ASK(CLOCK_MONOTONIC, pages));
    SHOW(ASK(CLOCK_MONOTONIC, pages + PAGE));
    SHOW(ASK(CLOCK_MONOTONIC, pages + PAGE));
    SHOW(ASK(CLOCK_MONOTONIC, pages + PAGE - 8));
    SHOW(munmap(pages + PAGE, PAGE));
    SHOW(ASK(CLOCK_MONOTONIC, pages + PAGE));
    SHOW(ASK(CLOCK_MONOTONIC, pages + 2 * PAGE - 8));
    SHOW(ASK(CLOCK_MONOTONIC, pages + 2 * PAGE));
    SHOW(ASK(CLOCK_MONOTONIC, pages + 2 * PAGE));
    SHOW(ASK(CLOCK_MONOTONIC, NULL));
    SHOW(ASK(CLOCK_MONOTONIC, (void *)-16L));
}

/* Each page is asked for twice: the kernel may answer the second time in another way than the first. */
static void never_back(int clock)
{
    char *pages = mmap(NULL, (APART + 1) * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct timespec *at[2] = {(void *)pages, (void *)(pages + APART * PAGE)};
    long long last = 0, back = 0, far = 0, unfit = 0;
    for (int i = 0; i < 40000; i++) {
        struct timespec *t = at[i / 2 % 2];
        ASK(clock, t);
        long long now = ns(t);
        unfit += t->tv_nsec < 0 || t->tv_nsec >= 1000000000L;
        back += now < last;
        far += last && now > last + 60000000000LL;
        last = now;
    }
    printf("clock %d: back %lld, far %lld, unfit %lld\n", clock, back, far, unfit);
}

static void agree(void)
{
    struct timespec first, second;
    struct timeval day;
    for (int i = 0; i < 3; i++)
        ASK(CLOCK_REALTIME, &first);
    syscall(SYS_gettimeofday, &day, NULL);
    ASK(CLOCK_REALTIME, &second);
    long long between = day.tv_sec * 1000000000LL + day.tv_usec * 1000LL;
    printf("in order %d\n", ns(&first) - 1000 <= between && between <= ns(&second));
    for (int i = 0; i < 3; i++)
        ASK(CLOCK_MONOTONIC, &first);
    usleep(20000);
    ASK(CLOCK_MONOTONIC, &second);
    printf("slept %d\n", ns(&second) - ns(&first) >= 20000000);
}

int main(void)
{
    errors();
    never_back(CLOCK_REALTIME);
    never_back(CLOCK_MONOTONIC);
    agree();
    return 0;
}
