/* CGI: reads one request from the environment and standard input. */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "sys/secret.h"
#include "web/local.h"

static const char *
cgi_variable(struct web_exchange *x, const char *name)
{
	(void)x;
	return secret_env(name);
}

static long
cgi_read(struct web_exchange *x, void *p, size_t len)
{
	ssize_t n;

	(void)x;
	do
		n = read(STDIN_FILENO, p, len);
	while (n == -1 && errno == EINTR);
	return n == -1 ? WEB_CANNOT_READ : (long)n;
}

static bool
cgi_write(struct web_exchange *x, const void *p, size_t len)
{
	const char *at = p;
	ssize_t n;

	(void)x;
	for (; len > 0; at += n, len -= (size_t)n) {
		n = write(STDOUT_FILENO, at, len);
		if (n == -1 && errno == EINTR)
			n = 0;
		if (n == -1)
			return false;
	}
	return true;
}

void
web_drain_input(int64_t length)
{
	struct web_exchange x = { cgi_variable, cgi_read, cgi_write, NULL, 0,
	    false, 0 };

	if (length > 0)
		web_drain_up_to(&x, length);
}

/* A server may end a program once it has received the whole response. */
enum status
web_serve_cgi(web_handler *handler, void *arg)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct web_exchange x = { cgi_variable, cgi_read, cgi_write, NULL, 0,
	    false, 0 };

	sigaction(SIGTERM, &ignore, NULL);
	handler(&x, arg);
	return x.lost == 0 ? OK : FAULT;
}
