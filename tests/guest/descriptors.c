/* dup(2) and its relatives, fcntl(2), close_range(2), RLIMIT_NOFILE. */
#include "guest.h"
#include <sys/ioctl.h>
#include <sys/resource.h>

int main(void)
{
    make("file", "0123456789");
    int fd = open("file", O_RDWR);
    SHOW(fd);
    SHOW(dup(fd));
    SHOW(dup2(fd, 10));
    SHOW(dup2(fd, fd));
    SHOW(dup2(99, 4));
    SHOW(dup2(fd, -1));
    SHOW(dup2(fd, 1 << 20));
    SHOW(dup3(fd, fd, 0));
    SHOW(dup3(fd, 11, O_CLOEXEC));
    SHOW(dup3(fd, 12, O_TRUNC));
    SHOW(fcntl(11, F_GETFD));
    SHOW(fcntl(10, F_GETFD));
    SHOW(dup(99));
    SHOW(close(4));
    SHOW(dup(fd));
    SHOW(fcntl(fd, F_DUPFD, 7));
    SHOW(fcntl(fd, F_DUPFD, 7));
    SHOW(fcntl(fd, F_DUPFD_CLOEXEC, 4));
    SHOW(fcntl(5, F_GETFD));
    SHOW(fcntl(fd, F_DUPFD, -1));
    SHOW(fcntl(fd, F_DUPFD, 1 << 30));
    SHOW(fcntl(fd, F_SETFD, FD_CLOEXEC));
    SHOW(fcntl(fd, F_GETFD));
    SHOW(fcntl(4, F_GETFD));
    SHOW(ioctl(fd, FIONCLEX));
    SHOW(fcntl(fd, F_GETFD));
    SHOW(ioctl(fd, FIOCLEX));
    SHOW(fcntl(fd, F_GETFD));

    /* Duplicates share the offset and the status flags; another open does not. */
    char text[8];
    int other = open("file", O_RDONLY);
    SHOW(read(fd, text, 3));
    SHOW(lseek(4, 0, SEEK_CUR));
    SHOW(lseek(other, 0, SEEK_CUR));
    SHOW(fcntl(4, F_SETFL, O_APPEND | O_NONBLOCK | O_RDONLY));
    printf("%o %o\n", fcntl(fd, F_GETFL) & ~0100000, fcntl(other, F_GETFL) & ~0100000);
    SHOW(fcntl(4, F_SETFL, 0));
    printf("%o\n", fcntl(fd, F_GETFL) & ~0100000);
    SHOW(fcntl(99, F_GETFL));
    SHOW(fcntl(fd, 12345));
    int on = 1;
    SHOW(ioctl(fd, FIONBIO, &on));
    printf("%o\n", fcntl(fd, F_GETFL) & ~0100000);
    int n = -1;
    SHOW(ioctl(fd, FIONREAD, &n));
    SHOW(n);
    SHOW(ioctl(fd, 0x5401, text));
    SHOW(ioctl(99, 0x5401, text));
    SHOW(isatty(fd));

    SHOW(syscall(SYS_close_range, 9, 5, 0));
    SHOW(syscall(SYS_close_range, 5, 8, 0));
    SHOW(fcntl(5, F_GETFD));
    SHOW(fcntl(10, F_GETFD));
    SHOW(syscall(SYS_close_range, 10, ~0u, 4));
    SHOW(fcntl(10, F_GETFD));
    SHOW(syscall(SYS_close_range, 3, ~0u, 99));
    SHOW(syscall(SYS_close_range, 3, ~0u, 0));
    SHOW(fcntl(10, F_GETFD));
    SHOW(open("file", O_RDONLY));

    struct rlimit limit = {8, 4096};
    SHOW(setrlimit(RLIMIT_NOFILE, &limit));
    while ((n = dup(0)) >= 0)
        fd = n;
    SHOW(fd);
    SHOW(dup(0));
    SHOW(open("file", O_RDONLY));
    int p[2];
    SHOW(pipe(p));
    close(7);
    SHOW(pipe(p));
    SHOW(dup2(0, 8));
    SHOW(dup2(0, 7));
    SHOW(fcntl(0, F_DUPFD, 8));
    SHOW(fcntl(0, F_DUPFD, 3));
    return 0;
}
