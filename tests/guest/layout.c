/* Sizes and offsets of the structures that friscy.kernel.structs packs, as the C compiler sees them. */
#include "guest.h"
#include <asm/termbits.h>
#include <dirent.h>
#include <linux/openat2.h>
#include <poll.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/vfs.h>

#define SIZE(type) printf("%s %zu\n", #type, sizeof(type))
#define AT(type, field) printf("%s.%s %zu\n", #type, #field, offsetof(type, field))

int main(void)
{
    SIZE(struct stat);
    SIZE(struct statx);
    SIZE(struct statfs);
    SIZE(struct flock);
    SIZE(struct pollfd);
    SIZE(struct epoll_event);
    SIZE(struct open_how);
    SIZE(struct termios);
    SIZE(struct termios2);
    AT(struct dirent64, d_name);
    AT(struct termios, c_cc);
    return 0;
}
