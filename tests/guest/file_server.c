/* A server on port argv[1] that opens, looks at, sends and closes the same files of the directories argv[2...] again and again, while they and
   its own right to them change: each time it finds what Linux finds. Between an open and its close nothing else is called unless it is said.
   Commands to the client: 'd' send ten bytes, 'c' change something in the first directory, then send ten bytes. */
#include "guest.h"
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define NOBODY 65534
#define CHANGES 5 /* that the client knows: of the file, and of who may get there */
#define RIGHTS 3

static int to, set;
static char name[256], other[256];

static void ask(char command)
{
    char text[10];
    struct epoll_event event;
    if (write(to, &command, 1) != 1 || epoll_wait(set, &event, 1, -1) != 1 || read(to, text, sizeof text) != 10)
        puts("no answer");
}

static void serve_as(int flags)
{
    struct stat st = {0};
    off_t at = 1;
    int file = open(name, flags), error = errno;
    int told = fstat(file, &st);
    long sent = sendfile(to, file, &at, 64);
    int closed = close(file), again = close(file);
    if (file < 0)
        printf("  %s\n", strerrorname_np(error));
    else
        printf("  %d: %d %o, %ld bytes, %ld names, of %d; sent %ld to %ld; %d %d\n", file, told, st.st_mode, (long)st.st_size,
               (long)st.st_nlink, st.st_uid, sent, (long)at, closed, again);
    fflush(stdout);
}

/* What is sent are the file's pages themselves: the client has them before anything changes. */
static void serve(const char *when, int times)
{
    printf("%s\n", when);
    while (times--)
        serve_as(O_RDONLY | O_NONBLOCK);
    ask('d');
}

static void contents_change(const char *at)
{
    serve("as it is", 4);
    int file = open(name, O_WRONLY | O_APPEND);
    SHOW(write(file, "ABC", 3));
    serve("longer", 3);
    SHOW(pwrite(file, "XYZ", 3, 2));
    serve("written", 3);
    SHOW(ftruncate(file, 6));
    close(file);
    serve("cut", 3);
    SHOW(chmod(name, 0600));
    serve("another mode", 3);
    SHOW(chown(name, 7, 7));
    serve("another owner", 3);
    SHOW(chown(name, 0, 0));
    SHOW(link(name, other));
    serve("two names", 3);
    SHOW(unlink(other));
    serve("one name", 3);
    file = open(name, O_RDWR);
    char *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    serve("mapped", 3);
    shared[1] = '!';
    serve("by the mapping", 3);
    munmap(shared, 4096);
    close(file);
    serve("no mapping", 3);
}

static void names_change(const char *at)
{
    char inner[256], moved[256];
    make(other, "OTHER");
    SHOW(rename(other, name));
    serve("another file", 3);
    SHOW(unlink(name));
    serve("none", 2);
    make(other, "45678");
    SHOW(symlink(other, name));
    serve("a link", 3);
    SHOW(unlink(name));
    make(name, "0123456789");
    serve("new", 3);
    snprintf(inner, sizeof inner, "%s/inner", at);
    snprintf(moved, sizeof moved, "%s/moved", at);
    snprintf(name, sizeof name, "%s/inner/file", at);
    SHOW(mkdir(inner, 0755));
    make(name, "INNER");
    serve("in a directory", 3);
    SHOW(rename(inner, moved));
    serve("moved away", 2);
    SHOW(mkdir(inner, 0755));
    make(name, "SECOND");
    serve("another directory", 3);
    SHOW(unlink(name));
    SHOW(rmdir(inner));
    SHOW(symlink(moved, inner));
    serve("by a link", 3);
    SHOW(unlink(inner));
    snprintf(name, sizeof name, "%s/file", at);
    serve("the first again", 3);
}

static void rights_change(const char *at)
{
    SHOW(chmod(name, 0600));
    serve("root", 3);
    SHOW(seteuid(NOBODY));
    serve("nobody", 2);
    SHOW(seteuid(0));
    serve("root again", 3);
    SHOW(chmod(name, 0644));
    SHOW(seteuid(NOBODY));
    serve("nobody may", 4);
    SHOW(seteuid(0));
    SHOW(chmod(at, 0700));
    SHOW(seteuid(NOBODY));
    serve("nobody may not", 2);
    SHOW(seteuid(0));
    SHOW(chmod(at, 0755));
    serve("not few", 3);
    struct rlimit few, before;
    getrlimit(RLIMIT_NOFILE, &before);
    few = before;
    few.rlim_cur = 5;
    SHOW(setrlimit(RLIMIT_NOFILE, &few));
    serve("too many", 2);
    SHOW(setrlimit(RLIMIT_NOFILE, &before));
    serve("not too many", 3);
}

/* What else may be done with the file before it is closed. */
static void other_calls(void)
{
    char text[16] = "";
    struct stat st;
    off_t at = 0;
    serve("as ever", 3);
    int file = open(name, O_RDONLY | O_NONBLOCK), second = open(name, O_RDONLY | O_NONBLOCK);
    long sent = sendfile(to, second, &at, 2);
    printf("two: %d %d, sent %ld\n", file, second, sent);
    SHOW(close(file));
    SHOW(close(second));
    file = open(name, O_RDONLY | O_NONBLOCK), second = dup(file);
    int closed = close(file);
    sent = sendfile(to, second, &at, 2);
    printf("a copy: %d %d, %d, sent %ld to %ld\n", file, second, closed, sent, (long)at);
    SHOW(close(second));
    file = open(name, O_RDONLY | O_NONBLOCK);
    SHOW(lseek(file, 3, SEEK_SET));
    SHOW(read(file, text, 4));
    puts(text);
    SHOW(fcntl(file, F_GETFD));
    printf("flags %x\n", fcntl(file, F_GETFL) & (O_ACCMODE | O_NONBLOCK));
    SHOW(sendfile(to, file, NULL, 2));
    SHOW(close(file));
    file = open(name, O_RDONLY | O_NONBLOCK);
    SHOW(fstat(file, (struct stat *)8));
    SHOW(fstat(file, &st));
    SHOW(write(file, "x", 1));
    SHOW(close(file));
    for (int round = 0; round < 3; round++) {
        file = open(name, O_RDONLY | O_CLOEXEC);
        SHOW(fcntl(file, F_GETFD));
        SHOW(close(file));
    }
    for (int round = 0; round < 3; round++)
        serve_as(O_RDONLY | O_NOFOLLOW);
    SHOW(open((char *)8, O_RDONLY | O_NONBLOCK));
    int lower = dup(1);
    serve("the next number", 2);
    SHOW(close(lower));
    serve("the number before", 2);

    file = open(name, O_RDONLY | O_NONBLOCK);
    if (!fork())
        _exit(read(file, text, 16));
    int status;
    wait(&status);
    printf("a child read %d\n", WEXITSTATUS(status));
    SHOW(lseek(file, 0, SEEK_CUR));
    SHOW(close(file));

    serve("a lock", 3);
    int locked = open(name, O_RDWR);
    struct flock lock = {F_WRLCK, SEEK_SET, 0, 0, 0};
    SHOW(fcntl(locked, F_SETLK, &lock));
    close(open(name, O_RDONLY | O_NONBLOCK));
    if (!fork())
        _exit(fcntl(locked, F_GETLK, &lock) || lock.l_type != F_UNLCK);
    wait(&status);
    printf("locked still: %d\n", WEXITSTATUS(status));
    close(locked);

    char events[512];
    int watch = inotify_init1(IN_NONBLOCK);
    serve("not watched", 3);
    SHOW(inotify_add_watch(watch, name, IN_OPEN | IN_CLOSE));
    close(open(name, O_RDONLY | O_NONBLOCK));
    long n = read(watch, events, sizeof events);
    for (char *at = events; at < events + n; at += sizeof(struct inotify_event) + ((struct inotify_event *)at)->len)
        printf("event %x\n", ((struct inotify_event *)at)->mask);
    close(watch);
    serve("not watched any more", 3);
}

int main(int argc, char **argv)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
    int on = 1, server = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    SHOW(bind(server, (void *)&in, sizeof in));
    SHOW(listen(server, 5));
    umask(022);
    set = epoll_create1(EPOLL_CLOEXEC);
    struct pollfd listening = {server, POLLIN};
    poll(&listening, 1, -1);
    to = accept4(server, NULL, NULL, SOCK_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN};
    SHOW(epoll_ctl(set, EPOLL_CTL_ADD, to, &event));
    ask('d');
    for (int i = 2; i < argc; i++) {
        printf("-- %d\n", i);
        snprintf(name, sizeof name, "%s/file", argv[i]);
        snprintf(other, sizeof other, "%s/other", argv[i]);
        make(name, "0123456789");
        contents_change(argv[i]);
        names_change(argv[i]);
        rights_change(argv[i]);
        other_calls();
    }
    snprintf(name, sizeof name, "%s/file", argv[2]);
    for (int i = 0; i < CHANGES; i++) {
        serve("before the host's change", 3);
        ask('c');
        serve("after it", 3);
    }
    SHOW(seteuid(NOBODY));
    for (int i = 0; i < RIGHTS; i++) {
        serve("nobody", 3);
        ask('c');
    }
    SHOW(seteuid(0));
    SHOW(chroot(argv[3]));
    serve("another root", 1);
    strcpy(name, "/file");
    serve("below it", 3);
    return 0;
}
