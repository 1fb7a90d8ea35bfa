/* Run a program and tell what it cost: spawn FD PROGRAM [ARGS...]
 *
 * Writes "WALL_NS PEAK_RSS_KB STATUS" to descriptor FD; STATUS is the exit status, or 128 + n after signal n.
 * A process inherits the peak resident set of the one it was forked from, and a fork copies its page tables: so a
 * small program does this, and not Python. The child finds in FRISCY_STARTED_NS when it was started.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    int report = atoi(argv[1]);
    fcntl(report, F_SETFD, FD_CLOEXEC);
    char stamp[32];
    long long start = now_ns();
    snprintf(stamp, sizeof stamp, "%lld", start);
    setenv("FRISCY_STARTED_NS", stamp, 1);
    pid_t child = fork();
    if (child < 0)
        return 3;
    if (!child) {
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    int status;
    struct rusage usage;
    if (wait4(child, &status, 0, &usage) < 0)
        return 4;
    long long elapsed = now_ns() - start;
    dprintf(report, "%lld %ld %d\n", elapsed, usage.ru_maxrss,
            WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return 0;
}
