/* list: the state of each enrollment. */
#include <string.h>

#include "base/clock.h"
#include "enrollment.h"
#include "site/site.h"

#define INVITED	"invited"

enum {
	COLUMNS = 7,
	CELL_MAX = 80,		/* bytes of one cell, escaped */
};

static struct args {
	struct source source;
	const char *user, *serial, *state;
	bool json;
	struct io_output out;
} args;

static const struct opt options[] = {
	{ 0, "json", NULL, "print a JSON array instead of a table",
	    .flag = &args.json },
	{ 0, "user", "NAME", "only enrollments of this user, spelled as in the "
	    "ledger", .value = &args.user },
	{ 0, "serial", "S", "only enrollments of the device with this serial "
	    "number",
	    .value = &args.serial },
	{ 0, "state", "STATE", "only enrollments in this state",
	    .value = &args.state, .choices = "invited|started|identified|"
	    "certified|configured|aborted|superseded" },
	OPT_SOURCE(args.source),
	OPT_OUTPUT(args.out),
	OPT_AT,
	{ 0 },
};

/* All cells in one array, COLUMNS to a row. */
struct table {
	char **cell;
	size_t n;
	size_t width[COLUMNS];
};

static void
free_table(struct table *t)
{
	mem_free_all(t->cell, t->n);
}

/* Counts characters, not bytes: escaped text is valid UTF-8. */
static size_t
characters(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		if (((unsigned char)*s & 0xC0) != 0x80)
			n++;
	return n;
}

static void
add_cell(struct table *t, const char *text)
{
	char shown[CELL_MAX];
	size_t width;

	if (text == NULL || *text == '\0')
		text = "-";
	diag_escape(text, strlen(text), shown, sizeof shown);
	if ((width = characters(shown)) > t->width[t->n % COLUMNS])
		t->width[t->n % COLUMNS] = width;
	*GROW(t->cell, t->n) = xstrdup(shown);
}

/* Serial numbers are compared as in devices.allow. */
static bool
is_wanted(const struct ledger_enrollment *e)
{
	return (args.user == NULL || strcmp(args.user, e->user) == 0) &&
	    (args.serial == NULL ||
	    enrollment_same_text(args.serial, e->serial)) &&
	    (args.state == NULL || strcmp(args.state, e->state) == 0);
}

static enum status
add_row(const struct ledger_enrollment *e, void *arg)
{
	int64_t last = e->configured != 0 ? e->configured :
	    e->certified != 0 ? e->certified :
	    e->identified != 0 ? e->identified : e->started;
	char when[CLOCK_TEXT];

	if (!is_wanted(e))
		return OK;
	add_cell(arg, e->id);
	add_cell(arg, e->user);
	add_cell(arg, e->state);
	add_cell(arg, e->serial);
	add_cell(arg, e->product);
	add_cell(arg, clock_format(last, when));
	add_cell(arg, e->udid);
	return OK;
}

/* ---- invitations that can still be used ---- */

static bool
is_open(const struct ledger_invitation *i)
{
	return ledger_invitation_objection(i, true, clock_now()) == NULL &&
	    (args.user == NULL || strcmp(args.user, i->user) == 0) &&
	    args.serial == NULL &&
	    (args.state == NULL || strcmp(args.state, INVITED) == 0);
}

static enum status
add_invited_row(const struct ledger_invitation *i, void *arg)
{
	auto_char *id = xstrndup(i->hash, LEDGER_ID_TEXT);
	char when[CLOCK_TEXT];

	if (!is_open(i))
		return OK;
	add_cell(arg, id);
	add_cell(arg, i->user);
	add_cell(arg, INVITED);
	add_cell(arg, NULL);
	add_cell(arg, NULL);
	add_cell(arg, clock_format(i->created, when));
	add_cell(arg, NULL);
	return OK;
}

static enum status
add_invited_object(const struct ledger_invitation *i, void *arg)
{
	auto_char *id = xstrndup(i->hash, LEDGER_ID_TEXT);
	struct ledger_enrollment e = { .id = id, .user = i->user,
	    .state = (char[]){ INVITED } };
	struct report *r;

	if (!is_open(i))
		return OK;
	r = report_add_object(arg, NULL);
	report_enrollment(&e, r);
	report_time(r, "invited", i->created);
	report_time(r, "expires", i->expires);
	report_str(r, "enrollment", i->enrollment);
	return OK;
}

/* ---- the list ---- */

static void
render_table(const struct table *t, struct buf *out)
{
	size_t i, pad;

	for (i = 0; i < t->n; i++) {
		buf_puts(out, t->cell[i]);
		if (i % COLUMNS == COLUMNS - 1) {
			buf_putc(out, '\n');
			continue;
		}
		pad = t->width[i % COLUMNS] - characters(t->cell[i]) + 2;
		buf_printf(out, "%*s", (int)pad, "");
	}
}

static enum status
list_table(struct ledger *l, struct buf *out)
{
	static const char *const heads[COLUMNS] = { "ID", "USER", "STATE",
	    "SERIAL", "PRODUCT", "LAST STEP", "UDID" };
	struct table t = { NULL, 0, { 0 } };
	enum status st;
	size_t i;

	for (i = 0; i < COLUMNS; i++)
		add_cell(&t, heads[i]);
	if ((st = ledger_invitations(l, add_invited_row, &t)) == OK &&
	    (st = ledger_enrollments(l, add_row, &t)) == OK)
		render_table(&t, out);
	free_table(&t);
	return st;
}

static enum status
add_object(const struct ledger_enrollment *e, void *arg)
{
	struct report *r;

	if (!is_wanted(e))
		return OK;
	r = report_add_object(arg, NULL);
	report_enrollment(e, r);
	return OK;
}

static enum status
list_json(struct ledger *l, struct buf *out)
{
	auto_report *r = report_array();
	enum status st;

	if ((st = ledger_invitations(l, add_invited_object, r)) == OK &&
	    (st = ledger_enrollments(l, add_object, r)) == OK)
		report_render(r, out);
	return st;
}

static enum status
run(const struct args *a)
{
	auto_buf out = BUF_INIT;
	auto_ledger *l = NULL;
	enum status st;

	if ((st = site_defaults(a->source.config, options)) != OK ||
	    (st = open_ledger(&a->source, LEDGER_READ, &l)) != OK)
		return st;
	if ((st = a->json ? list_json(l, &out) : list_table(l, &out)) != OK)
		return st;
	return io_spill(&a->out, &out);
}

const struct tool verb_list = {
	.name = "list",
	.summary = "Print open invitations and all enrollments, the newest "
	    "first.",
	.example = "mcfg-enrollment list --config site.yaml",
	.options = options,
	.args = &args,
	.run = run,
};
