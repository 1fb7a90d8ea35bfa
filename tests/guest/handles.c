/* name_to_handle_at(2): its errors, and that a handle stands for a file, not for a name. */
#include "guest.h"

#ifndef AT_HANDLE_FID
#define AT_HANDLE_FID 0x200
#endif

static char first[136], second[136];

static int handle_of(const char *name, int flags, char *into)
{
    int mount;
    struct file_handle *handle = (struct file_handle *)into;
    memset(into, 0, sizeof first);
    handle->handle_bytes = 128;
    return name_to_handle_at(AT_FDCWD, name, handle, &mount, flags);
}

static void same(const char *one, int flags, const char *other, int other_flags)
{
    int a = handle_of(one, flags, first), b = handle_of(other, other_flags, second);
    printf("%s and %s: %d %d %s\n", one, other, a, b, memcmp(first, second, sizeof first) ? "differ" : "same");
}

int main(void)
{
    int mount = 0, missing = 99;
    struct file_handle *handle = (struct file_handle *)first;
    make("file", "x");
    make("else", "y");
    link("file", "hard");
    symlink("file", "soft");
    same("file", 0, "file", 0);
    same("file", 0, "hard", 0);
    same("file", 0, "else", 0);
    same("file", 0, "soft", 0);
    same("file", 0, "soft", AT_SYMLINK_FOLLOW);
    rename("file", "moved");
    same("hard", 0, "moved", 0);
    handle->handle_bytes = 0;
    SHOW(name_to_handle_at(AT_FDCWD, "hard", handle, &mount, 0));
    printf("told: %s, %s\n", handle->handle_bytes ? "bytes" : "none", mount ? "mount" : "none");
    SHOW(name_to_handle_at(AT_FDCWD, "hard", (void *)8, &mount, 0));
    handle->handle_bytes = 128;
    SHOW(name_to_handle_at(AT_FDCWD, "hard", handle, (void *)8, 0));
    SHOW(name_to_handle_at(AT_FDCWD, "hard", handle, &mount, 0x10000));
    SHOW(name_to_handle_at(AT_FDCWD, "", handle, &mount, 0));
    SHOW(name_to_handle_at(AT_FDCWD, "missing", handle, &mount, 0));
    SHOW(name_to_handle_at(missing, "hard", handle, &mount, 0));
    SHOW(name_to_handle_at(open("hard", O_RDONLY), "", handle, &mount, AT_EMPTY_PATH));
    SHOW(name_to_handle_at(open("hard", O_RDONLY), "x", handle, &mount, 0));
    handle->handle_bytes = 129;
    SHOW(name_to_handle_at(AT_FDCWD, "hard", handle, &mount, 0));
    SHOW(handle_of("/proc/filesystems", AT_HANDLE_FID, second));
    return 0;
}
