/* Patterns for alternative names: what a star matches. */
#include <string.h>

#include "issue/issue.h"

/* A name, and its part with the host or domain. */
struct subject {
	const char *text;
	size_t host, host_end;	/* text[host] up to text[host_end] */
	bool is_address;	/* an IP address: it has no parts */
	bool is_mail;		/* email or upn */
};

static struct subject
parts_of(const char *type, const char *text)
{
	struct subject s = { .text = text, .host_end = strlen(text) };
	const char *at;

	if (strcmp(type, "uri") == 0) {
		if ((at = strstr(text, "://")) == NULL) {
			s.host = s.host_end;
			return s;
		}
		s.host = (size_t)(at - text) + strlen("://");
		s.host_end = s.host + strcspn(text + s.host, "/?#\\");
	} else if (strcmp(type, "ip") == 0) {
		s.is_address = true;
	} else if (strcmp(type, "dns") != 0) {
		s.is_mail = true;
		at = strrchr(text, '@');
		s.host = at != NULL ? (size_t)(at - text) + 1 : s.host_end;
	}
	return s;
}

/* True if a star (or two) can stand for the byte at i. */
static bool
reaches(const struct subject *s, size_t i, bool two)
{
	char c = s->text[i];

	if (s->is_address)
		return true;
	if (i >= s->host && i < s->host_end)
		return strchr("/?#@:\\", c) == NULL &&
		    (two || (c != '.' && c != '*'));
	if (s->is_mail)
		return c != '@';
	if (i < s->host)
		return strchr("/:", c) == NULL;
	/* The end of the host must be given in the pattern. */
	if (i == s->host_end)
		return false;
	return two || strchr("/?#\\", c) == NULL;
}

/*
 * may[i] is true if the part of the pattern that has been read matches the
 * first i bytes.
 */
static void
take_star(const struct subject *s, bool two, size_t len, bool *may)
{
	size_t i;

	for (i = 1; i <= len; i++)
		may[i] = may[i] || (may[i - 1] && reaches(s, i - 1, two));
}

static void
take_byte(const struct subject *s, char c, size_t len, bool *may)
{
	size_t i;

	for (i = len; i > 0; i--)
		may[i] = may[i - 1] && s->text[i - 1] == c;
	may[0] = false;
}

bool
issue_pattern_fits(const char *type, const char *glob, const char *text)
{
	const struct subject s = parts_of(type, text);
	size_t len = strlen(text);
	bool *may, fits, two;

	if (strcmp(glob, "*") == 0)
		return true;
	may = xcalloc(len + 1, sizeof *may);
	may[0] = true;
	for (; *glob != '\0'; glob++) {
		if (*glob != '*') {
			take_byte(&s, *glob, len, may);
			continue;
		}
		if ((two = glob[1] == '*'))
			glob++;
		take_star(&s, two, len, may);
	}
	fits = may[len];
	free(may);
	return fits;
}
