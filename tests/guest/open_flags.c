/* open(2): every flag with an effect, and the errors in their order. */
#include "guest.h"

int main(void)
{
    char name[300], *longname = name;
    memset(name, 'x', 256);
    name[256] = 0;
    static char longpath[5000];
    memset(longpath, 'a', 4999);
    for (int i = 200; i < 4999; i += 200)
        longpath[i] = '/';

    umask(022);
    make("file", "hello world\n");
    OK(mkdir("dir", 0777));
    OK(symlink("file", "link"));
    OK(symlink("loop", "loop"));
    OK(symlink("nowhere", "dangling"));
    OK(symlink("dir", "dirlink"));

    OK(open("file", O_RDONLY));
    OK(open("missing", O_RDONLY));
    OK(open("missing", O_WRONLY));
    OK(open("", O_RDONLY));
    OK(open("file/x", O_RDONLY));
    OK(open("file/", O_RDONLY));
    OK(open("dir/", O_RDONLY));
    OK(open("missing/", O_RDONLY | O_CREAT, 0644));
    OK(open("dir", O_WRONLY));
    OK(open("dir", O_RDWR));
    OK(open("dir", O_RDONLY | O_CREAT, 0644));
    OK(open("dir/.", O_RDONLY | O_CREAT, 0644));
    OK(open("dir", O_RDONLY | O_CREAT | O_EXCL, 0644));
    OK(open("dir", O_RDONLY | O_TRUNC));
    OK(open("file", O_RDONLY | O_DIRECTORY));
    OK(open("link", O_RDONLY | O_DIRECTORY));
    OK(open("dirlink", O_RDONLY | O_DIRECTORY));
    OK(open("dirlink", O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    OK(open("dirlink/", O_RDONLY | O_NOFOLLOW));
    OK(open("link", O_RDONLY | O_NOFOLLOW));
    OK(open("link", O_RDONLY | O_CREAT | O_EXCL, 0644));
    OK(open("dangling", O_RDONLY | O_CREAT | O_EXCL, 0644));
    OK(open("dangling", O_RDONLY));
    OK(open("loop", O_RDONLY));
    OK(open("loop", O_RDONLY | O_CREAT, 0644));
    OK(open("loop/x", O_RDONLY));
    OK(open("file", O_RDONLY | O_CREAT | O_EXCL, 0644));
    OK(open(longname, O_RDONLY));
    OK(open(longname, O_RDONLY | O_CREAT, 0644));
    OK(open(longpath, O_RDONLY));
    OK(open((char *)8, O_RDONLY));
    OK(open("new/x", O_RDONLY | O_CREAT, 0644));
    OK(open("dangling", O_WRONLY | O_CREAT, 0666));
    OK(access("nowhere", F_OK));

    struct stat st;
    int fd = open("mode", O_WRONLY | O_CREAT, 06777);
    fstat(fd, &st);
    printf("mode %o\n", st.st_mode);
    SHOW(read(fd, name, 1));
    close(fd);
    fd = open("readonly", O_RDWR | O_CREAT, 0400);
    SHOW(write(fd, "data", 4));
    close(fd);

    fd = open("file", O_WRONLY | O_APPEND);
    SHOW(lseek(fd, 0, SEEK_CUR));
    SHOW(write(fd, "more\n", 5));
    SHOW(lseek(fd, 0, SEEK_CUR));
    SHOW(lseek(fd, 2, SEEK_SET));
    SHOW(write(fd, "end\n", 4));
    SHOW(pwrite(fd, "pw\n", 3, 0));
    printf("flags %o\n", fcntl(fd, F_GETFL) & ~0100000);
    close(fd);
    show_file("file");
    OK(open("file", O_WRONLY | O_TRUNC));
    show_file("file");

    fd = open("file", O_PATH);
    SHOW(read(fd, name, 1));
    SHOW(write(fd, name, 1));
    SHOW(lseek(fd, 0, SEEK_SET));
    SHOW(fchmod(fd, 0600));
    SHOW(fstat(fd, &st));
    SHOW(fcntl(fd, F_GETFD));
    printf("flags %o\n", fcntl(fd, F_GETFL) & ~0100000);
    SHOW(fcntl(fd, F_SETFL, O_APPEND));
    SHOW(close(fd));
    fd = open("link", O_PATH | O_NOFOLLOW);
    SHOW(fstat(fd, &st));
    printf("symlink %d\n", S_ISLNK(st.st_mode));
    SHOW(readlinkat(fd, "", name, sizeof name));
    close(fd);

    fd = open(".", O_TMPFILE | O_RDWR, 0600);
    SHOW(fd < 0);
    SHOW(write(fd, "unnamed", 7));
    fstat(fd, &st);
    printf("nlink %d size %ld\n", (int)st.st_nlink, (long)st.st_size);
    SHOW(linkat(fd, "", AT_FDCWD, "named", AT_EMPTY_PATH));
    show_file("named");
    fstat(fd, &st);
    printf("nlink %d\n", (int)st.st_nlink);
    close(fd);
    OK(open(".", O_TMPFILE | O_RDONLY, 0600));
    OK(open("file", O_TMPFILE | O_RDWR, 0600));

    /* An unlinked file lives on in its descriptors. */
    fd = open("gone", O_RDWR | O_CREAT, 0644);
    SHOW(unlink("gone"));
    SHOW(write(fd, "still", 5));
    SHOW(pread(fd, name, 5, 0));
    fstat(fd, &st);
    printf("nlink %d size %ld\n", (int)st.st_nlink, (long)st.st_size);
    close(fd);

    SHOW(open("file", O_RDONLY) - open("file", O_RDONLY));
    SHOW(creat("dir", 0644));
    OK(open("dir", O_RDONLY | O_DIRECTORY | O_CREAT, 0644));
    OK(open("/", O_RDONLY | O_CREAT, 0644));
    OK(open("..", O_WRONLY));
    SHOW(close(1000));
    SHOW(close(-1));
    return 0;
}
