/* The floor: what the kernel alone costs. An epoll loop that sends a frame to each of a channel's streams, no more.
 *
 * floor PORT CHANNELS. "GET /<channel>" opens a stream; "POST /<channel> <length>\n" and so many bytes publish.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 512, ROOM = 1 << 20, MOST_FILES = 65536 };
struct channel {
    int *fds;
    int count, room;
};
static struct channel *channels;
static int channel_count;
static char input[ROOM];
static size_t held;
static int publisher = -1;
static const char HEAD[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

static void add(int number, int fd)
{
    struct channel *c = &channels[number % channel_count];
    if (c->count == c->room) c->fds = realloc(c->fds, sizeof(int) * (size_t)(c->room = c->room ? 2 * c->room : 1));
    c->fds[c->count++] = fd;
    if (send(fd, HEAD, sizeof HEAD - 1, MSG_NOSIGNAL) < 0) perror("head");
}

static void tell(int number, const char *data, int length)
{
    static char frame[4096];
    int size = sprintf(frame, "%x\r\n%.*s\r\n", length, length, data);
    struct channel *c = &channels[number % channel_count];
    for (int i = 0; i < c->count; i++)
        if (send(c->fds[i], frame, (size_t)size, MSG_NOSIGNAL) < 0 && errno != EAGAIN) c->fds[i--] = c->fds[--c->count];
}

static void take(void)
{
    char *at = input, *end = input + held, *line;
    while ((line = memchr(at, '\n', (size_t)(end - at)))) {
        int number, length;
        if (sscanf(at, "POST /%d %d", &number, &length) != 2) exit(3);
        if (end - line - 1 < length) break;
        tell(number, line + 1, length);
        at = line + 1 + length;
    }
    held = (size_t)(end - at);
    memmove(input, at, held);
}

static void readable(int epoll, int fd)
{
    char *to = fd == publisher ? input + held : input;
    ssize_t length = recv(fd, to, fd == publisher ? ROOM - held : ROOM - 1, 0);
    if (length <= 0) {
        if (length == 0) epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL), close(fd);
        if (fd == publisher) publisher = -1;
    } else if (fd == publisher) {
        held += (size_t)length;
        take();
    } else if (memcmp(to, "POST", 4) == 0) {
        publisher = fd;
        held = (size_t)length;
        take();
    } else {
        to[length] = 0;
        add(atoi(to + 5), fd);
    }
}

int main(int count, char **arguments)
{
    if (count != 3) return 2;
    channel_count = atoi(arguments[2]);
    channels = calloc((size_t)channel_count, sizeof *channels);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1, epoll = epoll_create1(0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(arguments[1]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) return perror("listen"), 1;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[BATCH];
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int ready = epoll_wait(epoll, events, BATCH, -1);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.fd != listener) {
                readable(epoll, events[i].data.fd);
                continue;
            }
            int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
            if (fd < 0) continue;
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            event = (struct epoll_event){.events = EPOLLIN, .data.fd = fd};
            epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
        }
    }
}
