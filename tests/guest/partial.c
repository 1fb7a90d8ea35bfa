/* Buffers that reach into a page that is not there: what lies before it is transferred.
   qemu-user checks whole buffers itself, so the expected output is that of a native Linux build. */
#include "guest.h"
#include <sys/mman.h>
#include <sys/uio.h>

int main(void)
{
    char *base = mmap(NULL, 3 * 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(base + 65536, 65536);
    char *edge = base + 65536, *beyond = base + 65536 + 100;
    mprotect(base + 2 * 65536, 65536, PROT_READ);
    char *readonly = base + 2 * 65536;
    memset(base, 'm', 65536);
    static char text[100000];
    memset(text, 't', sizeof text);
    int fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0644);
    SHOW(write(fd, text, 10000));

    SHOW(pread(fd, edge - 10, 100, 0));
    SHOW(pread(fd, edge - 5000, 10000, 0));
    SHOW(pread(fd, beyond, 10, 0));
    SHOW(pread(fd, beyond, 10, 20000));
    SHOW(pread(fd, beyond, 0, 0));
    SHOW(pread(fd, readonly, 10, 0));
    SHOW(pread(fd, NULL, 10, 0));
    SHOW(pread(fd, (char *)-10, 5, 0));
    SHOW(pread(fd, (char *)-10, 100, 0));
    SHOW(pread(fd, text, -1, 0));
    SHOW(lseek(fd, 0, SEEK_SET));
    SHOW(read(fd, edge - 10, 100));
    SHOW(lseek(fd, 0, SEEK_CUR));
    SHOW(pwrite(fd, edge - 10, 100, 0));
    SHOW(pwrite(fd, beyond, 100, 0));
    SHOW(pwrite(fd, readonly, 10, 0));
    SHOW(pwrite(fd, beyond, 0, 0));

    struct iovec v[3] = {{text, 10}, {edge - 5, 10}, {text, 10}};
    SHOW(preadv(fd, v, 3, 0));
    SHOW(pwritev(fd, v, 3, 0));
    v[0].iov_base = beyond;
    SHOW(preadv(fd, v, 3, 0));
    SHOW(pwritev(fd, v, 3, 0));
    v[0] = (struct iovec){beyond, 0};
    SHOW(preadv(fd, v, 3, 0));

    int p[2];
    pipe2(p, O_NONBLOCK);
    SHOW(write(p[1], edge - 10, 100));
    SHOW(read(p[0], text, 100));
    SHOW(write(p[1], edge - 6000, 10000));
    SHOW(read(p[0], text, 10000));
    SHOW(write(p[1], beyond, 100));
    SHOW(write(p[1], "0123456789", 10));
    SHOW(read(p[0], beyond, 10));
    SHOW(read(p[0], readonly, 10));
    SHOW(read(p[0], text, 10));
    printf("%.10s\n", text);
    struct stat st;
    SHOW(fstat(fd, (void *)(edge - 10)) == -1 && errno == EFAULT);
    SHOW(syscall(SYS_getcwd, edge - 1, 100));
    SHOW(open(edge - 4, O_RDONLY));
    memcpy(edge - 5, "file", 5);
    OK(open(edge - 5, O_RDONLY));
    SHOW(readlink("/proc/self/exe", edge - 2, 1) == 1);
    SHOW(pipe2((int *)(edge - 4), 0));
    SHOW(write(99, beyond, 10));
    SHOW(read(p[1], beyond, 10));
    return 0;
}
