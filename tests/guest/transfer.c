/* readv, writev, preadv, sendfile, copy_file_range, splice, tee. */
#include "guest.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/sendfile.h>
#include <sys/timerfd.h>
#include <sys/uio.h>

int main(void)
{
    char a[8] = {0}, b[8] = {0}, text[64] = {0};
    make("in", "abcdefghijklmnopqrstuvwxyz");
    int in = open("in", O_RDONLY), out = open("out", O_RDWR | O_CREAT | O_TRUNC, 0644);
    struct iovec v[3] = {{a, 4}, {NULL, 0}, {b, 4}};
    SHOW(readv(in, v, 3));
    printf("%.4s %.4s\n", a, b);
    SHOW(writev(out, v, 3));
    SHOW(preadv(in, v, 3, 24));
    printf("%.2s\n", a);
    SHOW(preadv(in, v, 3, 100));
    SHOW(preadv(in, v, 3, -1));
    SHOW(pwritev(out, v, 1, 10));
    show_file("out");
    SHOW(readv(in, v, 0));
    SHOW(readv(in, v, -1));
    SHOW(readv(in, v, 2000));
    v[1].iov_len = -1;
    SHOW(readv(in, v, 3));
    v[1].iov_len = 0;
    SHOW(readv(in, (void *)8, 3));
    SHOW(readv(99, v, 3));
    SHOW(writev(in, v, 3));
    SHOW(preadv2(in, v, 1, 0, 0));
    SHOW(preadv2(in, v, 1, -1, 0));
    SHOW(lseek(in, 0, SEEK_CUR));
    SHOW(read(in, a, 0));
    SHOW(write(out, a, 0));
    SHOW(pread(in, a, 4, 100));
    SHOW(pread(in, a, 4, -1));
    SHOW(pwrite(out, a, 4, -1));

    off_t off = 2;
    SHOW(ftruncate(out, 0));
    SHOW(lseek(out, 0, SEEK_SET));
    SHOW(sendfile(out, in, &off, 5));
    SHOW(off);
    SHOW(lseek(in, 20, SEEK_SET));
    SHOW(sendfile(out, in, NULL, 100));
    SHOW(lseek(in, 0, SEEK_CUR));
    SHOW(sendfile(out, in, NULL, 100));
    show_file("out");
    SHOW(sendfile(in, out, NULL, 5));
    SHOW(sendfile(99, in, NULL, 5));
    off = -1;
    SHOW(sendfile(out, in, &off, 5));
    int p[2];
    pipe(p);
    off = 0;
    SHOW(sendfile(p[1], in, &off, 6));
    SHOW(read(p[0], text, sizeof text));

    loff_t i = 3, o = 40;
    SHOW(copy_file_range(in, &i, out, &o, 10, 0));
    printf("%ld %ld\n", (long)i, (long)o);
    SHOW(copy_file_range(in, NULL, out, NULL, 10, 1));
    SHOW(copy_file_range(in, NULL, in, NULL, 10, 0));
    i = 100;
    SHOW(copy_file_range(in, &i, out, NULL, 10, 0));
    SHOW(copy_file_range(p[0], NULL, out, NULL, 10, 0));
    int d = open(".", O_RDONLY);
    SHOW(copy_file_range(d, NULL, out, NULL, 10, 0));
    i = 0, o = 2;
    SHOW(copy_file_range(out, &i, out, &o, 10, 0));
    o = 30;
    SHOW(copy_file_range(out, &i, out, &o, 10, 0));
    show_file("out");

    i = 5;
    SHOW(splice(in, &i, p[1], NULL, 4, 0));
    SHOW(i);
    SHOW(splice(p[0], NULL, out, NULL, 100, 0));
    SHOW(splice(p[0], NULL, out, NULL, 100, SPLICE_F_NONBLOCK));
    SHOW(splice(in, NULL, out, NULL, 100, 0));
    SHOW(splice(in, NULL, p[1], &i, 100, 0));
    SHOW(splice(p[0], &i, out, NULL, 100, 0));
    SHOW(splice(p[0], NULL, p[1], NULL, 10, 0));
    SHOW(splice(99, NULL, p[1], NULL, 10, 0));
    int q[2];
    pipe(q);
    SHOW(write(p[1], "pipe data", 9));
    SHOW(tee(p[0], q[1], 100, 0));
    SHOW(splice(p[0], NULL, q[1], NULL, 4, 0));
    SHOW(read(q[0], text, sizeof text));
    printf("%.13s\n", text);
    SHOW(tee(in, q[1], 10, 0));
    SHOW(tee(p[0], p[1], 10, 0));
    v[0] = (struct iovec){"vm", 2};
    SHOW(vmsplice(q[1], v, 1, 0));
    SHOW(read(q[0], text, sizeof text));
    close(p[1]);
    SHOW(splice(p[0], NULL, out, NULL, 100, 0));
    SHOW(splice(p[0], NULL, out, NULL, 100, 0));
    int number = eventfd(3, 0), timer = timerfd_create(CLOCK_MONOTONIC, 0), notify = inotify_init(), empty[2];
    pipe(empty);
    SHOW(splice(empty[0], NULL, number, NULL, 8, 0));
    SHOW(splice(number, NULL, empty[1], NULL, 8, 0));
    SHOW(splice(timer, NULL, empty[1], NULL, 8, 0));
    SHOW(splice(notify, NULL, empty[1], NULL, 8, 0));
    SHOW(splice(open(".", O_RDONLY), NULL, empty[1], NULL, 8, 0));
    SHOW(splice(empty[0], NULL, epoll_create1(0), NULL, 8, 0));
    SHOW(sendfile(number, in, NULL, 8));
    lseek(in, 0, SEEK_SET);
    SHOW(sendfile(number, in, NULL, 8));
    return 0;
}
