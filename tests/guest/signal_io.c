/* Signals instead of waiting: O_ASYNC with F_SETOWN and F_SETSIG, and F_NOTIFY on directories. */
#include "guest.h"
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

static int names[8];
static int told;

static void handler(int signal, siginfo_t *info, void *context)
{
    char text[100];
    const char *code = info->si_code == POLL_IN    ? "POLL_IN"
                       : info->si_code == POLL_OUT ? "POLL_OUT"
                       : info->si_code == POLL_MSG ? "POLL_MSG"
                       : info->si_code == POLL_HUP ? "POLL_HUP"
                       : info->si_code == 0x80     ? "SI_KERNEL"
                                                   : "?";
    int which = 0;
    told++;
    if (info->si_code != 0x80)
        for (; which < 7 && names[which] != info->si_fd; which++)
            ;
    int n = snprintf(text, sizeof text, "  signal %s, %s, descriptor %d, band %lx\n",
                     signal == SIGIO ? "SIGIO" : signal == SIGUSR1 ? "SIGUSR1" : "SIGRTMIN+3", code, which,
                     info->si_code == 0x80 ? 0 : info->si_band);
    if (write(1, text, n) != n)
        _exit(9);
}

static void drain(int fd)
{
    static char buffer[1 << 17];
    while (read(fd, buffer, sizeof buffer) == sizeof buffer)
        ;
}

static void pipes(void)
{
    int p[2];
    static char much[1 << 16];
    struct f_owner_ex owner = {9, 9};
    SHOW(pipe(p));
    names[1] = p[0], names[2] = p[1];
    SHOW(fcntl(p[0], F_GETOWN));
    SHOW(fcntl(p[0], F_GETSIG));
    SHOW(fcntl(p[0], F_SETFL, O_ASYNC | O_NONBLOCK));
    SHOW((fcntl(p[0], F_GETFL) & O_ASYNC) == O_ASYNC);
    SHOW(write(p[1], "nobody", 6));
    drain(p[0]);
    SHOW(fcntl(p[0], F_SETOWN, getpid()));
    SHOW(fcntl(p[0], F_GETOWN) == getpid());
    SHOW(fcntl(p[0], F_GETOWN_EX, &owner));
    printf("owner kind %d, me %d\n", owner.type, owner.pid == getpid());
    SHOW(write(p[1], "plain", 5));
    SHOW(fcntl(p[0], F_SETSIG, 65));
    SHOW(fcntl(p[0], F_SETSIG, SIGUSR1));
    SHOW(fcntl(p[0], F_GETSIG) == SIGUSR1);
    SHOW(write(p[1], "named", 5));
    SHOW(write(p[1], "again", 5));
    drain(p[0]);
    owner.type = F_OWNER_PGRP, owner.pid = getpgrp();
    SHOW(fcntl(p[0], F_SETOWN_EX, &owner));
    SHOW(fcntl(p[0], F_GETOWN) == -getpgrp());
    SHOW(write(p[1], "group", 5));
    owner.type = F_OWNER_TID, owner.pid = gettid();
    SHOW(fcntl(p[0], F_SETOWN_EX, &owner));
    SHOW(fcntl(p[0], F_SETSIG, SIGRTMIN + 3));
    SHOW(write(p[1], "thread", 6));
    owner.type = 3;
    SHOW(fcntl(p[0], F_SETOWN_EX, &owner));
    SHOW(fcntl(p[0], F_SETOWN, 999999));
    fflush(stdout);
    told = 0;
    pid_t child = fork();
    if (!child) {
        usleep(10000);
        _exit(write(p[1], "child", 5) != 5);
    }
    while (!told)
        usleep(1000);
    waitpid(child, NULL, 0);
    drain(p[0]);
    SHOW(fcntl(p[0], F_SETFL, O_NONBLOCK));
    SHOW(write(p[1], "no more", 7));
    drain(p[0]);

    SHOW(fcntl(p[1], F_SETOWN, getpid()));
    SHOW(fcntl(p[1], F_SETSIG, SIGUSR1));
    SHOW(fcntl(p[1], F_SETFL, O_ASYNC | O_NONBLOCK));
    SHOW(write(p[1], much, sizeof much));
    puts("room:");
    fflush(stdout);
    SHOW(read(p[0], much, 8192));
    SHOW(fcntl(p[1], F_SETOWN, 0));
    SHOW(fcntl(p[1], F_GETOWN));
    drain(p[0]);
    close(p[0]);
    close(p[1]);
}

static void sockets(void)
{
    int s[2], on = 1;
    char text[10];
    SHOW(socketpair(AF_UNIX, SOCK_DGRAM, 0, s));
    names[1] = s[0], names[2] = s[1];
    SHOW(fcntl(s[0], F_SETOWN, getpid()));
    SHOW(fcntl(s[0], F_SETSIG, SIGUSR1));
    SHOW(ioctl(s[0], FIOASYNC, &on));
    SHOW((fcntl(s[0], F_GETFL) & O_ASYNC) == O_ASYNC);
    SHOW(send(s[1], "one", 3, 0));
    SHOW(recv(s[0], text, 10, 0));
    close(s[0]);
    close(s[1]);
}

static void directories(void)
{
    SHOW(mkdir("watched", 0755));
    int d = open("watched", O_RDONLY), f = open("watched/file", O_RDWR | O_CREAT, 0644);
    names[1] = d, names[2] = f;
    SHOW(fcntl(f, F_NOTIFY, DN_CREATE));
    SHOW(fcntl(d, F_SETSIG, SIGRTMIN + 3));
    SHOW(fcntl(d, F_NOTIFY, DN_CREATE | DN_DELETE | DN_MULTISHOT));
    SHOW(fcntl(d, F_GETOWN) == getpid());
    close(open("watched/new", O_RDWR | O_CREAT, 0644));
    SHOW(rename("watched/new", "watched/newer"));
    SHOW(write(f, "x", 1));
    SHOW(unlink("watched/newer"));
    SHOW(fcntl(d, F_NOTIFY, 0));
    SHOW(unlink("watched/file"));
    SHOW(fcntl(d, F_NOTIFY, DN_ATTRIB | DN_MODIFY | DN_ACCESS));
    SHOW(fchmod(d, 0700));
    SHOW(fchmod(d, 0755));
    SHOW(mkdir("watched/one", 0755));
    SHOW(fcntl(d, F_NOTIFY, DN_RENAME | DN_MULTISHOT));
    SHOW(rename("watched/one", "two"));
    SHOW(rename("two", "watched/two"));
    SHOW(rename("watched/two", "watched/three"));
    SHOW(fcntl(d, F_NOTIFY, 0));
    SHOW(fcntl(d, F_NOTIFY, DN_CREATE | DN_DELETE));
    SHOW(rename("watched/three", "watched/four"));
    SHOW(fcntl(d, F_NOTIFY, DN_CREATE | DN_MULTISHOT));
    close(d);
    SHOW(mkdir("watched/unseen", 0755));
    close(f);
}

int main(void)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaction(SIGIO, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGRTMIN + 3, &action, NULL);
    names[0] = names[7] = -1;
    pipes();
    sockets();
    directories();
    return 0;
}
