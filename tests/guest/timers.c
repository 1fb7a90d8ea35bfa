/* Timers that send signals: timer_create(2), setitimer(2) on CPU time, RLIMIT_CPU, clocks that cannot be set. */
#include "guest.h"
#include <pthread.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <time.h>

typedef int ktimer;

static volatile int count, last, code, value, number, overruns, taken_by;

static void handler(int signal, siginfo_t *info, void *context)
{
    (void)context;
    count++;
    last = signal, code = info->si_code, value = info->si_value.sival_int;
    number = info->si_timerid, overruns = info->si_overrun;
    taken_by = gettid();
}

static int create(clockid_t clock, struct sigevent *event, ktimer *id)
{
    return syscall(SYS_timer_create, clock, event, id);
}

static int settime(ktimer id, int flags, struct itimerspec *new, struct itimerspec *old)
{
    return syscall(SYS_timer_settime, id, flags, new, old);
}

static struct itimerspec every(long first_ms, long interval_ms)
{
    return (struct itimerspec){
        {interval_ms / 1000, interval_ms % 1000 * 1000000}, {first_ms / 1000, first_ms % 1000 * 1000000}};
}

static void wait_for(int n)
{
    while (count < n)
        pause();
}

static void creation(void)
{
    ktimer id = -1, second;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 77};
    struct itimerspec spec = every(1000, 0), old;
    SHOW(create(CLOCK_MONOTONIC, &event, &id));
    SHOW(create(CLOCK_REALTIME, NULL, &second));
    printf("ids %d %d\n", id, second);
    SHOW(create(CLOCK_MONOTONIC_RAW, &event, &second));
    SHOW(create(CLOCK_MONOTONIC_COARSE, &event, &second));
    SHOW(create(99, &event, &second));
    event.sigev_signo = 65;
    SHOW(create(CLOCK_MONOTONIC, &event, &second));
    event.sigev_signo = 0;
    SHOW(create(CLOCK_MONOTONIC, &event, &second));
    event.sigev_notify = SIGEV_NONE;
    SHOW(create(CLOCK_BOOTTIME, &event, &second));
    event.sigev_notify = 3;
    SHOW(create(CLOCK_MONOTONIC, &event, &second));
    event = (struct sigevent){.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
    event._sigev_un._tid = 1 << 22;
    SHOW(create(CLOCK_MONOTONIC, &event, &second));
    SHOW(create(CLOCK_MONOTONIC, (void *)8, &second));
    SHOW(settime(1234, 0, &spec, NULL));
    SHOW(syscall(SYS_timer_gettime, 1234, &spec));
    SHOW(syscall(SYS_timer_getoverrun, 1234));
    SHOW(syscall(SYS_timer_delete, 1234));
    SHOW(settime(id, 0, NULL, NULL));
    spec.it_value.tv_nsec = 1000000000;
    SHOW(settime(id, 0, &spec, NULL));
    spec = every(100000, 500);
    SHOW(settime(id, 0, &spec, &old));
    printf("old %ld %ld\n", (long)old.it_value.tv_sec, (long)old.it_interval.tv_nsec);
    SHOW(syscall(SYS_timer_gettime, id, &old));
    printf("left %d interval %ld\n", old.it_value.tv_sec >= 90 && old.it_value.tv_sec < 100, old.it_interval.tv_nsec);
    spec = every(0, 500);
    SHOW(settime(id, 0, &spec, &old));
    printf("left %d interval %ld\n", old.it_value.tv_sec >= 90 && old.it_value.tv_sec < 100, old.it_interval.tv_nsec);
    SHOW(syscall(SYS_timer_gettime, id, &old));
    printf("off %ld %ld %ld\n", (long)old.it_value.tv_sec, old.it_value.tv_nsec, old.it_interval.tv_nsec);
    SHOW(syscall(SYS_timer_delete, id));
    SHOW(syscall(SYS_timer_delete, id));
}

static void signals(void)
{
    ktimer id;
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGALRM, &action, NULL);
    sigaction(SIGRTMIN, &action, NULL);
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 42};
    struct itimerspec spec = every(5, 0), old;
    create(CLOCK_MONOTONIC, &event, &id);
    settime(id, 0, &spec, NULL);
    wait_for(1);
    printf("signal %d code %d value %d its own %d overrun %d\n", last - SIGRTMIN, code, value, number == id, overruns);
    syscall(SYS_timer_gettime, id, &old);
    printf("over %ld %ld\n", (long)old.it_value.tv_sec, old.it_value.tv_nsec);
    spec = every(1, 1);
    settime(id, 0, &spec, NULL);
    wait_for(5);
    printf("again and again %d\n", count >= 5);
    syscall(SYS_timer_delete, id);

    /* it stands still while its signal waits: one signal, and the rest are overruns */
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &set, NULL);
    create(CLOCK_MONOTONIC, &event, &id);
    settime(id, 0, &spec, NULL);
    struct timespec moment = {0, 30000000};
    nanosleep(&moment, NULL);
    siginfo_t info;
    SHOW(sigwaitinfo(&set, &info) - SIGRTMIN);
    printf("code %d, missed %d, the same %d\n", info.si_code, info.si_overrun >= 25,
           info.si_overrun == syscall(SYS_timer_getoverrun, id));
    spec = every(100000, 0);
    settime(id, 0, &spec, NULL); /* what waits from before goes */
    struct timespec none = {0, 0};
    SHOW(sigtimedwait(&set, &info, &none));
    SHOW(syscall(SYS_timer_getoverrun, id));
    /* an absolute time that is long over, many times */
    clock_gettime(CLOCK_MONOTONIC, &spec.it_value);
    spec.it_value.tv_sec -= 1;
    spec.it_interval = (struct timespec){0, 10000000};
    settime(id, TIMER_ABSTIME, &spec, NULL);
    SHOW(sigwaitinfo(&set, &info) - SIGRTMIN);
    printf("missed %d\n", info.si_overrun >= 99);
    syscall(SYS_timer_delete, id);
    event.sigev_notify = SIGEV_NONE;
    create(CLOCK_REALTIME, &event, &id);
    clock_gettime(CLOCK_REALTIME, &spec.it_value);
    spec.it_value.tv_sec += 50;
    settime(id, TIMER_ABSTIME, &spec, NULL);
    syscall(SYS_timer_gettime, id, &old);
    printf("left %d\n", old.it_value.tv_sec >= 45 && old.it_value.tv_sec < 50);
    spec = every(1, 0);
    settime(id, 0, &spec, NULL);
    nanosleep(&moment, NULL);
    syscall(SYS_timer_gettime, id, &old);
    printf("silent: %ld %ld, %d\n", (long)old.it_value.tv_sec, old.it_value.tv_nsec, sigtimedwait(&set, &info, &none));
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    count = 0;
    create(CLOCK_REALTIME, NULL, &id);
    settime(id, 0, &spec, NULL);
    wait_for(1);
    printf("default: alarm %d, its number %d\n", last == SIGALRM, value == id);
}

static volatile int other_tid, stop;

static void *other(void *argument)
{
    other_tid = gettid();
    while (!stop)
        ;
    return argument;
}

static void threads(void)
{
    pthread_t thread;
    ktimer id;
    pthread_create(&thread, NULL, other, NULL);
    while (!other_tid)
        sched_yield();
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
    event._sigev_un._tid = other_tid;
    struct itimerspec spec = every(2, 2);
    count = taken_by = 0;
    SHOW(create(CLOCK_MONOTONIC, &event, &id));
    settime(id, 0, &spec, NULL);
    while (count < 3)
        sched_yield();
    printf("taken by that thread %d\n", taken_by == other_tid);
    syscall(SYS_timer_delete, id);
    stop = 1;
    pthread_join(thread, NULL);
}

static void cpu_time(void)
{
    ktimer id;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 5};
    struct itimerspec spec = every(20, 0);
    clockid_t clocks[] = {CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID};
    for (int i = 0; i < 2; i++) {
        count = 0;
        SHOW(create(clocks[i], &event, &id));
        settime(id, 0, &spec, NULL);
        while (!count)
            ;
        printf("value %d\n", value);
        syscall(SYS_timer_delete, id);
    }
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGVTALRM, &action, NULL);
    sigaction(SIGPROF, &action, NULL);
    struct itimerval timer = {{0, 10000}, {0, 10000}}, left;
    int which[] = {ITIMER_VIRTUAL, ITIMER_PROF}, signal[] = {SIGVTALRM, SIGPROF};
    for (int i = 0; i < 2; i++) {
        count = 0;
        SHOW(setitimer(which[i], &timer, NULL));
        while (count < 3)
            ;
        printf("its signal %d code %d\n", last == signal[i], code);
        getitimer(which[i], &left);
        printf("left %d every %ld\n", left.it_value.tv_usec > 0 && left.it_value.tv_usec <= 20000, left.it_interval.tv_usec);
        struct itimerval off = {0};
        setitimer(which[i], &off, &left);
        getitimer(which[i], &left);
        printf("off %ld %ld\n", left.it_value.tv_usec, left.it_interval.tv_usec);
    }
    SHOW(setitimer(3, &timer, NULL));
    timer.it_value.tv_usec = 1000000;
    SHOW(setitimer(ITIMER_PROF, &timer, NULL));
}

static void limits(void)
{
    int status;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
        struct rlimit limit = {1, 2};
        sigaction(SIGXCPU, &action, NULL);
        count = 0;
        setrlimit(RLIMIT_CPU, &limit);
        while (!count)
            ;
        getrlimit(RLIMIT_CPU, &limit);
        printf("SIGXCPU %d, limit %ld %ld\n", last == SIGXCPU, (long)limit.rlim_cur, (long)limit.rlim_max);
        fflush(stdout);
        limit.rlim_cur = limit.rlim_max = 1;
        setrlimit(RLIMIT_CPU, &limit); /* which is over */
        for (;;)
            ;
    }
    waitpid(child, &status, 0);
    printf("killed by %d\n", WTERMSIG(status));
}

/* The timer of a process that waits rings while another one computes. */
static void while_another_computes(void)
{
    int status;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        for (;;)
            ;
    count = 0;
    struct itimerval timer = {{0, 0}, {0, 20000}};
    setitimer(ITIMER_REAL, &timer, NULL);
    wait_for(1);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    printf("rang %d\n", last == SIGALRM);
}

static void inheritance(void)
{
    int status;
    ktimer id;
    struct itimerval timer = {{0, 0}, {100, 0}}, left;
    setitimer(ITIMER_REAL, &timer, NULL);
    create(CLOCK_MONOTONIC, NULL, &id);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        getitimer(ITIMER_REAL, &left);
        struct itimerspec spec;
        SHOW(syscall(SYS_timer_gettime, id, &spec));
        _exit(left.it_value.tv_sec);
    }
    waitpid(child, &status, 0);
    printf("the child has %d\n", WEXITSTATUS(status));
    timer.it_value.tv_sec = 0;
    setitimer(ITIMER_REAL, &timer, &left);
    printf("kept %d\n", left.it_value.tv_sec > 90);
}

static void clocks(void)
{
    struct timespec now = {5, 0}, soon;
    struct timex buffer = {0};
    SHOW(clock_settime(CLOCK_MONOTONIC, &now));
    SHOW(clock_settime(CLOCK_PROCESS_CPUTIME_ID, &now));
    now.tv_nsec = -1;
    SHOW(clock_settime(CLOCK_REALTIME, &now));
    SHOW(clock_settime(99, &now));
    OK(adjtimex(&buffer));
    printf("tick %ld\n", buffer.tick);
    OK(clock_adjtime(CLOCK_REALTIME, &buffer));
    SHOW(clock_adjtime(CLOCK_MONOTONIC, &buffer));
    clockid_t all[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_TAI, CLOCK_PROCESS_CPUTIME_ID,
                       CLOCK_THREAD_CPUTIME_ID, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE, 99};
    for (int i = 0; i < 10; i++) {
        struct timespec nothing = {0, 0}, bad = {0, -5};
        long r = syscall(SYS_clock_nanosleep, all[i], 0, &bad, NULL);
        printf("clock %d: %s", all[i], r < 0 ? strerrorname_np(errno) : "0");
        if (i != 4) {
            r = syscall(SYS_clock_nanosleep, all[i], TIMER_ABSTIME, &nothing, NULL);
            printf(" %s", r < 0 ? strerrorname_np(errno) : "0");
        }
        printf(" %s\n", clock_getres(all[i], &soon) < 0 ? strerrorname_np(errno) : "0");
    }
}

int main(void)
{
    creation();
    signals();
    threads();
    cpu_time();
    limits();
    while_another_computes();
    inheritance();
    clocks();
    return 0;
}
