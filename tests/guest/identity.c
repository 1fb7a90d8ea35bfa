/* Ids, groups, capabilities, limits, names, scheduling: the answers that do not depend on the machine. */
#include "guest.h"
#include <grp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>

int main(void)
{
    SHOW(getpid() == gettid());
    SHOW(getuid() == geteuid());
    SHOW(setuid(getuid()));
    SHOW(setresuid(-1, -1, -1));
    SHOW(setreuid(-1, -1));
    SHOW(setregid(-1, -1));
    uid_t r, e, s;
    SHOW(getresuid(&r, &e, &s));
    SHOW(r == e && e == s);
    SHOW(syscall(SYS_getgroups, -1, 0));
    SHOW(getgroups(0, 0) >= 0);
    SHOW(syscall(SYS_getresuid, 8, 8, 8));

    struct utsname name;
    SHOW(uname(&name));
    printf("%s %s\n", name.sysname, name.machine);
    SHOW(uname((void *)8));

    struct rlimit limit = {100, 50};
    SHOW(setrlimit(RLIMIT_CORE, &limit));
    SHOW(getrlimit(99, &limit));
    limit = (struct rlimit){0, 0};
    SHOW(setrlimit(RLIMIT_CORE, &limit));
    SHOW(getrlimit(RLIMIT_CORE, &limit));
    printf("%ld %ld\n", (long)limit.rlim_cur, (long)limit.rlim_max);
    SHOW(syscall(SYS_prlimit64, 0, RLIMIT_CORE, 8, 0));

    char comm[16];
    SHOW(prctl(PR_SET_NAME, "a name that is too long"));
    SHOW(prctl(PR_GET_NAME, comm));
    printf("%s\n", comm);
    SHOW(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    SHOW(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    SHOW(prctl(PR_SET_NO_NEW_PRIVS, 2, 0, 0, 0));

    struct timespec t, u;
    SHOW(clock_gettime(CLOCK_REALTIME, &t));
    SHOW(t.tv_sec > 1700000000);
    SHOW(clock_gettime(99, &t));
    SHOW(clock_gettime(CLOCK_MONOTONIC, (void *)8));
    SHOW(clock_getres(CLOCK_MONOTONIC, &t));
    printf("%ld %ld\n", t.tv_sec, t.tv_nsec);
    clock_gettime(CLOCK_MONOTONIC, &t);
    struct timespec nap = {0, 10000000}, bad = {0, 2000000000};
    SHOW(nanosleep(&nap, 0));
    clock_gettime(CLOCK_MONOTONIC, &u);
    long passed = (u.tv_sec - t.tv_sec) * 1000000000 + u.tv_nsec - t.tv_nsec;
    SHOW(passed >= 10000000 && passed < 2000000000);
    SHOW(nanosleep(&bad, 0));
    bad.tv_nsec = -1;
    SHOW(nanosleep(&bad, 0));
    SHOW(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, 0));
    u.tv_nsec += 5000000;
    if (u.tv_nsec >= 1000000000)
        u.tv_nsec -= 1000000000, u.tv_sec++;
    SHOW(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &u, 0));
    clock_gettime(CLOCK_MONOTONIC, &t);
    SHOW(t.tv_sec > u.tv_sec || (t.tv_sec == u.tv_sec && t.tv_nsec >= u.tv_nsec));
    SHOW(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &nap, 0));
    for (volatile long i = 0; i < 3000000; i++)
        ;
    SHOW(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t));
    SHOW(t.tv_sec > 0 || t.tv_nsec > 0);
    SHOW(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t));
    SHOW(t.tv_sec > 0 || t.tv_nsec > 0);
    struct tms tms;
    OK(times(&tms));
    struct rusage usage;
    SHOW(getrusage(RUSAGE_SELF, &usage));
    SHOW(getrusage(9, &usage));

    SHOW(sched_yield());
    SHOW(sched_get_priority_max(SCHED_FIFO));
    SHOW(sched_get_priority_min(SCHED_OTHER));
    SHOW(sched_get_priority_min(99));
    SHOW(sched_getscheduler(0));
    cpu_set_t cpus;
    SHOW(sched_getaffinity(0, sizeof cpus, &cpus));
    SHOW(CPU_COUNT(&cpus) >= 1);
    SHOW(sched_getaffinity(999999, sizeof cpus, &cpus));

    SHOW(getsid(999999));
    SHOW(getpgid(999999));
    SHOW(setpgid(0, -1));
    SHOW(waitpid(-1, 0, 0));
    SHOW(waitpid(-1, 0, WNOHANG));
    siginfo_t info;
    SHOW(waitid(P_ALL, 0, &info, WEXITED));
    SHOW(waitid(P_ALL, 0, &info, 0));

    char random[64] = {0};
    SHOW(syscall(SYS_getrandom, random, 64, 0));
    SHOW(syscall(SYS_getrandom, random, 64, 8));
    SHOW(syscall(SYS_getrandom, 8, 64, 0));
    int word = 5;
    SHOW(syscall(SYS_futex, &word, 0, 6, 0, 0, 0));
    SHOW(syscall(SYS_futex, &word, 1, 1, 0, 0, 0));
    SHOW(syscall(SYS_futex, (char *)&word + 1, 1, 1, 0, 0, 0));
    nap.tv_nsec = 1000000;
    SHOW(syscall(SYS_futex, &word, 0, 5, &nap, 0, 0));
    SHOW(syscall(SYS_futex, &word, 9, 5, &nap, 0, 0));
    return 0;
}
