/*
 * unit_site FILE KEY...: prints each key's value, the items of a list, the
 * seconds of a duration, and the place in the file.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/diag.h"
#include "site/local.h"

static void
show(const struct site *s, const char *key)
{
	const char *text = site_get(s, key);
	const struct config_value *v = config_find(&s->config, key);
	bool is_duration = v != NULL && v->rule != NULL &&
	    v->rule->kind == CONFIG_DURATION;
	const char *where = strrchr(site_where(s, key), '/');
	size_t i;

	printf("%s=%s", key, text != NULL ? text : "(none)");
	for (i = 0; v != NULL && i < v->list.n; i++)
		printf(" [%s]", v->list.v[i]);
	printf(" %" PRId64 " %s\n", is_duration ? v->number : -1,
	    where != NULL ? where + 1 : "-");
}

int
main(int argc, char **argv)
{
	auto_site *s = NULL;
	enum status st;
	int i;

	diag_init("unit_site");
	if (argc < 2)
		return 2;
	if ((st = site_load(argv[1], &s)) != OK)
		return (int)st;
	for (i = 2; i < argc; i++)
		show(s, argv[i]);
	return 0;
}
