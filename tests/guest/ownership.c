/* Futexes with owners (PI), futex_waitv and the futex2 calls, every FUTEX_WAKE_OP, dying owners, time-outs. */
#include "guest.h"
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#define SYS_waitv 449
#define SYS_wake2 454
#define SYS_wait2 455
#define SYS_requeue2 456

struct waitv {
    unsigned long val, uaddr;
    unsigned flags, reserved;
};

static int word, second, condition;
static volatile int tid_of[8], step;

static long futex(int *address, int op, int value, void *timeout, int *other, int third)
{
    return syscall(SYS_futex, address, op, value, timeout, other, third);
}

static const char *owner(int value)
{
    static char text[64];
    int tid = value & FUTEX_TID_MASK;
    const char *who = tid == 0 ? "nobody" : tid == gettid() ? "me" : "another";
    sprintf(text, "%s%s%s", who, value & FUTEX_WAITERS ? " waiters" : "", value & FUTEX_OWNER_DIED ? " died" : "");
    return text;
}

/* Until a thread sleeps: its state in /proc would do, but the word tells as well. */
static void until_waited_for(int *address)
{
    while (!(*(volatile int *)address & FUTEX_WAITERS))
        sched_yield();
}

static void *lock_it(void *argument)
{
    tid_of[(long)argument] = gettid();
    long result = futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0);
    step = step * 10 + (long)argument;
    if (result == 0)
        futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0);
    return (void *)(result == -1 ? -errno : result);
}

static void *take_and_die(void *argument)
{
    futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0);
    tid_of[0] = gettid();
    until_waited_for(&word);
    return NULL;
}

static void locking(void)
{
    pthread_t thread;
    void *result;
    SHOW(futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
    printf("%s\n", owner(word));
    SHOW(futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
    SHOW(futex(&word, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0));
    SHOW(futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
    printf("%s\n", owner(word));
    SHOW(futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
    SHOW(futex(&word, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0));
    word = 0x3ffffff0;
    SHOW(futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
    word = FUTEX_OWNER_DIED;
    SHOW(futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
    printf("%s\n", owner(word));
    SHOW(futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
    printf("%s\n", owner(word));
    SHOW(futex((int *)8, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
    SHOW(futex((int *)((char *)&word + 2), FUTEX_LOCK_PI, 0, NULL, NULL, 0));

    SHOW(futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0));
    pthread_create(&thread, NULL, lock_it, (void *)1);
    until_waited_for(&word);
    printf("%s\n", owner(word));
    SHOW(futex(&word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
    SHOW(futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0));
    pthread_join(thread, &result);
    printf("handed over: %ld, now %s\n", (long)result, owner(word));

    struct timespec soon;
    for (int i = 0; i < 2; i++) {
        pthread_create(&thread, NULL, take_and_die, NULL);
        while (!(word & FUTEX_TID_MASK))
            sched_yield();
        clock_gettime(i ? CLOCK_MONOTONIC : CLOCK_REALTIME, &soon);
        if ((soon.tv_nsec += 10000000) >= 1000000000)
            soon.tv_sec++, soon.tv_nsec -= 1000000000;
        if (i)
            SHOW(futex(&word, FUTEX_LOCK_PI2_PRIVATE, 0, &soon, NULL, 0) >= -1);
        else
            SHOW(futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0));
        pthread_join(thread, NULL);
        if (i)
            futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0);
        printf("the owner died: %d %d\n", (word & FUTEX_TID_MASK) == gettid(), !!(word & FUTEX_OWNER_DIED) | i);
        SHOW(futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0));
        word = 0;
    }
}

static void *hold(void *argument)
{
    futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0);
    tid_of[0] = gettid();
    while (!step)
        sched_yield();
    futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0);
    return NULL;
}

static void time_outs(void)
{
    pthread_t thread;
    struct timespec past = {1, 0}, soon;
    step = tid_of[0] = 0;
    pthread_create(&thread, NULL, hold, NULL);
    while (!tid_of[0])
        sched_yield();
    SHOW(futex(&word, FUTEX_TRYLOCK_PI_PRIVATE, 0, NULL, NULL, 0));
    SHOW(futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, &past, NULL, 0));
    SHOW(futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0));
    SHOW(futex(&word, FUTEX_LOCK_PI_PRIVATE | FUTEX_CLOCK_REALTIME, 0, &past, NULL, 0));
    clock_gettime(CLOCK_MONOTONIC, &soon);
    SHOW(futex(&word, FUTEX_LOCK_PI2_PRIVATE, 0, &soon, NULL, 0));
    clock_gettime(CLOCK_REALTIME, &soon);
    SHOW(futex(&word, FUTEX_LOCK_PI2_PRIVATE | FUTEX_CLOCK_REALTIME, 0, &soon, NULL, 0));
    past.tv_nsec = -1;
    SHOW(futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, &past, NULL, 0));
    step = 1;
    pthread_join(thread, NULL);
    printf("%s\n", owner(word));
    SHOW(futex(&second, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &soon, NULL, -1));
    SHOW(futex(&second, FUTEX_WAIT_BITSET, 0, NULL, NULL, 0));
    SHOW(futex(&second, 77, 0, NULL, NULL, 0));
    SHOW(futex(&second, FUTEX_WAKE | FUTEX_CLOCK_REALTIME, 0, NULL, NULL, 0));
}

/* A condition variable with a PI mutex, as the C library would have it. */
static void *wait_on_condition(void *argument)
{
    tid_of[(long)argument] = gettid();
    long result = futex(&condition, FUTEX_WAIT_REQUEUE_PI_PRIVATE, 0, NULL, &word, 0);
    int mine = (word & FUTEX_TID_MASK) == gettid();
    futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0);
    return (void *)(result == -1 ? -errno : 10 + mine);
}

static void requeueing(void)
{
    pthread_t threads[3];
    void *result;
    SHOW(futex(&condition, FUTEX_WAIT_REQUEUE_PI_PRIVATE, 0, NULL, &condition, 0));
    SHOW(futex(&condition, FUTEX_WAIT_REQUEUE_PI_PRIVATE, 1, NULL, &word, 0));
    SHOW(futex(&condition, FUTEX_CMP_REQUEUE_PI_PRIVATE, 2, (void *)9, &word, 0));
    SHOW(futex(&condition, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, (void *)9, &condition, 0));
    SHOW(futex(&condition, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, (void *)9, &word, 1));
    SHOW(futex(&condition, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, (void *)9, &word, 0));
    struct timespec past = {1, 0};
    SHOW(futex(&condition, FUTEX_WAIT_REQUEUE_PI_PRIVATE, 0, &past, &word, 0));
    for (long i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, wait_on_condition, (void *)i);
    futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0);
    int moved = 0;
    while (moved < 3) {
        struct timespec moment = {0, 1000000};
        nanosleep(&moment, NULL);
        moved += futex(&condition, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, (void *)9, &word, 0);
    }
    printf("moved %d, %s\n", moved, owner(word));
    futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0);
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], &result);
        printf("waited %ld\n", (long)result);
    }
    printf("%s\n", owner(word));
}

static void operations(void)
{
    int ops[] = {FUTEX_OP_SET, FUTEX_OP_ADD, FUTEX_OP_OR, FUTEX_OP_ANDN, FUTEX_OP_XOR, 5};
    for (int i = 0; i < 6; i++) {
        second = 0x1234;
        long r = futex(&word, FUTEX_WAKE_OP, 1, (void *)1, &second, FUTEX_OP(ops[i], 0x7f0, FUTEX_OP_CMP_EQ, 0));
        printf("op %d: %ld %s, %x\n", ops[i], r, r < 0 ? strerrorname_np(errno) : "", second);
        second = 0x1234;
        r = futex(&word, FUTEX_WAKE_OP, 1, (void *)1, &second, FUTEX_OP(ops[i] | 8, 5, FUTEX_OP_CMP_NE, 0));
        printf("op %d shifted: %ld %s, %x\n", ops[i], r, r < 0 ? strerrorname_np(errno) : "", second);
    }
    second = -5;
    SHOW(futex(&word, FUTEX_WAKE_OP, 1, (void *)1, &second, FUTEX_OP(FUTEX_OP_ADD, -3, FUTEX_OP_CMP_LT, -4)));
    printf("%d\n", second);
    SHOW(futex(&word, FUTEX_WAKE_OP, 1, (void *)1, &second, FUTEX_OP(FUTEX_OP_ADD, 0, 6, 0)));
}

static void *wait_on_second(void *argument)
{
    struct waitv waiters[2] = {{1, (unsigned long)&word, 2 | 128, 0}, {0, (unsigned long)&second, 2 | 128, 0}};
    tid_of[0] = gettid();
    long result = syscall(SYS_waitv, waiters, 2, 0, NULL, CLOCK_MONOTONIC);
    return (void *)(result == -1 ? -errno : result);
}

static void several(void)
{
    pthread_t thread;
    void *result;
    struct waitv waiters[2] = {{0, (unsigned long)&word, 2, 0}, {0, (unsigned long)&second, 2, 0}};
    struct timespec past = {1, 0};
    word = 1, second = 0;
    SHOW(syscall(SYS_waitv, waiters, 2, 0, NULL, CLOCK_MONOTONIC));
    waiters[0].val = 1;
    SHOW(syscall(SYS_waitv, waiters, 2, 0, &past, CLOCK_MONOTONIC));
    SHOW(syscall(SYS_waitv, waiters, 2, 0, &past, CLOCK_REALTIME));
    SHOW(syscall(SYS_waitv, waiters, 2, 0, &past, CLOCK_BOOTTIME));
    SHOW(syscall(SYS_waitv, waiters, 2, 1, &past, CLOCK_MONOTONIC));
    SHOW(syscall(SYS_waitv, waiters, 0, 0, &past, CLOCK_MONOTONIC));
    SHOW(syscall(SYS_waitv, waiters, 129, 0, &past, CLOCK_MONOTONIC));
    SHOW(syscall(SYS_waitv, NULL, 1, 0, &past, CLOCK_MONOTONIC));
    waiters[1].flags = 0;
    SHOW(syscall(SYS_waitv, waiters, 2, 0, &past, CLOCK_MONOTONIC));
    waiters[1].flags = 2, waiters[1].reserved = 1;
    SHOW(syscall(SYS_waitv, waiters, 2, 0, &past, CLOCK_MONOTONIC));
    waiters[1].reserved = 0, waiters[1].val = 1l << 32;
    SHOW(syscall(SYS_waitv, waiters, 2, 0, &past, CLOCK_MONOTONIC));
    pthread_create(&thread, NULL, wait_on_second, NULL);
    while (futex(&second, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0) == 0)
        sched_yield();
    pthread_join(thread, &result);
    printf("woken by %ld\n", (long)result);

    SHOW(syscall(SYS_wake2, &word, 1l, 1, 2));
    SHOW(syscall(SYS_wake2, &word, 0l, 1, 2));
    SHOW(syscall(SYS_wake2, &word, 1l, 1, 1));
    SHOW(syscall(SYS_wake2, &word, 1l << 32, 1, 2));
    SHOW(syscall(SYS_wait2, &word, 0l, 1l, 2, NULL, CLOCK_MONOTONIC));
    SHOW(syscall(SYS_wait2, &word, 1l, 1l, 2, &past, CLOCK_MONOTONIC));
    SHOW(syscall(SYS_wait2, &word, 1l, 0l, 2, &past, CLOCK_MONOTONIC));
    SHOW(syscall(SYS_wait2, &word, 1l, 1l, 2, &past, CLOCK_TAI));
    SHOW(syscall(SYS_wait2, &word, 1l << 33, 1l, 2, &past, CLOCK_MONOTONIC));
    waiters[1].val = 0, waiters[0].flags = waiters[1].flags = 130;
    SHOW(syscall(SYS_requeue2, waiters, 0, 1, 1));
    waiters[0].val = 0;
    SHOW(syscall(SYS_requeue2, waiters, 0, 1, 1));
    SHOW(syscall(SYS_requeue2, waiters, 1, 1, 1));
    SHOW(syscall(SYS_requeue2, NULL, 0, 1, 1));
    second = 0;
    pthread_create(&thread, NULL, wait_on_second, NULL);
    waiters[0] = (struct waitv){0, (unsigned long)&second, 130, 0};
    waiters[1] = (struct waitv){0, (unsigned long)&condition, 130, 0};
    while (syscall(SYS_requeue2, waiters, 0, 0, 1) == 0)
        sched_yield();
    SHOW(syscall(SYS_wake2, &second, ~0u & 0xfffffffful, 1, 130));
    SHOW(syscall(SYS_wake2, &condition, 0xfffffffful, 1, 130));
    pthread_join(thread, &result);
    printf("woken by %ld\n", (long)result);
}

static pthread_mutex_t robust_pi;

static void *die_with_it(void *argument)
{
    pthread_mutex_lock(&robust_pi);
    if (argument)
        usleep(20000);
    return NULL;
}

static void library(void)
{
    pthread_mutexattr_t attributes;
    pthread_t thread;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&robust_pi, &attributes);
    for (long wait = 0; wait < 2; wait++) {
        pthread_create(&thread, NULL, die_with_it, (void *)wait);
        if (!wait)
            pthread_join(thread, NULL);
        else
            usleep(5000);
        printf("lock: %s\n", strerrorname_np(pthread_mutex_lock(&robust_pi)));
        SHOW(pthread_mutex_consistent(&robust_pi));
        SHOW(pthread_mutex_unlock(&robust_pi));
        if (wait)
            pthread_join(thread, NULL);
    }
    /* exec while holding a shared robust mutex is as good as dying */
    pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_NONE);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutex_t *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutex_init(shared, &attributes);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        pthread_mutex_lock(shared);
        execl("/proc/self/exe", "ownership", "again", NULL);
        _exit(1);
    }
    printf("lock: %s\n", strerrorname_np((usleep(20000), pthread_mutex_lock(shared))));
    waitpid(child, NULL, 0);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        usleep(100000);
        return 0;
    }
    locking();
    time_outs();
    requeueing();
    operations();
    several();
    library();
    return 0;
}
