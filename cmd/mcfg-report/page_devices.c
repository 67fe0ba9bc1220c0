/*
 * Users and their devices.  The browser's search finds a name or a serial
 * number; links with initial letters lead into a long list.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "html.h"

enum {
	LETTERS = 26,
	OTHER = LETTERS,	/* names that begin with another character */
	GROUPS,
	NAME = 8,	/* bytes of a group's name */
};

static int
group_of(const struct ledger_brief *b)
{
	char c = b->user[0];

	if (c >= 'a' && c <= 'z')
		return c - 'a';
	return c >= 'A' && c <= 'Z' ? c - 'A' : OTHER;
}

/* By group and name, independent of the database's order; latest first. */
static int
compare(const void *left, const void *right)
{
	const struct ledger_brief *a = left, *b = right;
	int order = group_of(a) - group_of(b);

	if (order == 0)
		order = strcasecmp(a->user, b->user);
	if (order == 0)
		order = strcmp(a->user, b->user);
	if (order == 0)
		order = (a->changed < b->changed) - (a->changed > b->changed);
	return order != 0 ? order : strcmp(a->id, b->id);
}

static void
put_rows(struct buf *out, const struct overview *o,
    const struct ledger_brief *v, size_t n, const char *caption)
{
	struct html_table t;
	size_t i;

	html_table(&t, out, true, caption,
	    "User|Device|State|Certificate|Last event|ID");
	for (i = 0; i < n; i++) {
		brief_begin(&t, &v[i]);
		html_cell(&t);
		brief_state(out, brief_step(&v[i]));
		html_cell(&t);
		if (v[i].why == LEDGER_WHY_REVOKED)
			buf_puts(out, "<span>revoked</span>");
		else if (v[i].until != 0) {
			buf_puts(out, v[i].until < o->now ? "<span>expired " :
			    "<span>until ");
			html_date(out, v[i].until);
			buf_puts(out, "</span>");
		} else
			buf_puts(out, "<span class=\"soft\">none</span>");
		brief_end(&t, o, &v[i]);
	}
	html_end_table(&t);
}

/* The name of a group for an address, and for people. */
static void
group_name(int group, char id[NAME], char name[NAME])
{
	if (group == OTHER) {
		snprintf(id, NAME, "other");
		snprintf(name, NAME, "Other");
		return;
	}
	snprintf(id, NAME, "%c", 'a' + group);
	snprintf(name, NAME, "%c", 'A' + group);
}

static void
put_groups(struct buf *out, const struct overview *o,
    const struct ledger_brief *v, size_t n)
{
	size_t count[GROUPS] = { 0 }, i, at = 0;
	char id[NAME], name[NAME];
	int g;

	for (i = 0; i < n; i++)
		count[group_of(&v[i])]++;
	buf_puts(out, "<p class=\"index\">");
	for (g = 0; g < GROUPS; g++) {
		group_name(g, id, name);
		if (count[g] > 0)
			html(out, "<a href=\"#users-%s\">%s</a>\n", id, name);
	}
	buf_puts(out, "</p>\n");
	for (g = 0; g < GROUPS; g++) {
		if (count[g] == 0)
			continue;
		group_name(g, id, name);
		html(out, "<details open=\"open\" id=\"users-%s\">\n<summary>"
		    "%s: %lld</summary>\n", id, name, (long long)count[g]);
		put_rows(out, o, v + at, count[g], g == OTHER ?
		    "Users whose names begin otherwise" : "Users with this "
		    "letter");
		buf_puts(out, "</details>\n");
		at += count[g];
	}
}

void
page_devices(struct buf *out, const struct overview *o)
{
	size_t n = o->devices.n;
	struct ledger_brief *v = xreallocarray(NULL, n + 1, sizeof *v);

	if (n > 0)
		memcpy(v, o->devices.v, n * sizeof *v);
	qsort(v, n, sizeof *v, compare);
	html_section(out, "devices", "People and devices");
	if (n == 0)
		buf_puts(out, "<p>No device is enrolled yet.</p>\n");
	else
		buf_puts(out, "<p class=\"note\">Search for a name, a serial "
		    "number or a UDID with your browser&#39;s own Find.</p>\n");
	if (n == DEVICES_MAX)
		html(out, "<p class=\"note\">Only the first %lld; the others: "
		    "<code>mcfg-enrollment list</code></p>\n",
		    (long long)DEVICES_MAX);
	if (n > ROWS)
		put_groups(out, o, v, n);
	else if (n > 0)
		put_rows(out, o, v, n, "Devices that are enrolled or are "
		    "being enrolled");
	buf_puts(out, "</section>\n");
	free(v);
}
