/* What is told of a process that has ended and was not waited for, and of one that a signal has woken. */
#include "guest.h"
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

static void turn(int signal)
{
    for (;;)
        ;
}

static char state_of(int pid)
{
    char name[40], line[200], state = '?';
    snprintf(name, sizeof name, "/proc/%d/stat", pid);
    FILE *file = fopen(name, "r");
    if (file && fgets(line, sizeof line, file))
        state = strrchr(line, ')')[2];
    if (file)
        fclose(file);
    return state;
}

int main(void)
{
    struct sched_param got = {77};
    siginfo_t info;
    int child = fork();
    if (child == 0)
        _exit(0);
    SHOW(waitid(P_PID, child, &info, WEXITED | WNOWAIT));
    printf("%d\n", sched_getscheduler(child));
    printf("%d\n", sched_getparam(child, &got));
    printf("priority %d, state %c\n", got.sched_priority, state_of(child));
    wait(NULL);
    signal(SIGUSR1, turn);
    child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    while (state_of(child) != 'S')
        usleep(1000);
    kill(child, SIGUSR1);
    printf("state %c\n", state_of(child));
    kill(child, SIGKILL);
    wait(NULL);
    return 0;
}
