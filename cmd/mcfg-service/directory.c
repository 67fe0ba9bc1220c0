/* The site's directory: checks a name and a password. */
#include <string.h>

#include "service.h"

/*
 * Returns the line that begins at *at as a new string, and moves *at past it.
 */
static char *
take_line(const char **at)
{
	size_t n = strcspn(*at, "\n");
	char *line = xstrndup(*at, n);

	*at += n + ((*at)[n] == '\n' ? 1 : 0);
	return line;
}

int
directory_login(struct visit *v, char **user, char **resolved)
{
	const char *header = web_variable(v->x, "HTTP_AUTHORIZATION"), *at;
	const struct site_place place = visit_place(v);
	auto_buf input = BUF_SECRET, answer = BUF_INIT;
	int code;

	buf_printf(&input, "%.*s\n", header != NULL ?
	    (int)strcspn(header, "\n") : 0, header != NULL ? header : "");
	step_begin(v, "login");
	if ((code = step_end(v, WEB_LOGIN, site_ask_directory(&place, "login",
	    NULL, &input, &answer))) != 0)
		return code;
	at = buf_str(&answer);
	*user = take_line(&at);
	*resolved = take_line(&at);
	return 0;
}
