/* A thread that ends while it owns a PI word, which it has marked itself before, as musl does. */
#include "guest.h"
#include <linux/futex.h>
#include <pthread.h>

static unsigned word;

static long futex(int command, unsigned value)
{
    return syscall(SYS_futex, &word, command | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

static void *owner(void *ready)
{
    futex(FUTEX_LOCK_PI, 0);
    *(volatile int *)ready = 1;
    usleep(100000);
    unsigned old = __atomic_exchange_n(&word, FUTEX_OWNER_DIED | FUTEX_WAITERS, __ATOMIC_SEQ_CST);
    printf("waited for: %s\n", old & FUTEX_WAITERS ? "yes" : "no");
    SHOW(futex(FUTEX_WAKE, 1));
    syscall(SYS_exit, 0);
    return NULL;
}

int main(void)
{
    volatile int ready = 0;
    pthread_t thread;
    pthread_create(&thread, NULL, owner, (void *)&ready);
    while (!ready)
        usleep(1000);
    SHOW(futex(FUTEX_LOCK_PI, 0));
    printf("mine: %s, its owner died: %s\n", (word & FUTEX_TID_MASK) == getpid() ? "yes" : "no",
           word & FUTEX_OWNER_DIED ? "yes" : "no");
    SHOW(futex(FUTEX_UNLOCK_PI, 0));
    printf("word %x\n", word);
    return 0;
}
