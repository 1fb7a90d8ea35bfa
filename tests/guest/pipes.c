/* pipe2(2), FIFOs, and what happens when one end goes. */
#include "guest.h"
#include <poll.h>
#include <sys/ioctl.h>

static int events(int fd, int wanted)
{
    struct pollfd p = {fd, wanted, 0};
    poll(&p, 1, 0);
    return p.revents;
}

int main(void)
{
    static char big[200000];
    int p[2], n;
    struct stat st;
    signal(SIGPIPE, SIG_IGN);

    SHOW(pipe2(p, 0));
    printf("%d %d\n", p[0], p[1]);
    fstat(p[0], &st);
    printf("fifo %d size %ld mode %o nlink %d\n", S_ISFIFO(st.st_mode), (long)st.st_size, st.st_mode & 0777, (int)st.st_nlink);
    SHOW(write(p[1], "hello", 5));
    SHOW(ioctl(p[0], FIONREAD, &n));
    SHOW(n);
    SHOW(read(p[0], big, 2));
    SHOW(read(p[0], big, 100));
    SHOW(read(p[1], big, 1));
    SHOW(write(p[0], big, 1));
    SHOW(lseek(p[0], 0, SEEK_SET));
    SHOW(pread(p[0], big, 1, 0));
    SHOW(pwrite(p[1], big, 1, 0));
    SHOW(ftruncate(p[1], 0));
    SHOW(fsync(p[1]));
    SHOW(write(p[1], big, 0));
    SHOW(fcntl(p[0], F_GETFL));
    SHOW(fcntl(p[1], F_GETFL));
    SHOW(fcntl(p[1], F_GETPIPE_SZ));
    printf("poll %x %x\n", events(p[0], POLLIN | POLLOUT), events(p[1], POLLIN | POLLOUT));

    SHOW(fcntl(p[0], F_SETFL, O_NONBLOCK));
    SHOW(fcntl(p[1], F_SETFL, O_NONBLOCK));
    SHOW(read(p[0], big, 1));
    SHOW(write(p[1], big, sizeof big));
    SHOW(write(p[1], big, 1));
    printf("poll %x %x\n", events(p[0], POLLIN | POLLOUT), events(p[1], POLLIN | POLLOUT));
    SHOW(read(p[0], big, 4096));
    SHOW(write(p[1], big, 4096));
    SHOW(read(p[0], big, 100));
    SHOW(write(p[1], big, 4096));
    SHOW(read(p[0], big, sizeof big));
    SHOW(fcntl(p[1], F_SETPIPE_SZ, 5000));
    SHOW(write(p[1], big, 10000));
    SHOW(fcntl(p[1], F_SETPIPE_SZ, 4096));
    SHOW(read(p[0], big, sizeof big));
    SHOW(fcntl(0x7fff, F_GETPIPE_SZ));
    SHOW(write(p[1], "rest", 4));
    SHOW(close(p[1]));
    printf("poll %x\n", events(p[0], POLLIN | POLLOUT));
    SHOW(read(p[0], big, 10));
    SHOW(read(p[0], big, 10));
    printf("poll %x\n", events(p[0], POLLIN | POLLOUT));
    SHOW(close(p[0]));

    pipe2(p, O_CLOEXEC | O_NONBLOCK);
    printf("%x %x %o\n", fcntl(p[0], F_GETFD), fcntl(p[1], F_GETFD), fcntl(p[0], F_GETFL));
    close(p[0]);
    SHOW(write(p[1], "x", 1));
    printf("poll %x\n", events(p[1], POLLIN | POLLOUT));
    close(p[1]);
    SHOW(pipe2(p, O_TRUNC));

    SHOW(mkfifo("f", 0644));
    SHOW(mkfifo("f", 0644));
    SHOW(open("f", O_WRONLY | O_NONBLOCK));
    int r = open("f", O_RDONLY | O_NONBLOCK);
    SHOW(r);
    SHOW(read(r, big, 1));
    printf("poll %x\n", events(r, POLLIN));
    int w = open("f", O_WRONLY);
    SHOW(w);
    SHOW(read(r, big, 1));
    SHOW(write(w, "through", 7));
    printf("poll %x\n", events(r, POLLIN));
    SHOW(read(r, big, 100));
    SHOW(close(w));
    printf("poll %x\n", events(r, POLLIN));
    SHOW(read(r, big, 1));
    SHOW(close(r));
    int b = open("f", O_RDWR);
    SHOW(write(b, "self", 4));
    SHOW(read(b, big, 10));
    close(b);
    SHOW(unlink("f"));
    SHOW(pipe2((int *)8, 0));

    /* The default action of SIGPIPE ends the process. */
    fflush(stdout);
    signal(SIGPIPE, SIG_DFL);
    pipe2(p, 0);
    close(p[0]);
    write(p[1], "x", 1);
    puts("not reached");
    return 0;
}
