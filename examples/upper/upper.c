/* A worker in C: framed messages on two inherited descriptors; the answer is made in place.
 * cc -O2 -o /tmp/upper-c examples/upper/upper.c && seq 5 | gipc run -- /tmp/upper-c */
#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int descriptor(const char *variable, int fallback)
{
    const char *number = getenv(variable);
    return number ? atoi(number) : fallback;
}

static uint64_t big_endian(const unsigned char *bytes, int n)
{
    uint64_t value = 0;
    while (n-- > 0)
        value = value << 8 | *bytes++;
    return value;
}

/* The size of the header at `bytes`, and of the message after it; 0 while the header is not all there. */
static size_t header(const unsigned char *bytes, size_t n, uint64_t *size)
{
    if (n < 4)
        return 0;
    if ((*size = big_endian(bytes, 4)) != 0xffffffff)
        return 4;
    if (n < 12)
        return 0;
    *size = big_endian(bytes + 4, 8);
    return 12;
}

static void write_all(int fd, const unsigned char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t written = write(fd, bytes, n);
        if (written < 0)
            err(1, "write");
        bytes += written;
        n -= written;
    }
}

int main(void)
{
    int in = descriptor("GIPC_IN", 3), out = descriptor("GIPC_OUT", 4);
    size_t capacity = 1 << 16, held = 0;
    unsigned char *buffer = malloc(capacity);

    while (buffer) {
        ssize_t n = read(in, buffer + held, capacity - held);
        if (n < 0)
            err(1, "read");
        if (n == 0)
            break;
        held += n;

        /* Every whole message in the buffer becomes its answer: same header, same size. */
        size_t done = 0, start;
        uint64_t size;
        while ((start = header(buffer + done, held - done, &size)) > 0 && size <= held - done - start) {
            for (unsigned char *c = buffer + done + start, *end = c + size; c < end; c++)
                *c -= (*c >= 'a' && *c <= 'z') << 5;
            done += start + size;
        }

        /* All answers to what one read brought go out in one write, before we wait again. */
        write_all(out, buffer, done);
        held -= done;
        memmove(buffer, buffer + done, held);
        if (held == capacity)
            buffer = realloc(buffer, capacity *= 2);
    }
    if (!buffer)
        err(1, "malloc");
    if (held > 0)
        errx(1, "input ended inside a message, after %zu bytes", held);
    free(buffer);
    return 0;
}
