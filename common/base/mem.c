#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static mem_undoer *undoer;
static void *undoer_arg;

void
mem_undo(mem_undoer *undo, void *arg)
{
	undoer = undo;
	undoer_arg = arg;
}

void
mem_exhausted(void)
{
	mem_undoer *undo = undoer;
	static bool ending;

	/*
	 * Memory may run out in undo as well; the message has been printed
	 * already.
	 */
	if (!ending) {
		ending = true;
		diag_last("out of memory");
		if (undo != NULL)
			(void)undo(undoer_arg);
	}
	exit((int)FAULT);
}

void *
xmalloc(size_t size)
{
	void *p = malloc(size > 0 ? size : 1);

	if (p == NULL)
		mem_exhausted();
	return p;
}

void *
xcalloc(size_t n, size_t size)
{
	void *p = calloc(n > 0 ? n : 1, size > 0 ? size : 1);

	if (p == NULL)
		mem_exhausted();
	return p;
}

void *
xreallocarray(void *p, size_t n, size_t size)
{
	if (size != 0 && n > SIZE_MAX / size)
		mem_exhausted();
	p = realloc(p, n * size > 0 ? n * size : 1);
	if (p == NULL)
		mem_exhausted();
	return p;
}

void *
mem_room_for_one(void *p, size_t n, size_t size)
{
	if (n == 0)
		return xreallocarray(p, 1, size);
	return (n & (n - 1)) == 0 ? xreallocarray(p, 2 * n, size) : p;
}

void *
xrealloc(void *p, size_t size)
{
	return xreallocarray(p, size, 1);
}

char *
xstrndup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *p = xmalloc(len + 1);

	memcpy(p, s, len);
	p[len] = '\0';
	return p;
}

char *
xstrdup(const char *s)
{
	return xstrndup(s, strlen(s));
}

char *
xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		mem_exhausted();
	p = xmalloc((size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return p;
}

void
mem_free_all(char **v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		free(v[i]);
	free(v);
}

void
strings_add(struct strings *l, const char *s)
{
	*GROW(l->v, l->n) = s;
}

void
strings_free(struct strings *l)
{
	free(l->v);
	*l = (struct strings){ 0 };
}
