/* Pseudo-terminals: pairs, locking, echo, signals, hang-ups, packets, sizes, controlling terminals. */
#include "guest.h"
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>

static volatile int caught;

static void handler(int signal)
{
    caught = signal;
}

/* Linux passes bytes between the two ends a little later. */
static void settle(int fd)
{
    struct pollfd p = {fd, POLLIN, 0};
    poll(&p, 1, 30);
}

static void get(const char *who, int fd)
{
    char text[300];
    settle(fd);
    long n = read(fd, text, sizeof text);
    if (n < 0) {
        printf("%s: %s\n", who, strerrorname_np(errno));
    } else {
        printf("%s %ld:", who, n);
        for (long i = 0; i < n; i++)
            printf(" %02x", (unsigned char)text[i]);
        printf("\n");
    }
    fflush(stdout);
}

static void events(const char *who, int fd)
{
    struct pollfd p = {fd, POLLIN | POLLOUT | POLLPRI, 0};
    settle(fd);
    poll(&p, 1, 0);
    printf("%s polls %x\n", who, p.revents);
}

static void put(int fd, const char *text)
{
    errno = 0;
    long n = write(fd, text, strlen(text));
    printf("write %ld %s\n", n, n < 0 ? strerrorname_np(errno) : "");
}

static int pair(int *slave)
{
    char name[64];
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0) {
        perror("posix_openpt");
        exit(1);
    }
    SHOW(unlockpt(master));
    ptsname_r(master, name, sizeof name);
    *slave = open(name, O_RDWR | O_NOCTTY);
    fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK);
    return master;
}

/* System V's struct termio: the lower halves of the flags and eight characters. */
static void old_settings(int slave)
{
    struct termios before, after;
    struct termio old;
    tcgetattr(slave, &before);
    SHOW(ioctl(slave, TCGETA, &old));
    printf("%x %x %x %x line %d:", old.c_iflag, old.c_oflag, old.c_cflag, old.c_lflag, old.c_line);
    for (int i = 0; i < NCC; i++)
        printf(" %02x", old.c_cc[i]);
    old.c_lflag &= ~(ECHOCTL | ECHOKE);
    old.c_iflag |= IXANY;
    old.c_cc[VKILL] = 'K';
    printf("\n");
    SHOW(ioctl(slave, TCSETA, &old));
    tcgetattr(slave, &after);
    printf("%x %x %x %x kill %c stop %x\n", after.c_iflag, after.c_oflag, after.c_cflag, after.c_lflag,
           after.c_cc[VKILL], after.c_cc[VSTOP]);
    before.c_lflag |= EXTPROC;
    tcsetattr(slave, TCSANOW, &before);
    SHOW(ioctl(slave, TCSETAW, &old));
    tcgetattr(slave, &after);
    printf("the upper half stays: %x\n", after.c_lflag);
    before.c_lflag &= ~EXTPROC;
    tcsetattr(slave, TCSANOW, &before);
    SHOW(ioctl(slave, TCGETA, 8));
    SHOW(ioctl(slave, TCSETAF, 8));
}

static void basics(void)
{
    char name[64];
    struct termios t;
    struct winsize w = {0};
    struct stat st;
    int number, lock;
    int master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
    OK(ioctl(master, TIOCGPTN, &number));
    snprintf(name, sizeof name, "/dev/pts/%d", number);
    SHOW(stat(name, &st));
    printf("mode %o rdev %d,%d\n", st.st_mode & ~020, (int)(st.st_rdev >> 8 & 0xfff), (int)(st.st_rdev & 255) == (number & 255));
    SHOW(open(name, O_RDWR | O_NOCTTY));
    SHOW(ioctl(master, TIOCGPTLCK, &lock));
    printf("locked %d\n", lock);
    fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK);
    get("before any slave", master);
    events("master", master);
    lock = 0;
    SHOW(ioctl(master, TIOCSPTLCK, &lock));
    int slave = open(name, O_RDWR | O_NOCTTY);
    printf("isatty %d %d\n", isatty(master), isatty(slave));
    SHOW(tcgetattr(slave, &t));
    printf("%x %x %x %x\n", t.c_iflag, t.c_oflag, t.c_cflag, t.c_lflag);
    old_settings(slave);
    SHOW(ioctl(slave, TIOCGWINSZ, &w));
    printf("%d x %d\n", w.ws_row, w.ws_col);
    w.ws_row = 30, w.ws_col = 99;
    SHOW(ioctl(master, TIOCSWINSZ, &w));
    memset(&w, 0, sizeof w);
    SHOW(ioctl(slave, TIOCGWINSZ, &w));
    printf("%d x %d\n", w.ws_row, w.ws_col);
    events("master", master);
    events("slave", slave);
    put(master, "hello\n");
    get("echo", master);
    events("slave", slave);
    get("slave", slave);
    put(slave, "a\tb\nc");
    int waiting;
    settle(master);
    usleep(10000);
    SHOW(ioctl(master, FIONREAD, &waiting));
    printf("%d waiting\n", waiting);
    get("master", master);
    put(master, "par");
    events("slave", slave);
    put(master, "tial\004");
    get("slave", slave);
    get("master", master);
    put(master, "\004");
    get("end of file", slave);
    get("nothing left", master);
    SHOW(tcgetattr(master, &t));
    cfmakeraw(&t);
    SHOW(tcsetattr(master, TCSANOW, &t));
    put(master, "x\r\003");
    get("raw slave", slave);
    put(slave, "y\n");
    get("raw master", master);
    SHOW(close(slave));
    events("master alone", master);
    get("master alone", master);
    slave = open(name, O_RDWR | O_NOCTTY);
    events("master again", master);
    get("master again", master);
    SHOW(close(master));
    events("slave alone", slave);
    get("slave alone", slave);
    put(slave, "z");
    SHOW(tcgetattr(slave, &t));
    SHOW(stat(name, &st));
    SHOW(open(name, O_RDWR));
    close(slave);
}

static void packets(void)
{
    int slave, master = pair(&slave), on = 1;
    struct termios t;
    SHOW(ioctl(master, TIOCPKT, &on));
    get("packet", master);
    put(slave, "data");
    get("packet", master);
    SHOW(tcflush(slave, TCIFLUSH));
    events("master", master);
    get("packet", master);
    put(master, "\023");
    get("packet", master);
    fcntl(slave, F_SETFL, O_RDWR | O_NONBLOCK);
    put(slave, "held");
    put(master, "\021");
    get("packet", master);
    put(slave, "sent");
    get("packet", master);
    tcgetattr(slave, &t);
    t.c_iflag &= ~IXON;
    tcsetattr(slave, TCSANOW, &t);
    get("packet", master);
    on = 0;
    SHOW(ioctl(master, TIOCPKT, &on));
    put(slave, "plain");
    get("master", master);
    close(slave);
    close(master);
}

static void full(void)
{
    int slave, master = pair(&slave);
    static char text[4096];
    struct termios t;
    memset(text, 'x', sizeof text);
    fcntl(slave, F_SETFL, O_RDWR | O_NONBLOCK);
    long n, total = 0;
    while ((n = write(slave, text, sizeof text)) > 0 && total < 1 << 20)
        total += n;
    printf("full at some point: %d %s\n", total < 1 << 20, n < 0 ? strerrorname_np(errno) : "");
    long seen = 0;
    while ((n = read(master, text, sizeof text)) > 0)
        seen += n;
    printf("all read: %d\n", seen == total);
    events("slave", slave);
    tcgetattr(slave, &t);
    cfmakeraw(&t);
    tcsetattr(slave, TCSANOW, &t);
    total = 0;
    while ((n = write(master, text, sizeof text)) > 0 && total < 1 << 20)
        total += n;
    printf("full at some point: %d %s\n", total < 1 << 20, n < 0 ? strerrorname_np(errno) : "");
    seen = 0;
    struct pollfd p = {slave, POLLIN, 0};
    while (poll(&p, 1, 50) == 1 && (n = read(slave, text, sizeof text)) > 0)
        seen += n;
    printf("all read: %d\n", seen == total);
    close(slave);
    close(master);
}

static void session(void)
{
    int slave, master = pair(&slave), ready[2], status;
    pipe(ready);
    pid_t child = fork();
    if (child == 0) {
        char byte, name[64];
        ptsname_r(master, name, sizeof name);
        close(master);
        SHOW(open("/dev/tty", O_RDWR) >= 0);
        SHOW(setsid() == getpid());
        SHOW(open("/dev/tty", O_RDWR));
        SHOW(tcgetpgrp(slave));
        int own = open(name, O_RDWR);
        SHOW(tcgetpgrp(own) == getpid());
        SHOW(tcgetsid(own) == getpid());
        SHOW(ioctl(own, TIOCSCTTY, 0));
        SHOW(open("/dev/tty", O_RDWR) >= 0);
        signal(SIGINT, handler);
        signal(SIGWINCH, handler);
        signal(SIGHUP, handler);
        sigset_t all, none;
        sigfillset(&all);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &all, NULL);
        fflush(stdout);
        write(ready[1], "1", 1);
        sigsuspend(&none);
        printf("caught %d\n", caught);
        fflush(stdout);
        write(ready[1], "2", 1);
        sigsuspend(&none);
        printf("caught %d\n", caught);
        fflush(stdout);
        write(ready[1], "3", 1);
        sigsuspend(&none);
        printf("caught %d\n", caught);
        SHOW(open("/dev/tty", O_RDWR));
        SHOW(read(own, &byte, 1));
        SHOW(write(own, "x", 1));
        _exit(5);
    }
    close(slave);
    char step;
    struct winsize w = {40, 120, 0, 0};
    read(ready[0], &step, 1);
    pid_t group = 0;
    SHOW(ioctl(master, TIOCGPGRP, &group));
    printf("foreground is the child: %d\n", group == child);
    fflush(stdout);
    write(master, "\003", 1);
    read(ready[0], &step, 1);
    get("the echo", master);
    ioctl(master, TIOCSWINSZ, &w);
    read(ready[0], &step, 1);
    fflush(stdout);
    close(master);
    waitpid(child, &status, 0);
    printf("exit %d\n", WEXITSTATUS(status));
}

static void leader_ends(void)
{
    int slave, master = pair(&slave), ready[2], back[2], status;
    char byte;
    pipe(ready);
    pipe(back);
    pid_t child = fork();
    if (child == 0) {
        setsid();
        signal(SIGHUP, SIG_IGN);
        ioctl(slave, TIOCSCTTY, 0);
        if (fork() == 0) { /* stays behind, with the slave open */
            read(back[0], &byte, 1);
            fcntl(slave, F_SETFL, O_RDWR | O_NONBLOCK);
            get("left behind", slave);
            put(slave, "x");
            SHOW(tcgetpgrp(slave));
            fflush(stdout);
            write(ready[1], "2", 1);
            _exit(0);
        }
        write(slave, "bye", 3);
        _exit(0);
    }
    close(slave);
    waitpid(child, &status, 0);
    get("master", master);
    get("master", master);
    events("master", master);
    fflush(stdout);
    write(back[1], "1", 1);
    read(ready[0], &byte, 1);
    get("master", master);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    basics();
    packets();
    full();
    session();
    leader_ends();
    while (wait(NULL) > 0)
        ;
    return 0;
}
