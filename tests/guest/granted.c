/* A client of a stream socket in the file system; the server is test_granted_socket.py's. argv: its path. */
#include "guest.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

static const char *path;

static int dial(int type)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    strcpy(name.sun_path, path);
    int fd = socket(AF_UNIX, type, 0);
    if (connect(fd, (struct sockaddr *)&name, sizeof name) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static int ask(const char *what)
{
    int fd = dial(SOCK_STREAM);
    if (fd < 0 || write(fd, what, 1) != 1)
        perror(what);
    return fd;
}

static void show_read(int fd)
{
    char text[64];
    long n = 0, got;
    while (n < 5 && (got = read(fd, text + n, sizeof text - n)) > 0)
        n += got;
    printf("read %ld '%.*s'\n", n, (int)n, text);
}

static int events(int fd, int wanted)
{
    struct pollfd one = { fd, wanted, 0 };
    poll(&one, 1, 10000);
    return one.revents;
}

static long drain(int fd)
{
    static char block[50000];
    long total = 0, n;
    while ((n = read(fd, block, sizeof block)) > 0)
        total += n;
    return n < 0 ? -1 : total;
}

static int talk(int turns)
{
    char text[5];
    int fd = ask("d");
    for (int i = 0; i < turns; i++) {
        if (write(fd, "again", 5) != 5)
            return 1;
        for (int n = 0, got; n < 5; n += got)
            if ((got = read(fd, text + n, 5 - n)) <= 0)
                return 2;
    }
    return 0;
}

int main(int argc, char **argv)
{
    static char block[1 << 16];
    struct stat st;
    path = argv[1];
    signal(SIGPIPE, SIG_IGN);
    stat(path, &st);
    printf("socket %d mode %o\n", S_ISSOCK(st.st_mode), st.st_mode & 0777);
    SHOW(open(path, O_RDWR));

    int fd = ask("e");
    SHOW(write(fd, "hello", 5));
    show_read(fd);
    SHOW(events(fd, POLLOUT));
    SHOW(recv(fd, block, 1, MSG_DONTWAIT));
    SHOW(shutdown(fd, SHUT_WR));
    show_read(fd);
    SHOW(read(fd, block, 1));
    SHOW(events(fd, POLLIN));
    SHOW(write(fd, "x", 1));
    close(fd);

    fd = ask("b"); /* the server sends faster than we read */
    SHOW(events(fd, POLLIN));
    usleep(20000);
    SHOW(drain(fd));
    close(fd);

    fd = ask("s"); /* we send faster than the server reads */
    fcntl(fd, F_SETFL, O_NONBLOCK);
    long sent = 0, n;
    int full = 0;
    while (sent < 3000000) {
        n = write(fd, block, sizeof block);
        if (n > 0) {
            sent += n;
        } else if (errno == EAGAIN) {
            full = 1;
            events(fd, POLLOUT);
        } else {
            break;
        }
    }
    printf("all sent %d, was full %d\n", sent >= 3000000, full);
    shutdown(fd, SHUT_WR);
    fcntl(fd, F_SETFL, 0);
    SHOW(drain(fd) == snprintf(block, sizeof block, "%ld", sent));
    close(fd);

    int set = epoll_create1(0), one = ask("e"), two = ask("e");
    struct epoll_event event = { EPOLLIN | EPOLLET, { .u32 = 1 } };
    epoll_ctl(set, EPOLL_CTL_ADD, one, &event);
    event.data.u32 = 2;
    epoll_ctl(set, EPOLL_CTL_ADD, two, &event);
    SHOW(epoll_wait(set, &event, 1, 0));
    write(two, "later", 5);
    SHOW(epoll_wait(set, &event, 1, 10000));
    printf("of %d, events %x\n", event.data.u32, event.events);
    show_read(two);
    SHOW(epoll_wait(set, &event, 1, 0));
    close(one);
    close(two);

    fd = ask("c"); /* the server closes at once */
    SHOW(drain(fd));
    SHOW(events(fd, 0));
    SHOW(send(fd, "x", 1, MSG_NOSIGNAL));
    close(fd);

    fflush(stdout);
    pid_t child = fork(); /* a connection is shared like any file */
    if (!child) {
        fd = ask("e");
        write(fd, "child", 5);
        show_read(fd);
        fflush(stdout);
        if (getuid() == 0 && setuid(1000) == 0)
            _exit(dial(SOCK_STREAM) < 0 ? errno : 0);
        _exit(EACCES);
    }
    int status;
    waitpid(child, &status, 0);
    printf("another user: %s\n", strerrorname_np(WEXITSTATUS(status)));
    pid_t idle = fork(); /* waits for what never comes, while the other one waits again and again */
    if (!idle)
        _exit(drain(ask("d")));
    child = fork();
    if (!child)
        _exit(talk(50));
    waitpid(child, &status, 0);
    printf("talked %d\n", WEXITSTATUS(status));
    SHOW(kill(idle, SIGKILL));
    waitpid(idle, &status, 0);
    SHOW(dial(SOCK_DGRAM));
    SHOW(dial(SOCK_SEQPACKET));
    fd = ask("q"); /* the server closes its door, and is gone after that */
    SHOW(drain(fd));
    SHOW(dial(SOCK_STREAM));
    return 0;
}
