/* rename(2) and renameat2(2). */
#include "guest.h"

int main(void)
{
    struct stat a, b;
    make("a", "A");
    make("b", "BB");
    OK(mkdir("d", 0755));
    OK(mkdir("d/sub", 0755));
    OK(mkdir("e", 0755));
    OK(symlink("a", "s"));

    SHOW(rename("a", "c"));
    SHOW(access("a", F_OK));
    show_file("c");
    SHOW(rename("c", "b"));
    show_file("b");
    SHOW(rename("b", "b"));
    SHOW(link("b", "b2"));
    SHOW(rename("b", "b2"));
    SHOW(access("b", F_OK));
    SHOW(rename("none", "x"));
    SHOW(rename("b", "none/x"));
    SHOW(rename("b", "d"));
    SHOW(rename("d", "b"));
    SHOW(rename("d", "d/sub/x"));
    SHOW(rename("d", "d/x"));
    SHOW(rename("d/sub", "d"));
    SHOW(rename("e", "d"));
    SHOW(rename("d", "e"));
    SHOW(access("e/sub", F_OK));
    SHOW(rename("e", "d/"));
    SHOW(rename("b", "f/"));
    SHOW(rename("b/", "f"));
    SHOW(rename("d/", "e/"));
    SHOW(rename(".", "x"));
    SHOW(rename("e/.", "x"));
    SHOW(rename("e", ".."));
    SHOW(rename("", "x"));
    SHOW(rename("b", ""));
    SHOW(rename("s", "s2"));
    SHOW(lstat("s2", &a));
    printf("symlink %d\n", S_ISLNK(a.st_mode));
    SHOW(rename("b2", "s2"));
    SHOW(lstat("s2", &a));
    printf("symlink %d\n", S_ISLNK(a.st_mode));

    make("n1", "one");
    make("n2", "two");
    SHOW(renameat2(AT_FDCWD, "n1", AT_FDCWD, "n2", RENAME_NOREPLACE));
    SHOW(renameat2(AT_FDCWD, "n1", AT_FDCWD, "n3", RENAME_NOREPLACE));
    SHOW(renameat2(AT_FDCWD, "n2", AT_FDCWD, "n3", RENAME_EXCHANGE));
    show_file("n2");
    show_file("n3");
    SHOW(renameat2(AT_FDCWD, "n2", AT_FDCWD, "none", RENAME_EXCHANGE));
    SHOW(renameat2(AT_FDCWD, "n2", AT_FDCWD, "e", RENAME_EXCHANGE));
    SHOW(stat("n2", &a));
    printf("directory %d\n", S_ISDIR(a.st_mode));
    SHOW(renameat2(AT_FDCWD, "n2", AT_FDCWD, "e", RENAME_EXCHANGE | RENAME_NOREPLACE));
    SHOW(renameat2(AT_FDCWD, "n2", AT_FDCWD, "e", 8));

    /* An open file and a directory's link count follow. */
    int fd = open("n3", O_RDONLY);
    SHOW(rename("n3", "moved"));
    fstat(fd, &a);
    stat("moved", &b);
    printf("same inode %d\n", a.st_ino == b.st_ino);
    SHOW(mkdir("p1", 0755));
    SHOW(mkdir("p2", 0755));
    SHOW(mkdir("p1/c", 0755));
    int c = open("p1/c", O_RDONLY);
    SHOW(rename("p1/c", "p2/c"));
    OK(openat(c, "../c", O_RDONLY));
    OK(openat(c, "..", O_RDONLY));
    fstatat(c, "..", &a, 0);
    stat("p2", &b);
    printf("parent moved %d\n", a.st_ino == b.st_ino);
    return 0;
}
