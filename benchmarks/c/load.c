/* The load generator: holds many event streams, publishes, and checks and times every event that each stream gets.
 *
 * load PORT STREAMS CHANNELS STALLED REQUESTS PUBLISH_PORT TEMPLATE BEGINNING
 *
 * REQUESTS is a file of HTTP requests, each ended by a zero byte; stream i sends request i modulo their count and is a
 * subscriber of channel i modulo CHANNELS. TEMPLATE is what is sent to PUBLISH_PORT to publish one event, with
 * NNNNNNNNNNNN for the event's number in its channel, TTTTTTTTTTTTTTTTTTTT for the time and CCCCCCCC for the channel;
 * the event carries `"n":"<number>","t":"<time>"`. The first STALLED streams are opened and never read.
 *
 * It says "ready" when BEGINNING stood in what each stream got. Then each line of its input is a run:
 *   BURST OUTSTANDING RATE SECONDS  publish BURST events whenever at most OUTSTANDING deliveries are awaited, or RATE
 *                                   times a second where RATE is not 0
 *   0 EVENTS 0 SECONDS              publish nothing, wait until each stream has got EVENTS since it was opened
 * and is answered by a line of JSON. The end of its input ends it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { NUMBER = 12, TIME = 20, CHANNEL = 8, TAIL = 64, BATCH = 512, MOST_CONNECTING = 32, MICROSECONDS = 2000000 };
static const char MARK[] = "\"n\":\"";
enum { MARK_LENGTH = 5, TOKEN = MARK_LENGTH + NUMBER + 7 + TIME };

struct stream {
    int fd;
    int is_answered, is_dead, is_stalled;
    long last;  /* the number of the last event; -1 before the first */
    long got;
    int tail;
    char kept[TAIL];
};

static struct stream *streams;
static int stream_count, channel_count, stalled_count, answered, dead, epoll, publisher, port;
static char **requests;
static const char *beginning;
static int request_count;
static char *template;
static size_t template_length;
static long *published;
static char *unsent;
static size_t unsent_length, unsent_room;
static long lost, doubled, disordered, deliveries, awaited;
static int64_t longest; /* microseconds */
static uint32_t histogram[MICROSECONDS + 1];
static char buffer[TAIL + (1 << 18)];

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static char *slurp(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    if (!file) fail(path);
    fseek(file, 0, SEEK_END);
    *length = (size_t)ftell(file);
    rewind(file);
    char *text = malloc(*length + 1);
    if (fread(text, 1, *length, file) != *length) fail(path);
    text[*length] = 0;
    fclose(file);
    return text;
}

static long digits(const char *text, int count)
{
    long value = 0;
    while (count--) value = 10 * value + (*text++ - '0');
    return value;
}

static void put_digits(char *to, int count, int64_t value)
{
    while (count--) to[count] = (char)('0' + value % 10), value /= 10;
}

static int open_socket(int to, int is_small)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1, small = 4096;
    if (fd < 0) fail("socket");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (is_small) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)to)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS) fail("connect");
    return fd;
}

static void watch(int fd, uint32_t events, uint64_t id, int how)
{
    struct epoll_event event = {.events = events, .data.u64 = id};
    if (epoll_ctl(epoll, how, fd, &event) < 0 && how != EPOLL_CTL_DEL) fail("epoll_ctl");
}

/* An event's number came: is it the one that follows? Where a stream begins is taken from its first. */
static void note(struct stream *s, long number, int64_t sent, int64_t at)
{
    if (s->last >= 0) {
        if (number == s->last) doubled++;
        else if (number < s->last) disordered++;
        else lost += number - s->last - 1;
    }
    if (s->last < number) s->last = number;
    s->got++;
    deliveries++;
    awaited--;
    int64_t microseconds = (at - sent) / 1000;
    if (microseconds > longest) longest = microseconds;
    histogram[microseconds < 0 ? 0 : microseconds < MICROSECONDS ? microseconds : MICROSECONDS]++;
}

static void parse(struct stream *s, char *text, size_t length)
{
    char *end = text + length, *at = text, *found;
    int64_t time = now();
    while ((found = memmem(at, (size_t)(end - at), MARK, MARK_LENGTH)) && end - found >= TOKEN) {
        note(s, digits(found + MARK_LENGTH, NUMBER), digits(found + TOKEN - TIME, TIME), time);
        at = found + TOKEN;
    }
    size_t rest = (size_t)(end - at);
    if (rest >= TOKEN) rest = TOKEN - 1;
    memcpy(s->kept, end - rest, rest);
    s->tail = (int)rest;
}

static void is_over(struct stream *s)
{
    if (!s->is_dead) dead++;
    s->is_dead = 1;
    close(s->fd);
}

static void readable(struct stream *s)
{
    memcpy(buffer, s->kept, (size_t)s->tail);
    ssize_t length = recv(s->fd, buffer + s->tail, sizeof buffer - TAIL, 0);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (length <= 0) {
        is_over(s);
        return;
    }
    size_t whole = (size_t)(length + s->tail);
    if (!s->is_answered && memmem(buffer, whole, "HTTP/1.1 ", 9) && !memmem(buffer, whole, " 200 ", 5)) {
        fprintf(stderr, "refused: %.*s\n", (int)(whole < 400 ? whole : 400), buffer);
        exit(1);
    }
    if (!s->is_answered && memmem(buffer, whole, beginning, strlen(beginning))) {
        s->is_answered = 1;
        answered++;
    }
    if (s->is_stalled && s->is_answered) {
        watch(s->fd, 0, 0, EPOLL_CTL_DEL);
        return;
    }
    parse(s, buffer, whole);
}

static void send_unsent(void)
{
    while (unsent_length) {
        ssize_t sent = send(publisher, unsent, unsent_length, 0);
        if (sent < 0) {
            if (errno == EAGAIN) return;
            fail("publisher");
        }
        unsent_length -= (size_t)sent;
        memmove(unsent, unsent + sent, unsent_length);
    }
}

static void replace(char *text, const char *placeholder, int length, int64_t value)
{
    char *at = text, *end = text + template_length;
    while ((at = memmem(at, (size_t)(end - at), placeholder, (size_t)length))) put_digits(at, length, value), at += length;
}

static void publish(int channel)
{
    if (unsent_room < unsent_length + template_length) {
        unsent_room = 2 * (unsent_length + template_length);
        unsent = realloc(unsent, unsent_room);
    }
    char *event = unsent + unsent_length;
    memcpy(event, template, template_length);
    replace(event, "NNNNNNNNNNNN", NUMBER, ++published[channel]);
    replace(event, "CCCCCCCC", CHANNEL, channel);
    replace(event, "TTTTTTTTTTTTTTTTTTTT", TIME, now());
    unsent_length += template_length;
    int own = stream_count / channel_count + (channel < stream_count % channel_count);
    awaited += own - (channel_count == 1 ? stalled_count : channel < stalled_count);
}

static void poll_once(int milliseconds)
{
    struct epoll_event events[BATCH];
    int count = epoll_wait(epoll, events, BATCH, milliseconds);
    for (int i = 0; i < count; i++) {
        uint64_t id = events[i].data.u64;
        if (id < (uint64_t)stream_count) {
            struct stream *s = &streams[id];
            if (events[i].events & EPOLLOUT) {
                const char *request = requests[id % (uint64_t)request_count];
                size_t length = strlen(request);
                if (send(s->fd, request, length, MSG_NOSIGNAL) != (ssize_t)length) fail("request");
                watch(s->fd, EPOLLIN, id, EPOLL_CTL_MOD);
            } else if (!s->is_dead) {
                readable(s);
            }
        } else if (events[i].events & EPOLLIN) {
            if (recv(publisher, buffer, sizeof buffer, 0) == 0) {
                fprintf(stderr, "the publisher's connection is closed\n");
                exit(1);
            }
        }
    }
}

static void open_all(void)
{
    for (int i = 0; i < stream_count; i++) {
        while (i - answered - dead >= MOST_CONNECTING) poll_once(100);
        streams[i].is_stalled = i < stalled_count;
        streams[i].last = -1;
        streams[i].fd = open_socket(port, streams[i].is_stalled);
        watch(streams[i].fd, EPOLLOUT, (uint64_t)i, EPOLL_CTL_ADD);
        if (i % 64 == 0) poll_once(0);
    }
    while (answered < stream_count && !dead) poll_once(100);
    if (dead) fprintf(stderr, "%d streams were closed\n", dead), exit(1);
}

static long percentile(double share)
{
    long rank = (long)(share * (double)deliveries), seen = 0;
    for (int i = 0; i <= MICROSECONDS; i++)
        if ((seen += histogram[i]) > rank) return i;
    return MICROSECONDS;
}

static int have_all(long events)
{
    for (int i = stalled_count; i < stream_count; i++)
        if (!streams[i].is_dead && streams[i].got < events) return 0;
    return 1;
}

static void publish_due(long burst, long outstanding, long rate, int64_t begun, long *done, int *channel)
{
    long due = rate ? (long)((double)(now() - begun) / 1e9 * (double)rate) : *done;
    while (rate ? *done < due : awaited <= outstanding) {
        for (long i = 0; i < burst; i++) publish(*channel);
        *channel = (*channel + 1) % channel_count;
        ++*done;
    }
    send_unsent();
}

static void run(long burst, long outstanding, long rate, double seconds)
{
    memset(histogram, 0, sizeof histogram);
    lost = doubled = disordered = deliveries = awaited = longest = 0;
    static int channel;
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    long done = 0;
    int64_t begun = now(), end = begun + (int64_t)(seconds * 1e9), ended = begun;
    while (now() < end && !(burst == 0 && have_all(outstanding))) {
        if (burst) publish_due(burst, outstanding, rate, begun, &done, &channel);
        poll_once(rate > 500 ? 0 : 1); /* Waiting exactly would take the processor from the other streams. */
    }
    ended = now();
    /* What is still under way has ten seconds. */
    for (int64_t patience = now() + 10000000000; burst && awaited > 0 && now() < patience;) send_unsent(), poll_once(5), ended = now();
    getrusage(RUSAGE_SELF, &after);
    double took = (double)(ended - begun) / 1e9;
    double cpu = (double)(after.ru_utime.tv_sec + after.ru_stime.tv_sec - before.ru_utime.tv_sec - before.ru_stime.tv_sec)
        + (double)(after.ru_utime.tv_usec + after.ru_stime.tv_usec - before.ru_utime.tv_usec - before.ru_stime.tv_usec) / 1e6;
    printf("{\"published\": %ld, \"deliveries\": %ld, \"seconds\": %.4f, \"lost\": %ld, \"doubled\": %ld, "
           "\"disordered\": %ld, \"closed\": %d, \"p50_us\": %ld, \"p99_us\": %ld, \"max_us\": %lld, \"load_cpu\": %.3f}\n",
           done * burst, deliveries, took, lost + (awaited > 0 && burst ? awaited : 0), doubled, disordered, dead,
           percentile(0.5), percentile(0.99), (long long)longest, cpu);
    fflush(stdout);
}

int main(int count, char **arguments)
{
    if (count != 9) return fprintf(stderr, "see the beginning of load.c\n"), 2;
    port = atoi(arguments[1]);
    stream_count = atoi(arguments[2]);
    channel_count = atoi(arguments[3]);
    stalled_count = atoi(arguments[4]);
    beginning = arguments[8];
    size_t length;
    char *text = slurp(arguments[5], &length);
    requests = calloc(length + 1, sizeof *requests);
    for (char *at = text; at < text + length; at += strlen(at) + 1) requests[request_count++] = at;
    template = slurp(arguments[7], &template_length);
    streams = calloc((size_t)stream_count, sizeof *streams);
    published = calloc((size_t)channel_count, sizeof *published);
    epoll = epoll_create1(0);
    publisher = open_socket(atoi(arguments[6]), 0);
    watch(publisher, EPOLLIN, (uint64_t)stream_count, EPOLL_CTL_ADD);
    int64_t begun = now();
    open_all();
    printf("ready %.3f\n", (double)(now() - begun) / 1e9);
    fflush(stdout);
    char line[256];
    fcntl(0, F_SETFL, fcntl(0, F_GETFL) | O_NONBLOCK);
    for (;;) {
        ssize_t got = read(0, line, sizeof line - 1);
        if (got == 0) return 0;
        if (got > 0) {
            long burst, outstanding, rate;
            double seconds;
            line[got] = 0;
            if (sscanf(line, "%ld %ld %ld %lf", &burst, &outstanding, &rate, &seconds) == 4) run(burst, outstanding, rate, seconds);
        }
        poll_once(20);
    }
}
