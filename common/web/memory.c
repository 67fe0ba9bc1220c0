/* A request in memory. */
#include <string.h>

#include "web/local.h"

struct memory {
	const char *const *variables;
	const struct buf *body;
	size_t at;
	struct buf *out;
};

static const char *
memory_variable(struct web_exchange *x, const char *name)
{
	const struct memory *m = x->of;
	size_t n = strlen(name), i;

	for (i = 0; m->variables[i] != NULL; i++)
		if (strncmp(m->variables[i], name, n) == 0 &&
		    m->variables[i][n] == '=')
			return m->variables[i] + n + 1;
	return NULL;
}

static long
memory_read(struct web_exchange *x, void *p, size_t len)
{
	struct memory *m = x->of;
	size_t n = m->body->len - m->at < len ? m->body->len - m->at : len;

	if (n > 0)
		memcpy(p, m->body->data + m->at, n);
	m->at += n;
	return (long)n;
}

static bool
memory_write(struct web_exchange *x, const void *p, size_t len)
{
	const struct memory *m = x->of;

	buf_add(m->out, p, len);
	return true;
}

void
web_from_memory(const char *const *variables, const struct buf *body,
    struct buf *out, web_handler *handler, void *arg)
{
	struct memory m = { variables, body, 0, out };
	struct web_exchange x = { memory_variable, memory_read, memory_write,
	    &m, 0, false, 0 };

	handler(&x, arg);
}
