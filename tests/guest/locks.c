/* Record locks, open-file-description locks and flock(2), as far as one process can see them. */
#include "guest.h"
#include <sys/file.h>

static int lock(int fd, int command, int type, long start, long length)
{
    struct flock l = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
    return fcntl(fd, command, &l);
}

static void test(int fd, int command, int type, long start, long length)
{
    struct flock l = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
    int result = fcntl(fd, command, &l);
    printf("test %ld+%ld: %d type %d start %ld len %ld pid %d\n", start, length, result, l.l_type, (long)l.l_start,
        (long)l.l_len, l.l_pid == getpid() ? 1 : l.l_pid);
}

int main(void)
{
    make("file", "0123456789");
    int a = open("file", O_RDWR), b = open("file", O_RDWR), r = open("file", O_RDONLY);
    /* A process does not conflict with itself. */
    SHOW(lock(a, F_SETLK, F_WRLCK, 0, 10));
    SHOW(lock(b, F_SETLK, F_WRLCK, 5, 10));
    test(b, F_GETLK, F_WRLCK, 0, 100);
    /* Locks of a description conflict with the process's and with each other. */
    SHOW(lock(b, F_OFD_SETLK, F_WRLCK, 3, 2));
    test(b, F_OFD_GETLK, F_WRLCK, 0, 100);
    SHOW(lock(b, F_OFD_SETLK, F_RDLCK, 20, 10));
    SHOW(lock(a, F_OFD_SETLK, F_RDLCK, 25, 10));
    SHOW(lock(a, F_OFD_SETLK, F_WRLCK, 22, 2));
    test(a, F_OFD_GETLK, F_WRLCK, 15, 0);
    SHOW(lock(a, F_SETLK, F_UNLCK, 0, 0));
    test(b, F_OFD_GETLK, F_WRLCK, 0, 15);
    /* Splitting: unlock the middle. */
    SHOW(lock(a, F_OFD_SETLK, F_WRLCK, 100, 30));
    SHOW(lock(a, F_OFD_SETLK, F_UNLCK, 110, 10));
    test(b, F_OFD_GETLK, F_WRLCK, 90, 100);
    test(b, F_OFD_GETLK, F_WRLCK, 110, 100);
    SHOW(lock(a, F_OFD_SETLK, F_RDLCK, 105, 20));
    test(b, F_OFD_GETLK, F_RDLCK, 90, 100);
    test(b, F_OFD_GETLK, F_WRLCK, 106, 100);
    /* To the end of the file and beyond. */
    SHOW(lock(a, F_OFD_SETLK, F_WRLCK, 1000, 0));
    test(b, F_OFD_GETLK, F_WRLCK, 1 << 20, 5);
    SHOW(lock(r, F_SETLK, F_WRLCK, 0, 1));
    SHOW(lock(r, F_SETLK, F_RDLCK, 0, 1));
    SHOW(lock(a, F_SETLK, 7, 0, 1));
    SHOW(lock(a, F_SETLK, F_WRLCK, -5, 1));
    SHOW(lock(99, F_SETLK, F_WRLCK, 0, 1));
    SHOW(fcntl(a, F_SETLK, (void *)8));
    /* Closing the description drops its locks. */
    close(a);
    test(b, F_OFD_GETLK, F_WRLCK, 90, 100000);
    /* Closing any descriptor of the file drops the process's. */
    a = open("file", O_RDWR);
    SHOW(lock(a, F_SETLK, F_WRLCK, 50, 10));
    test(b, F_OFD_GETLK, F_WRLCK, 50, 1);
    close(r);
    test(b, F_OFD_GETLK, F_WRLCK, 50, 1);

    SHOW(flock(a, LOCK_SH));
    SHOW(flock(b, LOCK_SH | LOCK_NB));
    SHOW(flock(b, LOCK_EX | LOCK_NB));
    SHOW(flock(a, LOCK_EX | LOCK_NB));
    SHOW(flock(b, LOCK_UN));
    SHOW(flock(a, LOCK_EX | LOCK_NB));
    SHOW(flock(b, LOCK_SH | LOCK_NB));
    int c = dup(a);
    SHOW(flock(c, LOCK_SH));
    SHOW(flock(b, LOCK_SH | LOCK_NB));
    close(a);
    SHOW(flock(b, LOCK_EX | LOCK_NB));
    close(c);
    SHOW(flock(b, LOCK_EX | LOCK_NB));
    SHOW(flock(b, 9));
    SHOW(flock(99, LOCK_SH));
    SHOW(fcntl(b, F_GETLEASE));
    SHOW(fcntl(b, F_GETOWN));
    return 0;
}
