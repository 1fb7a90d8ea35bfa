/* Calls that block, are interrupted and interleave, for traces. */
#include "guest.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

static void handler(int signal)
{
    (void)signal;
}

int main(void)
{
    int p[2], back[2], status;
    char c;
    pipe(p);
    pipe(back);
    struct sigaction action = {.sa_handler = handler};
    sigaction(SIGALRM, &action, 0);
    struct itimerval timer = {{0, 0}, {0, 20000}};
    setitimer(ITIMER_REAL, &timer, 0);
    read(p[0], &c, 1);
    struct timespec second = {1, 0};
    setitimer(ITIMER_REAL, &timer, 0);
    nanosleep(&second, 0);
    struct epoll_event event;
    int ep = epoll_create1(0);
    setitimer(ITIMER_REAL, &timer, 0);
    epoll_wait(ep, &event, 1, 1000);
    sigset_t none;
    sigemptyset(&none);
    setitimer(ITIMER_REAL, &timer, 0);
    sigsuspend(&none);
    timer_t id;
    timer_create(CLOCK_MONOTONIC, 0, &id);
    struct itimerspec spec = {{0, 0}, {0, 10000000}};
    timer_settime(id, 0, &spec, 0);
    sigsuspend(&none);
    raise(SIGALRM);
    sigqueue(getpid(), SIGALRM, (union sigval){.sival_int = 5});
    if (fork() == 0) {
        second = (struct timespec){0, 20000000};
        nanosleep(&second, 0);
        write(p[1], "x", 1);
        read(back[0], &c, 1);
        _exit(3);
    }
    read(p[0], &c, 1);
    write(back[1], "y", 1);
    wait(&status);
    if (fork() == 0) {
        kill(getpid(), SIGTERM);
        pause();
    }
    wait(&status);
    return 0;
}
