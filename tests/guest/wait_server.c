/* Two processes that wait for many kinds of things with epoll, one event at a time, and do to each other what their
   clients say: wait_server PORT. The first connection is the child's, the second one its parent's. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SOCKET, SIGNALS, PIPE, COUNT, TIMER, NOTICES, ENDS, KINDS };
static const char *const NAMES[] = {"socket", "signal", "pipe", "count", "timer", "notice", "end"};
#define FILE_NAME "watched-file"

static int mine[KINDS], theirs[KINDS]; /* what this process waits for; how it reaches the other's */
static pid_t other;
static int file, set, listener;
static volatile int handled;
static volatile int *found_first; /* shared */

static void handle(int signal)
{
    handled = signal;
}

static void check(int result, const char *what)
{
    if (result < 0) {
        printf("%s: %s\n", what, strerror(errno));
        exit(1);
    }
}

static long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void say(const char *words)
{
    check(send(mine[SOCKET], words, strlen(words), MSG_NOSIGNAL) < 0 && errno != EPIPE ? -1 : 0, "send");
}

static void watch_all(void)
{
    check(set = epoll_create1(0), "epoll_create1");
    for (int kind = 0; kind < KINDS && mine[kind] >= 0; kind++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = kind};
        check(epoll_ctl(set, EPOLL_CTL_ADD, mine[kind], &event), "epoll_ctl");
    }
}

/* What the other process's client is to hear of is done to it here. */
static void obey(char command)
{
    struct itimerspec soon = {.it_value.tv_nsec = 3000000};
    struct epoll_event found;
    uint64_t one = 1;
    int count = 0, status, listening;
    long begun;
    char words[80];
    switch (command) {
    case 'x':
        say("heard ");
        return;
    case 'k':
        check(kill(other, SIGUSR1), "kill");
        return;
    case 'p':
        check(write(theirs[PIPE], "p", 1), "write");
        return;
    case 'e':
        check(write(theirs[COUNT], &one, 8), "write");
        return;
    case 't':
        check(timerfd_settime(theirs[TIMER], 0, &soon, NULL), "timerfd_settime");
        return;
    case 'w':
        check(pwrite(file, "w", 1, 0), "pwrite");
        return;
    case 'i':
        check(setitimer(ITIMER_REAL, &(struct itimerval){.it_value.tv_usec = 3000}, NULL), "setitimer");
        return;
    case 'a': /* a set of a listener alone */
        check(listening = epoll_create1(0), "epoll_create1");
        found.events = EPOLLIN;
        check(epoll_ctl(listening, EPOLL_CTL_ADD, listener, &found), "epoll_ctl");
        say("listening ");
        count = epoll_wait(listening, &found, 1, 20000);
        check(status = accept(listener, NULL, NULL), "accept");
        close(status);
        close(listening);
        snprintf(words, sizeof words, "%d accepted ", count);
        say(words);
        return;
    case 'r': /* waits that each have their own time */
        say("ready ");
        for (int k = 0; k < 6; k++) {
            count += epoll_wait(set, &found, 1, 1000);
            while (read(mine[SOCKET], words, 1) == 1)
                ;
        }
        snprintf(words, sizeof words, "%d in time ", count);
        say(words);
        return;
    case 'h': /* a wait is over, and a handler runs in what comes then */
        say("ready ");
        count = epoll_wait(set, &found, 1, 20000);
        for (*found_first = 1; !handled;)
            ;
        handled = *found_first = 0;
        while (read(mine[SOCKET], words, 1) == 1)
            ;
        snprintf(words, sizeof words, "%d and handled ", count);
        say(words);
        return;
    case 'u':
        while (!*found_first)
            usleep(1000);
        usleep(20000);
        check(kill(other, SIGUSR2), "kill");
        return;
    case 'l': /* calls that change nothing for anybody */
        for (int k = 0; k < 50; k++)
            if (lseek(file, k, SEEK_SET) != k || pread(file, words, 1, 0) < 0 || getpid() <= 0)
                check(-1, "a call");
        say("looked ");
        return;
    case 'z': /* a look that does not wait */
        for (int k = 0; k < 50; k++)
            count += epoll_wait(set, &found, 1, 0);
        snprintf(words, sizeof words, "%d found ", count);
        say(words);
        return;
    case 'o': /* a wait that nobody ends, whatever else goes on */
        say("waiting ");
        begun = now_ms();
        count = epoll_wait(set, &found, 1, 150);
        snprintf(words, sizeof words, "%d after %s ", count, now_ms() - begun < 150 ? "too little" : "its time");
        say(words);
        return;
    case 'f': /* the child ends by a fault */
        *(volatile int *)16 = 1;
        return;
    case 'q':
        check(wait(&status), "wait");
        snprintf(words, sizeof words, "child ended by %d ", WTERMSIG(status));
        say(words);
        exit(0);
    }
}

static void take(int kind)
{
    char buffer[4096];
    struct signalfd_siginfo *info = (void *)buffer;
    if (kind == ENDS) {
        close(mine[ENDS]);
        say("end ");
        return;
    }
    int n = read(mine[kind], buffer, kind == SOCKET || kind == PIPE ? 1 : sizeof buffer);
    if (kind == SOCKET) {
        if (n == 1)
            obey(buffer[0]);
        else if (n == 0 || errno != EAGAIN)
            exit(0);
        return;
    }
    check(n, NAMES[kind]);
    if (kind == SIGNALS)
        snprintf(buffer + 2048, 64, "signal %d ", info->ssi_signo);
    else
        snprintf(buffer + 2048, 64, "%s ", NAMES[kind]);
    say(buffer + 2048);
}

static void serve(void)
{
    watch_all();
    for (;;) {
        struct epoll_event event;
        int found = epoll_wait(set, &event, 1, 20000);
        check(found - 1, "epoll_wait");
        take(event.data.u32);
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[argc - 1]))};
    int yes = 1, ends[2][KINDS], pipes[2][2];
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    sigaddset(&signals, SIGALRM);
    signal(SIGUSR2, handle);
    found_first = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    check(listener = socket(AF_INET, SOCK_STREAM, 0), "socket");
    sigprocmask(SIG_BLOCK, &signals, NULL);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    check(bind(listener, (void *)&where, sizeof where), "bind");
    check(listen(listener, 4), "listen");
    check(file = open(FILE_NAME, O_RDWR | O_CREAT, 0644), "open");
    check(write(file, "content", 7), "write");
    for (int k = 0; k < 2; k++) {
        check(ends[k][SOCKET] = accept4(listener, NULL, NULL, SOCK_NONBLOCK), "accept4");
        check(pipe(pipes[k]), "pipe");
        ends[k][PIPE] = pipes[k][0];
        check(ends[k][COUNT] = eventfd(0, EFD_NONBLOCK), "eventfd");
        check(ends[k][TIMER] = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), "timerfd_create");
        check(ends[k][NOTICES] = inotify_init1(IN_NONBLOCK), "inotify_init1");
    }
    pid_t parent = getpid(), child = fork();
    check(child, "fork");
    int me = child != 0;
    other = child ? child : parent;
    memcpy(mine, ends[me], sizeof mine);
    memcpy(theirs, ends[!me], sizeof theirs);
    theirs[PIPE] = pipes[!me][1];
    check(mine[SIGNALS] = signalfd(-1, &signals, 0), "signalfd");
    mine[ENDS] = me ? syscall(434, other, 0) : -1; /* pidfd_open */
    close(ends[!me][SOCKET]);
    if (me)
        check(inotify_add_watch(mine[NOTICES], FILE_NAME, IN_MODIFY), "inotify_add_watch");
    serve();
}
