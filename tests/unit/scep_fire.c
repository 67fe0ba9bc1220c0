/*
 * scep_fire PORT PATH PREFIX COUNT CLIENTS: sends PREFIX0.msg, PREFIX1.msg ...
 * of scep_load to a local server, from CLIENTS processes with one persistent
 * connection each, and prints the certificates per second and their total.
 * It is written in C so that the client's cost does not distort the result.
 */
#define _GNU_SOURCE	/* memmem() */

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "sys/io.h"

enum { REPLY_MAX = 1 << 20, CLIENTS_MAX = 64 };

struct load {
	struct buf *requests;	/* HTTP and message */
	int count, clients;
	in_port_t port;
};

static enum status
prepare(struct load *l, const char *path, const char *prefix)
{
	enum status st;
	int i;

	l->requests = xcalloc((size_t)l->count, sizeof *l->requests);
	for (i = 0; i < l->count; i++) {
		auto_char *name = xasprintf("%s%d.msg", prefix, i);
		auto_buf body = BUF_INIT;

		if ((st = io_slurp_file(name, IO_MESSAGE_MAX, &body)) != OK)
			return st;
		l->requests[i] = (struct buf)BUF_INIT;
		buf_printf(&l->requests[i], "POST %s?operation=PKIOperation "
		    "HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n"
		    "\r\n", path, body.len);
		buf_add_buf(&l->requests[i], &body);
	}
	return OK;
}

static int
dial(in_port_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
	    .sin_port = htons(port) };
	int s = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (s == -1 || setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on,
	    sizeof on) != 0 ||
	    connect(s, (struct sockaddr *)&to, sizeof to) != 0)
		exit(FAULT);
	return s;
}

static bool
send_all(int s, const struct buf *b)
{
	size_t done = 0;
	ssize_t n;

	for (; done < b->len; done += (size_t)n)
		if ((n = send(s, b->data + done, b->len - done,
		    MSG_NOSIGNAL)) <= 0)
			return false;
	return true;
}

/* True if the response is complete, by Content-Length or the last chunk. */
static bool
is_whole(const struct buf *in)
{
	const char *text = (const char *)in->data, *end, *length;

	if ((end = memmem(text, in->len, "\r\n\r\n", 4)) == NULL)
		return false;
	end += 4;
	length = memmem(text, (size_t)(end - text), "Content-Length: ", 16);
	if (length == NULL)
		return memcmp(text + in->len - 5, "0\r\n\r\n", 5) == 0;
	return in->len >= (size_t)(end - text) +
	    strtoul(length + 16, NULL, 10);
}

/* pkiStatus (2.16.840.1.113733.1.9.3) with the value "0" */
static bool
is_certificate(const struct buf *in)
{
	static const char success[] = "\x60\x86\x48\x01\x86\xF8\x45\x01\x09"
	    "\x03\x31\x03\x13\x01\x30";

	return memmem(in->data, in->len, " 200 ", 5) != NULL &&
	    memmem(in->data, in->len, success, sizeof success - 1) != NULL;
}

/*
 * Sends every clients-th request, from the first on, and returns the number of
 * certificates.
 */
static int
fire(const struct load *l, int first)
{
	int s = dial(l->port), good = 0, i;

	for (i = first; i < l->count; i += l->clients) {
		auto_buf in = BUF_INIT;
		ssize_t n;

		if (!send_all(s, &l->requests[i]))
			exit(FAULT);
		do {
			n = recv(s, buf_reserve(&in, 65536), 65536, 0);
			if (n <= 0 || in.len > REPLY_MAX)
				exit(FAULT);
			buf_end(&in, (size_t)n);
		} while (!is_whole(&in));
		good += is_certificate(&in) ? 1 : 0;
	}
	close(s);
	return good;
}

/* Starts a client process, which writes its result to the pipe. */
static void
start(const struct load *l, int first, int result)
{
	pid_t pid = fork();
	int good;

	if (pid == -1)
		exit(FAULT);
	if (pid > 0)
		return;
	good = fire(l, first);
	_exit(write(result, &good, sizeof good) == sizeof good ? OK : FAULT);
}

static enum status
run(const struct load *l)
{
	int64_t begin = clock_monotonic();
	int ends[2], i, good, all = 0;

	if (pipe(ends) != 0)
		return FAULT;
	for (i = 0; i < l->clients; i++)
		start(l, i, ends[1]);
	close(ends[1]);
	for (i = 0; i < l->clients; i++) {
		if (read(ends[0], &good, sizeof good) != sizeof good)
			return FAULT;
		all += good;
	}
	printf("%.1f %d\n", all * 1e6 / (double)(clock_monotonic() - begin),
	    all);
	while (wait(NULL) > 0)
		continue;
	return OK;
}

int
main(int argc, char **argv)
{
	struct load l;
	int i;

	if (argc != 6)
		return USAGE;
	l.port = (in_port_t)strtol(argv[1], NULL, 10);
	l.count = (int)strtol(argv[4], NULL, 10);
	l.clients = (int)strtol(argv[5], NULL, 10);
	if (l.count < 1 || l.clients < 1 || l.clients > CLIENTS_MAX ||
	    prepare(&l, argv[2], argv[3]) != OK || run(&l) != OK)
		return FAULT;
	for (i = 0; i < l.count; i++)
		buf_free(&l.requests[i]);
	free(l.requests);
	return OK;
}
