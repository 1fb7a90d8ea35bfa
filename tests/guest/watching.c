/* inotify: what is told of files and directories, in which order, with which names and cookies. */
#include "guest.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <sys/xattr.h>

static int in;
static unsigned first_cookie;

static const char *bits(unsigned mask)
{
    static const char *names[] = {"ACCESS", "MODIFY", "ATTRIB", "CLOSE_WRITE", "CLOSE_NOWRITE", "OPEN", "MOVED_FROM",
        "MOVED_TO", "CREATE", "DELETE", "DELETE_SELF", "MOVE_SELF", "?", "UNMOUNT", "Q_OVERFLOW", "IGNORED"};
    static char text[400];
    text[0] = 0;
    for (int i = 0; i < 16; i++)
        if (mask >> i & 1)
            strcat(strcat(text, " "), names[i]);
    if (mask & IN_ISDIR)
        strcat(text, " ISDIR");
    return text;
}

static void events(const char *what)
{
    static char buffer[1 << 16];
    long n = read(in, buffer, sizeof buffer);
    printf("%s:\n", what);
    if (n < 0 && errno != EAGAIN)
        printf("  %s\n", strerrorname_np(errno));
    for (char *p = buffer; p < buffer + n;) {
        struct inotify_event *e = (void *)p;
        if (e->cookie && !first_cookie)
            first_cookie = e->cookie;
        printf("  %d%s cookie %d len %d %s\n", e->wd, bits(e->mask), e->cookie ? e->cookie - first_cookie + 1 : 0, e->len,
               e->len ? e->name : "");
        p += sizeof *e + e->len;
    }
    fflush(stdout);
}

static void arguments(void)
{
    SHOW(inotify_init1(0x1234));
    in = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    SHOW(fcntl(in, F_GETFL) & (O_NONBLOCK | O_ACCMODE));
    SHOW(fcntl(in, F_GETFD));
    SHOW(inotify_add_watch(in, "nothing", IN_ALL_EVENTS));
    SHOW(inotify_add_watch(in, "", IN_ALL_EVENTS));
    SHOW(inotify_add_watch(in, ".", 0));
    SHOW(inotify_add_watch(in, ".", 0x1000));
    SHOW(inotify_add_watch(in, ".", IN_MASK_ADD | IN_MASK_CREATE | IN_OPEN));
    SHOW(inotify_add_watch(0, ".", IN_OPEN));
    SHOW(inotify_add_watch(99, ".", IN_OPEN));
    SHOW(inotify_add_watch(in, (void *)8, IN_OPEN));
    make("file", "x");
    SHOW(inotify_add_watch(in, "file", IN_ONLYDIR | IN_OPEN));
    SHOW(inotify_rm_watch(in, 1));
    SHOW(inotify_rm_watch(0, 1));
    SHOW(inotify_rm_watch(99, 1));
    SHOW(write(in, "x", 1));
    SHOW(lseek(in, 0, SEEK_SET));
    char small[16];
    SHOW(read(in, small, 16));
    SHOW(inotify_add_watch(in, "file", IN_OPEN));
    SHOW(inotify_add_watch(in, "file", IN_CLOSE));
    SHOW(inotify_add_watch(in, "file", IN_MASK_CREATE | IN_CLOSE));
    close(open("file", O_RDONLY));
    events("the mask was replaced");
    SHOW(inotify_add_watch(in, "file", IN_MASK_ADD | IN_OPEN));
    close(open("file", O_RDWR));
    int waiting;
    SHOW(ioctl(in, FIONREAD, &waiting));
    printf("%d bytes\n", waiting);
    SHOW(read(in, small, 15));
    SHOW(read(in, small, 16));
    events("the mask was added to");
    SHOW(inotify_rm_watch(in, 1));
    events("removed");
    SHOW(inotify_rm_watch(in, 1));
    unlink("file");
}

static void directories(void)
{
    mkdir("dir", 0755);
    mkdir("other", 0755);
    SHOW(inotify_add_watch(in, "dir", IN_ALL_EVENTS));
    SHOW(inotify_add_watch(in, "other", IN_ALL_EVENTS));
    int fd = open("dir/a", O_RDWR | O_CREAT, 0644);
    events("created");
    char text[10];
    write(fd, "hello", 5);
    write(fd, "hello", 5);
    events("written twice");
    write(fd, "", 0);
    pread(fd, text, 5, 0);
    pread(fd, text, 5, 100);
    events("read");
    ftruncate(fd, 3);
    fchmod(fd, 0600);
    fchown(fd, getuid(), getgid());
    events("changed");
    futimens(fd, NULL);
    struct timespec only_mtime[2] = {{0, UTIME_OMIT}, {5, 0}}, only_atime[2] = {{5, 0}, {0, UTIME_OMIT}};
    futimens(fd, only_mtime);
    futimens(fd, only_atime);
    events("times");
    fallocate(fd, 0, 0, 100);
    events("allocated");
    int again = dup(fd);
    close(fd);
    events("a copy is left");
    close(again);
    events("closed");
    close(open("dir/a", O_RDWR | O_TRUNC));
    events("truncated at open");
    close(open("dir/a", O_PATH));
    events("O_PATH");
    link("dir/a", "dir/b");
    events("linked");
    symlink("a", "dir/s");
    close(open("dir/s", O_RDONLY));
    mkfifo("dir/fifo", 0600);
    mkdir("dir/sub", 0755);
    chmod("dir/sub", 0700);
    events("made");
    rename("dir/b", "dir/c");
    rename("dir/c", "other/d");
    rename("dir/sub", "other/sub");
    events("renamed");
    syscall(SYS_renameat2, AT_FDCWD, "dir/a", AT_FDCWD, "other/d", 2);
    syscall(SYS_renameat2, AT_FDCWD, "dir/s", AT_FDCWD, "other/d", 2);
    events("exchanged");
    unlink("dir/fifo");
    rmdir("other/sub");
    events("removed");
    fd = open("dir", O_RDONLY | O_DIRECTORY);
    char entries[4096];
    syscall(SYS_getdents64, fd, entries, sizeof entries);
    close(fd);
    events("listed");
    fd = open("dir/long-name-of-a-file", O_WRONLY | O_CREAT, 0644);
    events("a long name");
    unlink("dir/long-name-of-a-file");
    write(fd, "x", 1);
    close(fd);
    events("used after it was removed");
    rename("dir", "moved");
    chmod("moved", 0700);
    events("the directory itself");
    unlink("moved/d"), unlink("moved/a"), unlink("moved/s");
    events("emptied");
    rmdir("moved");
    events("gone");
    unlink("other/d"), unlink("other/s"), unlink("other/a");
    rmdir("other");
    events("gone too");
}

static void files(void)
{
    make("f", "text");
    make("g", "text");
    SHOW(inotify_add_watch(in, "f", IN_ALL_EVENTS));
    SHOW(inotify_add_watch(in, "g", IN_ALL_EVENTS));
    rename("f", "h");
    events("moved");
    rename("h", "g");
    events("moved over the other");
    link("g", "i");
    unlink("g");
    events("one of two names");
    int fd = open("i", O_RDONLY);
    unlink("i");
    events("removed while open");
    close(fd);
    events("and closed");
    make("f", "text");
    SHOW(inotify_add_watch(in, "f", IN_MODIFY | IN_ONESHOT));
    truncate("f", 1);
    truncate("f", 2);
    events("once");
    symlink("f", "s");
    SHOW(inotify_add_watch(in, "s", IN_ATTRIB | IN_DELETE_SELF));
    SHOW(inotify_add_watch(in, "s", IN_ATTRIB | IN_DELETE_SELF | IN_DONT_FOLLOW));
    chmod("f", 0600);
    unlink("s");
    events("through a link, and the link");
    mkdir("d", 0755);
    SHOW(inotify_add_watch(in, "d", IN_MODIFY | IN_CREATE | IN_DELETE | IN_EXCL_UNLINK));
    fd = open("d/x", O_RDWR | O_CREAT, 0644);
    write(fd, "x", 1);
    unlink("d/x");
    write(fd, "x", 1);
    events("nothing of the unlinked");
    close(fd);
    unlink("f"), rmdir("d");
    events("end");
}

static void waiting(void)
{
    struct pollfd p = {.events = POLLIN};
    mkdir("d", 0755);
    int wd = inotify_add_watch(in, "d", IN_CREATE | IN_DELETE);
    p.fd = in;
    SHOW(poll(&p, 1, 0));
    int ep = epoll_create1(0);
    struct epoll_event event = {EPOLLIN | EPOLLET, {.u64 = 1}}, got;
    epoll_ctl(ep, EPOLL_CTL_ADD, in, &event);
    fcntl(in, F_SETFL, 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        usleep(10000);
        close(open("d/from-the-child", O_WRONLY | O_CREAT, 0644));
        _exit(0);
    }
    SHOW(epoll_wait(ep, &got, 1, -1));
    SHOW(poll(&p, 1, -1));
    printf("the watch %d\n", wd > 0);
    char buffer[4096];
    struct inotify_event *e = (void *)buffer;
    SHOW(read(in, buffer, sizeof buffer));
    printf("%s%s\n", e->name, bits(e->mask));
    waitpid(child, NULL, 0);
    unlink("d/from-the-child");
    SHOW(epoll_wait(ep, &got, 1, -1));
    SHOW(read(in, buffer, sizeof buffer));
    rmdir("d");
    close(ep);
    fcntl(in, F_SETFL, O_NONBLOCK);
    events("the directory");
    /* more than fit */
    mkdir("d", 0755);
    make("d/1", ""), make("d/2", "");
    inotify_add_watch(in, "d", IN_ATTRIB);
    for (int i = 0; i < 8300; i++)
        chmod("d/1", 0600), chmod("d/2", 0600);
    int total = 0, n, last = 0;
    while ((n = read(in, buffer, sizeof buffer)) > 0)
        for (char *q = buffer; q < buffer + n; q += sizeof *e + ((struct inotify_event *)q)->len)
            total++, last = ((struct inotify_event *)q)->mask;
    printf("%d events, the last%s\n", total, bits(last));
    int many[200], i;
    for (i = 0; i < 200 && (many[i] = inotify_init1(0)) >= 0; i++)
        ;
    printf("%s\n", strerrorname_np(errno));
    unlink("d/1"), unlink("d/2"), rmdir("d");
}

/* A watch that ends in the middle of what a rename has to tell. */
static void once(void)
{
    int before = in;
    in = inotify_init1(IN_NONBLOCK);
    mkdir("d", 0755);
    make("d/1", "");
    inotify_add_watch(in, "d", IN_MOVED_FROM | IN_MOVED_TO | IN_ONESHOT);
    SHOW(rename("d/1", "d/2"));
    first_cookie = 0;
    events("once");
    inotify_add_watch(in, "d", IN_DELETE | IN_ONESHOT);
    SHOW(unlink("d/2"));
    events("once more");
    rmdir("d");
    close(in);
    in = before;
}

int main(void)
{
    arguments();
    directories();
    files();
    once();
    waiting();
    return 0;
}
