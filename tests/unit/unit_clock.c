/*
 * Reads lines "split N", "parse TEXT" or "duration TEXT", and prints clock's
 * result for each, which the test compares with another calendar.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

static void
answer(const char *verb, const char *arg)
{
	char text[CLOCK_TEXT];
	const char *reason = NULL;
	int64_t t = 0;

	if (strcmp(verb, "split") == 0) {
		puts(clock_format(strtoll(arg, NULL, 10), text));
		return;
	}
	if (strcmp(verb, "parse") == 0)
		reason = clock_parse(arg, strlen(arg), &t);
	else
		reason = clock_duration(arg, &t);
	if (reason != NULL)
		puts("no");
	else
		printf("%" PRId64 "\n", t);
}

int
main(void)
{
	char line[256], *arg;

	while (fgets(line, sizeof line, stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if ((arg = strchr(line, ' ')) == NULL)
			return 1;
		*arg++ = '\0';
		answer(line, arg);
	}
	return 0;
}
