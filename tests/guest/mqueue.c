/* The file system of POSIX message queues: what it lists, makes, removes and tells of them. */
#include "guest.h"
#include <dirent.h>
#include <mqueue.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/wait.h>

static void list(const char *directory)
{
    struct stat st;
    struct dirent **entries;
    int n = scandir(directory, &entries, NULL, alphasort);
    stat(directory, &st);
    printf("%s: mode %o, %ld bytes:", directory, st.st_mode, (long)st.st_size);
    for (int i = 0; i < n; i++)
        if (entries[i]->d_name[0] != '.')
            printf(" %s (%d)", entries[i]->d_name, entries[i]->d_type);
    printf("\n");
}

static void attributes(const char *path)
{
    struct stat st;
    if (stat(path, &st))
        printf("%s: %s\n", path, strerrorname_np(errno));
    else
        printf("%s: mode %o, %ld bytes, links %d, owner %d\n", path, st.st_mode, (long)st.st_size, (int)st.st_nlink,
               st.st_uid);
}

static void ownership(void)
{
    fflush(stdout);
    if (!fork()) {
        setresgid(65534, 65534, 65534);
        setresuid(65534, 65534, 65534);
        SHOW(open("q/by-open", O_RDONLY));
        SHOW(unlink("q/by-open"));
        SHOW(mq_unlink("/by-open"));
        SHOW(close(open("q/theirs", O_CREAT | O_RDWR, 0640)));
        attributes("q/theirs");
        _exit(0);
    }
    wait(NULL);
    SHOW(mq_unlink("/theirs"));
}

int main(void)
{
    struct mq_attr a = {.mq_maxmsg = 4, .mq_msgsize = 64}, got;
    struct statfs s;
    struct pollfd p;
    char text[100];
    umask(022);
    mkdir("q", 0755);
    mkdir("again", 0755);
    SHOW(mount("none", "q", "mqueue", 0, NULL));
    SHOW(statfs("q", &s));
    printf("%lx, %ld blocks, names of %ld\n", (long)s.f_type, (long)s.f_blocks, (long)s.f_namelen);
    list("q");
    mqd_t queue = mq_open("/made", O_RDWR | O_CREAT, 0666, &a);
    list("q");
    attributes("q/made");
    show_file("q/made");
    SHOW(mq_send(queue, "four", 4, 1));
    SHOW(mq_send(queue, "seven b", 7, 1));
    show_file("q/made");

    int fd = open("q/made", O_RDWR);
    SHOW(read(fd, text, 8));
    SHOW(read(fd, text, 200) > 0);
    SHOW(read(fd, text, 200));
    SHOW(lseek(fd, 0, SEEK_SET));
    SHOW(lseek(fd, 6, SEEK_CUR));
    SHOW(read(fd, text, 5));
    printf("%.5s\n", text);
    SHOW(write(fd, "text", 4));
    SHOW(mq_receive(fd, text, 64, NULL));
    SHOW(mq_getattr(fd, &got));
    printf("%ld of %ld messages of %ld bytes\n", got.mq_curmsgs, got.mq_maxmsg, got.mq_msgsize);
    p = (struct pollfd){fd, POLLIN | POLLOUT, 0};
    SHOW(poll(&p, 1, 0));
    printf("events %x\n", p.revents);
    SHOW(close(fd));

    fd = open("q/by-open", O_RDONLY | O_CREAT | O_EXCL, 0666);
    attributes("q/by-open");
    SHOW(mq_getattr(fd, &got));
    printf("%ld of %ld messages of %ld bytes\n", got.mq_curmsgs, got.mq_maxmsg, got.mq_msgsize);
    SHOW(close(fd));
    SHOW(open("q/by-open", O_RDONLY | O_CREAT | O_EXCL, 0600));
    SHOW(chmod("q/by-open", 0600));
    attributes("q/by-open");
    ownership();
    SHOW(mq_close(mq_open("/by-open", O_RDWR)));

    SHOW(mkdir("q/directory", 0755));
    SHOW(mknod("q/fifo", S_IFIFO | 0600, 0));
    SHOW(symlink("made", "q/link"));
    SHOW(link("q/made", "q/other"));
    SHOW(rename("q/made", "q/other"));
    SHOW(open("q", O_TMPFILE | O_RDWR, 0600));
    SHOW(mount("x", "again", "mqueue", 0, NULL));
    list("again");
    SHOW(unlink("again/by-open"));
    list("q");
    SHOW(mq_open("/by-open", O_RDWR));
    SHOW(umount("again"));
    SHOW(umount("q"));
    list("q");
    SHOW(mount("none", "q", "mqueue", MS_RDONLY, NULL));
    list("q");
    SHOW(unlink("q/made"));
    SHOW(mq_unlink("/made"));
    list("q");
    SHOW(mq_send(queue, "gone", 4, 0));
    SHOW(mq_receive(queue, text, 64, NULL));
    SHOW(mq_close(queue));
    SHOW(umount("q"));
    return 0;
}
