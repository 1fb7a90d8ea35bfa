/* A terminal: editing, echo, signals, raw reads. The test types after each <n> that appears. */
#include "guest.h"
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>

static volatile int caught;

static void handler(int signal)
{
    caught = signal;
}

static int step;

static void get(int limit)
{
    char text[300];
    printf("<%d>", ++step);
    fflush(stdout);
    long n = read(0, text, limit);
    if (n < 0) {
        printf("[%s caught %d]\n", strerrorname_np(errno), caught);
    } else {
        printf("[%ld:", n);
        for (long i = 0; i < n; i++)
            printf(" %02x", (unsigned char)text[i]);
        printf("]\n");
    }
    fflush(stdout);
}

/* Signals are let in only while it waits, so that none comes between the marker and the wait. */
static void await_signal(void)
{
    struct pollfd p = {0, POLLIN, 0};
    sigset_t none;
    sigemptyset(&none);
    printf("<%d>", ++step);
    fflush(stdout);
    int n = ppoll(&p, 1, NULL, &none);
    printf("[%d %s caught %d]\n", n, n < 0 ? strerrorname_np(errno) : "", caught);
    fflush(stdout);
}

int main(void)
{
    struct termios t, saved;
    struct winsize w;
    int n;
    printf("isatty %d %d %d\n", isatty(0), isatty(1), isatty(2));
    SHOW(tcgetattr(0, &t));
    saved = t;
    printf("%x %x %x %x speed %d line %d\n", t.c_iflag, t.c_oflag, t.c_cflag, t.c_lflag, cfgetospeed(&t), t.c_line);
    for (int i = 0; i < 17; i++)
        printf("%d ", t.c_cc[i]);
    puts("");
    SHOW(ioctl(0, TIOCGWINSZ, &w));
    printf("%d x %d\n", w.ws_row, w.ws_col);
    printf("foreground %d\n", tcgetpgrp(0) == getpgrp());
    SHOW(tcsetpgrp(0, 999999));
    SHOW(lseek(0, 0, SEEK_SET));

    for (int i = 0; i < 15; i++)
        get(200);
    get(3); /* a long line in pieces */
    get(3);
    get(100);

    struct sigaction act = {.sa_handler = handler};
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGQUIT, &act, NULL);
    sigaction(SIGTSTP, &act, NULL);
    sigaction(SIGWINCH, &act, NULL);
    sigset_t typed, before;
    sigemptyset(&typed);
    sigaddset(&typed, SIGINT);
    sigaddset(&typed, SIGQUIT);
    sigaddset(&typed, SIGTSTP);
    sigprocmask(SIG_BLOCK, &typed, &before);
    await_signal();
    await_signal();
    await_signal();
    sigprocmask(SIG_SETMASK, &before, NULL);

    t.c_lflag &= ~ECHO;
    SHOW(tcsetattr(0, TCSANOW, &t));
    get(100);
    t.c_lflag |= ECHONL;
    tcsetattr(0, TCSANOW, &t);
    get(100);
    t = saved;
    t.c_lflag &= ~(ECHOE | ECHOKE);
    tcsetattr(0, TCSANOW, &t);
    get(100);
    t = saved;
    t.c_lflag |= ECHOPRT;
    tcsetattr(0, TCSANOW, &t);
    get(100);
    t = saved;
    t.c_lflag &= ~ECHOCTL;
    t.c_cc[VEOL] = ';';
    t.c_iflag |= INLCR | IUCLC;
    t.c_iflag &= ~ICRNL;
    tcsetattr(0, TCSANOW, &t);
    get(100);
    get(100);

    cfmakeraw(&t);
    tcsetattr(0, TCSADRAIN, &t);
    get(100);
    t.c_cc[VMIN] = 3;
    tcsetattr(0, TCSANOW, &t);
    get(100);
    get(2);
    get(100);
    t.c_cc[VMIN] = 0;
    t.c_cc[VTIME] = 1;
    tcsetattr(0, TCSANOW, &t);
    get(100);
    t.c_cc[VTIME] = 50;
    tcsetattr(0, TCSANOW, &t);
    get(100);
    t.c_cc[VMIN] = 5;
    t.c_cc[VTIME] = 1;
    tcsetattr(0, TCSANOW, &t);
    get(100);
    t.c_cc[VMIN] = t.c_cc[VTIME] = 0;
    tcsetattr(0, TCSANOW, &t);
    printf("<%d>", ++step);
    fflush(stdout);
    n = 0;
    while (n < 5)
        ioctl(0, FIONREAD, &n);
    printf("waiting %d\r\n", n);
    fflush(stdout);
    tcsetattr(0, TCSANOW, &saved); /* what was typed raw is one line now */
    get(100);
    fcntl(0, F_SETFL, O_NONBLOCK);
    n = read(0, &t, 1);
    printf("%d %s\n", n, strerrorname_np(errno));
    fcntl(0, F_SETFL, 0);
    SHOW(tcflush(0, TCIFLUSH));
    SHOW(tcflush(0, 99));
    SHOW(tcflow(0, TCOON));
    SHOW(tcdrain(0));

    t = saved;
    t.c_oflag &= ~ONLCR;
    tcsetattr(0, TCSANOW, &t);
    printf("no carriage return\n\ttab\r");
    t.c_oflag |= ONLCR | XTABS | OCRNL | ONOCR;
    fflush(stdout);
    tcsetattr(0, TCSANOW, &t);
    printf("a\tbc\tdefghijkl\tm\ron\n\rx\n");
    fflush(stdout);
    tcsetattr(0, TCSANOW, &saved);
    caught = 0;
    w.ws_row = 50;
    w.ws_col = 132;
    SHOW(ioctl(0, TIOCSWINSZ, &w));
    printf("caught %d\n", caught);
    SHOW(ioctl(1, TIOCGWINSZ, &w));
    printf("%d x %d\n", w.ws_row, w.ws_col);
    signal(SIGINT, SIG_DFL);
    get(100);
    return 0;
}
