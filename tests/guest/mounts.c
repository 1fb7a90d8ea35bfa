/* Mounting tmpfs, read-only and bind mounts, and what umount2 refuses. */
#include "guest.h"
#include <sys/mount.h>
#include <sys/statfs.h>

int main(void)
{
    struct statfs s;
    mkdir("a", 0755);
    mkdir("b", 0755);
    make("below", "below");
    SHOW(mount("none", "a", "tmpfs", MS_NOEXEC | MS_NODEV, "size=1M,mode=700"));
    SHOW(statfs("a", &s));
    printf("%lx %ld bytes, flags %lx\n", (long)s.f_type, (long)(s.f_blocks * s.f_bsize), (long)s.f_flags & 0xf);
    SHOW(mount("none", "a", "tmpfs", 0, "size=all"));
    SHOW(mount("none", "a", "nothing", 0, NULL));
    SHOW(mount("none", "a", NULL, 0, NULL));
    SHOW(mount("none", "missing", "tmpfs", 0, NULL));
    SHOW(mount("none", "below", "tmpfs", 0, NULL));
    SHOW(mount("none", (char *)8, "tmpfs", 0, NULL));
    SHOW(make("a/file", "in tmpfs"));
    chmod("a/file", 0755);
    SHOW(execl("a/file", "file", NULL));
    SHOW(mknod("a/null", S_IFCHR | 0666, 0x103));
    SHOW(open("a/null", O_RDONLY));
    SHOW(mount("none", "a", NULL, MS_REMOUNT | MS_RDONLY, NULL));
    SHOW(open("a/new", O_CREAT | O_WRONLY, 0644));
    SHOW(unlink("a/file"));
    SHOW(access("a/file", W_OK));
    show_file("a/file");
    SHOW(mount("a", "b", NULL, MS_BIND, NULL));
    show_file("b/file");
    SHOW(rename("a/file", "below"));
    SHOW(link("a/file", "other"));
    int fd = open("a/file", O_RDONLY);
    SHOW(umount2("a", 0));
    SHOW(umount2("a", MNT_DETACH));
    SHOW(umount2("a", 0));
    SHOW(access("a/file", F_OK));
    char text[16];
    SHOW(read(fd, text, sizeof text)); /* a detached filesystem lives on in who has it */
    SHOW(umount2("b", 1 << 20));
    SHOW(umount2("b", MNT_EXPIRE));
    SHOW(umount2("b", MNT_EXPIRE));
    SHOW(mount("a", "b", NULL, MS_BIND, NULL));
    SHOW(mkdir("b/seen", 0755));
    SHOW(access("a/seen", F_OK));
    SHOW(rmdir("b"));
    SHOW(umount("b"));
    SHOW(setuid(1000));
    SHOW(mount("none", "a", "tmpfs", 0, NULL));
    SHOW(umount("a"));
    return 0;
}
