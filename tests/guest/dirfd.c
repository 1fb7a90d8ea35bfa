/* The *at calls: relative to a directory descriptor, AT_EMPTY_PATH, and what is wrong with others. */
#include "guest.h"

int main(void)
{
    struct stat st;
    char text[64];
    umask(022);
    OK(mkdir("d", 0755));
    OK(mkdir("d/e", 0755));
    make("d/file", "in d");
    make("file", "in cwd");
    int d = open("d", O_RDONLY | O_DIRECTORY), p = open("d", O_PATH), f = open("file", O_RDONLY);

    OK(openat(d, "file", O_RDONLY));
    OK(openat(p, "file", O_RDONLY));
    OK(openat(f, "file", O_RDONLY));
    OK(openat(f, "", O_RDONLY));
    OK(openat(99, "file", O_RDONLY));
    OK(openat(-1, "file", O_RDONLY));
    OK(openat(99, "/", O_RDONLY));
    OK(openat(d, "../file", O_RDONLY));
    OK(openat(d, "e/../../d/file", O_RDONLY));

    SHOW(fstatat(d, "file", &st, 0));
    printf("size %ld\n", (long)st.st_size);
    SHOW(fstatat(AT_FDCWD, "file", &st, 0));
    printf("size %ld\n", (long)st.st_size);
    SHOW(fstatat(d, "", &st, 0));
    SHOW(fstatat(d, "", &st, AT_EMPTY_PATH));
    printf("directory %d\n", S_ISDIR(st.st_mode));
    SHOW(fstatat(f, "", &st, AT_EMPTY_PATH));
    printf("size %ld\n", (long)st.st_size);
    SHOW(fstatat(AT_FDCWD, "", &st, AT_EMPTY_PATH));
    printf("directory %d\n", S_ISDIR(st.st_mode));
    SHOW(fstatat(f, "x", &st, 0));
    SHOW(fstatat(d, "file", &st, 0x8000000));

    SHOW(mkdirat(d, "new", 0700));
    SHOW(mkdirat(d, "new", 0700));
    SHOW(mkdirat(d, "new/", 0700));
    SHOW(mkdirat(d, "slash/", 0700));
    SHOW(mkdirat(d, "no/such", 0700));
    SHOW(mkdirat(f, "x", 0700));
    SHOW(unlinkat(d, "new", 0));
    SHOW(unlinkat(d, "new", AT_REMOVEDIR));
    SHOW(unlinkat(d, "slash/", AT_REMOVEDIR));
    SHOW(unlinkat(d, "file", AT_REMOVEDIR));
    SHOW(unlinkat(d, "file/", 0));
    SHOW(unlinkat(d, ".", AT_REMOVEDIR));
    SHOW(unlinkat(d, "..", AT_REMOVEDIR));
    SHOW(unlinkat(AT_FDCWD, "d", AT_REMOVEDIR));
    SHOW(unlinkat(d, "file", 4));
    SHOW(unlinkat(AT_FDCWD, "", 0));
    SHOW(unlinkat(AT_FDCWD, "/", AT_REMOVEDIR));

    SHOW(symlinkat("file", d, "link"));
    SHOW(symlinkat("file", d, "link"));
    SHOW(symlinkat("", d, "empty"));
    SHOW(readlinkat(d, "link", text, sizeof text));
    SHOW(readlinkat(d, "link", text, 2));
    SHOW(readlinkat(d, "link", text, 0));
    SHOW(readlinkat(d, "file", text, sizeof text));
    SHOW(readlinkat(d, "", text, sizeof text));
    SHOW(readlinkat(d, "none", text, sizeof text));
    SHOW(fstatat(d, "link", &st, AT_SYMLINK_NOFOLLOW));
    printf("symlink %d size %ld mode %o\n", S_ISLNK(st.st_mode), (long)st.st_size, st.st_mode);

    SHOW(linkat(d, "file", d, "hard", 0));
    SHOW(linkat(d, "link", d, "hardlink", 0));
    SHOW(linkat(d, "link", d, "followed", AT_SYMLINK_FOLLOW));
    SHOW(fstatat(d, "hardlink", &st, AT_SYMLINK_NOFOLLOW));
    printf("symlink %d\n", S_ISLNK(st.st_mode));
    SHOW(fstatat(d, "followed", &st, AT_SYMLINK_NOFOLLOW));
    printf("symlink %d nlink %d\n", S_ISLNK(st.st_mode), (int)st.st_nlink);
    SHOW(linkat(d, "e", d, "dirlink", 0));
    SHOW(linkat(d, "file", d, "hard", 0));
    SHOW(linkat(d, "file", d, "x", 0x10));

    SHOW(faccessat(d, "file", R_OK | W_OK, 0));
    SHOW(faccessat(d, "file", 9, 0));
    SHOW(faccessat(d, "none", F_OK, 0));
    SHOW(faccessat(d, "link", F_OK, AT_SYMLINK_NOFOLLOW));
    SHOW(fchmodat(d, "file", 0640, 0));
    SHOW(fstatat(d, "file", &st, 0));
    printf("mode %o\n", st.st_mode);
    SHOW(fchownat(d, "file", -1, -1, 0));
    SHOW(fchownat(d, "", -1, -1, AT_EMPTY_PATH));
    SHOW(fchownat(d, "file", -1, -1, 0x40));

    SHOW(fchdir(d));
    SHOW(access("link", F_OK));
    SHOW(fchdir(f));
    SHOW(fchdir(99));
    SHOW(chdir("e"));
    SHOW(access("../file", F_OK));
    SHOW(chdir("../.."));
    SHOW(chdir("file"));
    SHOW(chdir("none"));
    SHOW(chdir(""));

    /* A directory that is removed while it is the working directory. */
    OK(mkdir("doomed", 0755));
    SHOW(chdir("doomed"));
    SHOW(rmdir("../doomed"));
    SHOW(getcwd(text, sizeof text) != NULL);
    OK(open("x", O_WRONLY | O_CREAT, 0644));
    OK(open(".", O_RDONLY));
    SHOW(access("..", F_OK));
    SHOW(mkdir("y", 0755));
    SHOW(chdir(".."));
    SHOW(access("doomed", F_OK));
    return 0;
}
