/* truncate, fallocate, holes and lseek. */
#include "guest.h"

static void size(int fd)
{
    struct stat st;
    fstat(fd, &st);
    printf("size %ld\n", (long)st.st_size);
}

int main(void)
{
    char text[64] = {0};
    make("file", "0123456789");
    int fd = open("file", O_RDWR), ro = open("file", O_RDONLY);
    SHOW(lseek(fd, 3, SEEK_SET));
    SHOW(lseek(fd, 3, SEEK_CUR));
    SHOW(lseek(fd, -2, SEEK_END));
    SHOW(lseek(fd, -20, SEEK_END));
    SHOW(lseek(fd, -1, SEEK_SET));
    SHOW(lseek(fd, 100, SEEK_SET));
    SHOW(read(fd, text, 1));
    SHOW(lseek(fd, 0, 9));
    SHOW(lseek(99, 0, SEEK_SET));
    SHOW(lseek(fd, 0x7fffffffffffffff, SEEK_CUR));

    SHOW(ftruncate(fd, 5));
    show_file("file");
    SHOW(ftruncate(fd, 12));
    show_file("file");
    SHOW(ftruncate(fd, -1));
    SHOW(ftruncate(ro, 1));
    SHOW(ftruncate(99, 1));
    SHOW(truncate("file", 3));
    show_file("file");
    SHOW(truncate("none", 3));
    SHOW(truncate(".", 3));
    SHOW(truncate("file", -3));
    SHOW(truncate("", 0));
    SHOW(pwrite(fd, "end", 3, 20));
    show_file("file");

    /* 64 KiB of data, a hole, and data again. */
    int h = open("holes", O_RDWR | O_CREAT | O_TRUNC, 0644);
    static char block[65536];
    memset(block, 'd', sizeof block);
    SHOW(pwrite(h, block, sizeof block, 0));
    SHOW(pwrite(h, block, sizeof block, 1 << 20));
    SHOW(lseek(h, 0, SEEK_DATA));
    SHOW(lseek(h, 0, SEEK_HOLE));
    SHOW(lseek(h, 70000, SEEK_DATA));
    SHOW(lseek(h, 70000, SEEK_HOLE));
    SHOW(lseek(h, (1 << 20) + 5, SEEK_HOLE));
    SHOW(lseek(h, (1 << 20) + 65536, SEEK_DATA));
    SHOW(lseek(h, 1 << 22, SEEK_HOLE));
    SHOW(pread(h, text, 4, 500000));
    printf("%d%d%d%d\n", text[0], text[1], text[2], text[3]);

    SHOW(fallocate(h, 0, 0, 2 << 20));
    size(h);
    SHOW(fallocate(h, FALLOC_FL_KEEP_SIZE, 0, 3 << 20));
    size(h);
    SHOW(fallocate(h, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, 8192));
    SHOW(pread(h, text, 4, 5000));
    printf("%d%d%d%d\n", text[0], text[1], text[2], text[3]);
    SHOW(pread(h, text, 1, 4095));
    printf("%c\n", text[0]);
    SHOW(fallocate(h, FALLOC_FL_PUNCH_HOLE, 4096, 8192));
    SHOW(fallocate(h, 0, -1, 10));
    SHOW(fallocate(h, 0, 0, 0));
    SHOW(fallocate(ro, 0, 0, 10));
    SHOW(fallocate(99, 0, 0, 10));
    SHOW(fallocate(h, 0, 0x7fffffffffffff00, 0x7fffffffffffff00));
    int p[2];
    pipe(p);
    SHOW(fallocate(p[1], 0, 0, 10));
    SHOW(posix_fallocate(h, 0, 100));

    SHOW(fsync(h));
    SHOW(fdatasync(h));
    SHOW(fsync(99));
    SHOW(fsync(p[0]));
    SHOW(posix_fadvise(h, 0, 0, POSIX_FADV_SEQUENTIAL));
    SHOW(posix_fadvise(h, 0, 0, 77));
    SHOW(posix_fadvise(p[0], 0, 0, POSIX_FADV_NORMAL));
    SHOW(readahead(h, 0, 4096));
    SHOW(readahead(p[0], 0, 4096));
    SHOW(syncfs(h));
    SHOW(syncfs(99));
    SHOW(sync_file_range(h, 0, 10, 1));
    SHOW(sync_file_range(h, -1, 10, 1));
    return 0;
}
