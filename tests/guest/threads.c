/* Threads: sharing, futexes, masks, robust mutexes, exit and exec with other threads, preemption. */
#include "guest.h"
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#define MANY 100

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static volatile int counter, stop, handled_by, ready;
static __thread int own = 5;
static int word;

static long futex(int *address, int op, int value, void *timeout, int *second, int third)
{
    return syscall(SYS_futex, address, op, value, timeout, second, third);
}

static void *add(void *argument)
{
    own += (long)argument;
    for (int i = 0; i < 200; i++) {
        pthread_mutex_lock(&mutex);
        int seen = counter;
        if (i % 50 == 0)
            sched_yield();
        counter = seen + 1;
        pthread_mutex_unlock(&mutex);
    }
    return (void *)(long)own;
}

static void mutual_exclusion(void)
{
    pthread_t threads[8];
    long sum = 0;
    for (long i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, add, (void *)i);
    for (int i = 0; i < 8; i++) {
        void *result;
        pthread_join(threads[i], &result);
        sum += (long)result;
    }
    printf("counter %d, sum %ld, own %d\n", counter, sum, own);
}

static void *meet(void *argument)
{
    int last = pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD;
    return (void *)(long)last;
}

static void many(void)
{
    pthread_t threads[MANY];
    int serial = 0;
    pthread_barrier_init(&barrier, NULL, MANY + 1);
    for (long i = 0; i < MANY; i++)
        if (pthread_create(&threads[i], NULL, meet, NULL))
            printf("no thread %ld\n", i);
    serial = pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD;
    for (int i = 0; i < MANY; i++) {
        void *result;
        pthread_join(threads[i], &result);
        serial += (long)result;
    }
    printf("%d threads met, %d of them last\n", MANY, serial);
}

static void *produce(void *argument)
{
    for (int i = 0; i < 50; i++) {
        pthread_mutex_lock(&mutex);
        while (ready)
            pthread_cond_wait(&condition, &mutex);
        ready = 1;
        counter = i;
        pthread_cond_broadcast(&condition);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void conditions(void)
{
    pthread_t thread;
    int sum = 0;
    pthread_create(&thread, NULL, produce, NULL);
    for (int i = 0; i < 50; i++) {
        pthread_mutex_lock(&mutex);
        while (!ready)
            pthread_cond_wait(&condition, &mutex);
        ready = 0;
        sum += counter;
        pthread_cond_broadcast(&condition);
        pthread_mutex_unlock(&mutex);
    }
    pthread_join(thread, NULL);
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    at.tv_nsec += 20000000;
    if (at.tv_nsec >= 1000000000)
        at.tv_sec++, at.tv_nsec -= 1000000000;
    pthread_mutex_lock(&mutex);
    int error = pthread_cond_timedwait(&condition, &mutex, &at);
    pthread_mutex_unlock(&mutex);
    printf("sum %d, then %s\n", sum, strerrorname_np(error));
}

static void *spin(void *argument)
{
    while (!stop)
        ;
    return NULL;
}

static void preemption(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, spin, NULL);
    struct timespec moment = {0, 5000000};
    nanosleep(&moment, NULL);
    stop = 1;
    pthread_join(thread, NULL);
    pid_t child = fork();
    if (child == 0)
        for (;;)
            ;
    kill(child, SIGTERM);
    int status;
    waitpid(child, &status, 0);
    printf("preempted, and killed by %d\n", WTERMSIG(status));
}

static void on_signal(int signal)
{
    handled_by = gettid();
}

static void *wait_for_signal(void *argument)
{
    sigset_t none, old;
    sigemptyset(&none);
    *(pid_t *)argument = gettid();
    pthread_barrier_wait(&barrier);
    while (handled_by == 0)
        sigsuspend(&none);
    return NULL;
}

static void masks(void)
{
    pthread_t thread;
    sigset_t set;
    pid_t tid;
    pthread_barrier_init(&barrier, NULL, 2);
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGUSR1, &action, NULL);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    pthread_create(&thread, NULL, wait_for_signal, &tid);
    pthread_barrier_wait(&barrier);
    kill(getpid(), SIGUSR1);
    pthread_join(thread, NULL);
    printf("process signal taken by the one that waits: %d\n", handled_by == tid);
    handled_by = 0;
    pthread_create(&thread, NULL, wait_for_signal, &tid);
    pthread_barrier_wait(&barrier);
    pthread_kill(thread, SIGUSR1);
    pthread_join(thread, NULL);
    printf("thread signal: %d\n", handled_by == tid);
    SHOW(syscall(SYS_tgkill, getpid(), tid, SIGUSR1));
    handled_by = 0;
    raise(SIGUSR1);
    printf("blocked: %d\n", handled_by);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    printf("unblocked: %d\n", handled_by == gettid());
}

static void *cancelled(void *argument)
{
    pthread_barrier_wait(&barrier);
    for (;;)
        pause();
}

static void cancellation(void)
{
    pthread_t thread;
    void *result;
    pthread_create(&thread, NULL, cancelled, NULL);
    pthread_barrier_wait(&barrier);
    pthread_cancel(thread);
    pthread_join(thread, &result);
    printf("cancelled %d\n", result == PTHREAD_CANCELED);
}

static pthread_mutex_t robust;

static void *die_with_it(void *argument)
{
    pthread_mutex_lock(&robust);
    return NULL;
}

static void robust_mutexes(void)
{
    pthread_mutexattr_t attributes;
    pthread_t thread;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&robust, &attributes);
    pthread_create(&thread, NULL, die_with_it, NULL);
    pthread_join(thread, NULL);
    printf("lock: %s\n", strerrorname_np(pthread_mutex_lock(&robust)));
    pthread_mutex_consistent(&robust);
    pthread_mutex_unlock(&robust);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutex_t *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int *count = (int *)(shared + 1);
    pthread_mutex_init(shared, &attributes);
    pid_t children[3];
    for (int i = 0; i < 3; i++)
        if ((children[i] = fork()) == 0) {
            for (int n = 0; n < 100; n++) {
                pthread_mutex_lock(shared);
                int seen = *count;
                if (n % 10 == 0)
                    sched_yield();
                *count = seen + 1;
                pthread_mutex_unlock(shared);
            }
            _exit(0);
        }
    for (int i = 0; i < 3; i++)
        waitpid(children[i], NULL, 0);
    if ((children[0] = fork()) == 0) {
        pthread_mutex_lock(shared);
        _exit(0);
    }
    waitpid(children[0], NULL, 0);
    printf("shared count %d, lock: %s\n", *count, strerrorname_np(pthread_mutex_lock(shared)));
    sem_t *semaphore = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    sem_init(semaphore, 1, 0);
    pid_t child = fork();
    if (child == 0) {
        sem_wait(semaphore);
        _exit(9);
    }
    struct timespec moment = {0, 2000000};
    nanosleep(&moment, NULL);
    sem_post(semaphore);
    int status;
    waitpid(child, &status, 0);
    printf("semaphore: %d\n", WEXITSTATUS(status));
}

static void *wait_on_word(void *argument)
{
    pthread_barrier_wait(&barrier);
    long result = futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, (int)(long)argument);
    return (void *)(result == -1 ? -errno : result);
}

static void nap(void)
{
    struct timespec moment = {0, 10000000};
    nanosleep(&moment, NULL);
}

static void futexes(void)
{
    struct timespec moment = {0, 1000000};
    pthread_t first, second;
    void *result;
    int other = 3;
    SHOW(futex(&word, FUTEX_WAIT, 1, NULL, NULL, 0));
    SHOW(futex(&word, FUTEX_WAIT_PRIVATE, 0, &moment, NULL, 0));
    SHOW(futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0));
    SHOW(futex((int *)((char *)&word + 1), FUTEX_WAKE, 1, NULL, NULL, 0));
    SHOW(futex((int *)8, FUTEX_WAIT, 1, NULL, NULL, 0));
    SHOW(futex(&word, FUTEX_CMP_REQUEUE, 1, (void *)1, &other, 77));
    pthread_barrier_init(&barrier, NULL, 3);
    pthread_create(&first, NULL, wait_on_word, (void *)1);
    pthread_create(&second, NULL, wait_on_word, (void *)2);
    pthread_barrier_wait(&barrier);
    nap();
    SHOW(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 9, NULL, NULL, 4));
    SHOW(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 9, NULL, NULL, 2));
    pthread_join(second, &result);
    printf("second %ld\n", (long)result);
    SHOW(futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 0, (void *)5, &other, 0));
    SHOW(futex(&word, FUTEX_WAKE_PRIVATE, 5, NULL, NULL, 0));
    SHOW(futex(&word, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, &other, FUTEX_OP(FUTEX_OP_ADD, 4, FUTEX_OP_CMP_EQ, 3)));
    pthread_join(first, &result);
    printf("first %ld, other %d\n", (long)result, other);
}

static void *leave(void *argument)
{
    nap();
    exit(argument ? 0 : 33);
}

static void *run_another(void *argument)
{
    syscall(SYS_execve, "/proc/self/exe", (char *[]){"threads", "again", NULL}, (char *[]){NULL});
    return NULL;
}

static void ends(void)
{
    int status;
    pthread_t thread;
    pid_t child;
    fflush(stdout);
    if ((child = fork()) == 0) {
        pthread_create(&thread, NULL, leave, NULL);
        for (;;)
            pause();
    }
    waitpid(child, &status, 0);
    printf("exit in a thread: %d\n", WEXITSTATUS(status));
    fflush(stdout);
    if ((child = fork()) == 0) {
        stop = 0;
        pthread_create(&thread, NULL, spin, NULL);
        pthread_create(&thread, NULL, run_another, NULL);
        pause();
    }
    waitpid(child, &status, 0);
    printf("exec in a thread: %d\n", WEXITSTATUS(status));
    fflush(stdout);
    if ((child = fork()) == 0) {
        pthread_create(&thread, NULL, leave, "0");
        pthread_exit(NULL);
    }
    waitpid(child, &status, 0);
    printf("the leader first: %d\n", WEXITSTATUS(status));
    fflush(stdout);
    if ((child = fork()) == 0) {
        pthread_create(&thread, NULL, spin, NULL);
        *(volatile int *)0 = 0;
    }
    waitpid(child, &status, 0);
    printf("a fault ends all: %d\n", WTERMSIG(status));
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        printf("again: leader %d\n", gettid() == getpid());
        return 44;
    }
    printf("leader %d\n", gettid() == getpid());
    mutual_exclusion();
    many();
    conditions();
    preemption();
    masks();
    cancellation();
    robust_mutexes();
    futexes();
    ends();
    return 0;
}
