/* show: one enrollment with its history. */
#include <string.h>

#include "base/clock.h"
#include "enrollment.h"
#include "plist/secrets.h"
#include "site/site.h"

enum { TEXT_MAX = 400 };	/* bytes of one value, escaped */

static struct args {
	struct source source;
	bool json;
	struct strings ids;
	struct io_output out;
} args;

static const struct opt options[] = {
	{ 0, "json", NULL, "print a JSON object instead of text",
	    .flag = &args.json },
	OPT_SOURCE(args.source),
	OPT_OUTPUT(args.out),
	OPT_AT,
	{ 0 },
};

/* ---- JSON ---- */

static enum status
add_event(const struct ledger_event *e, void *arg)
{
	struct report *r = report_add_object(arg, NULL);

	report_time(r, "time", e->time);
	report_str(r, "what", e->what);
	report_str(r, "certificate", e->certificate);
	report_str(r, "detail", e->detail);
	return OK;
}

static enum status
show_json(struct ledger *l, const struct ledger_enrollment *e,
    const struct tree *facts, const struct tree *attributes, struct buf *out)
{
	auto_report *r = report_object();
	struct report *events = report_array();
	enum status st;

	report_enrollment(e, r);
	tree_add_to_report(facts, r, "facts");
	if (attributes != NULL)
		tree_add_to_report(attributes, r, "attributes");
	else
		report_null(r, "attributes");
	st = ledger_events(l, e->id, add_event, events);
	report_add(r, "events", events);
	if (st == OK)
		report_render(r, out);
	return st;
}

/* ---- text ---- */

static void
put(struct buf *out, const char *key, const char *value)
{
	char shown[TEXT_MAX];

	if (value != NULL)
		buf_printf(out, "%-12s %s\n", key, diag_escape(value,
		    strlen(value), shown, sizeof shown));
}

static void
put_time(struct buf *out, const char *key, int64_t t)
{
	char when[CLOCK_TEXT];

	if (t != 0)
		put(out, key, clock_format(t, when));
}

static enum status
put_member(const char *key, struct tree *node, void *arg)
{
	char shown_key[TEXT_MAX], shown[TEXT_MAX];
	auto_buf text = BUF_INIT;

	if (!tree_scalar_text(node, &text))
		buf_printf(&text, "(%s)", tree_kind_name(tree_kind(node)));
	diag_escape(key, strlen(key), shown_key, sizeof shown_key);
	buf_printf(arg, "  %s: %s\n", shown_key, diag_escape(buf_str(&text),
	    text.len, shown, sizeof shown));
	return OK;
}

static enum status
put_dict(struct buf *out, const char *title, const struct tree *t)
{
	if (t == NULL || tree_count(t) == 0)
		return OK;
	buf_printf(out, "%s\n", title);
	return tree_each(t, put_member, out);
}

static enum status
put_event(const struct ledger_event *e, void *arg)
{
	char when[CLOCK_TEXT], shown[TEXT_MAX];

	buf_printf(arg, "  %s %s", clock_format(e->time, when), e->what);
	if (e->certificate != NULL)
		buf_printf(arg, " %s", e->certificate);
	if (e->detail != NULL)
		buf_printf(arg, " %s", diag_escape(e->detail,
		    strlen(e->detail), shown, sizeof shown));
	buf_putc(arg, '\n');
	return OK;
}

static enum status
show_text(struct ledger *l, const struct ledger_enrollment *e,
    const struct tree *facts, const struct tree *attributes, struct buf *out)
{
	enum status st;

	put(out, "id", e->id);
	put(out, "user", e->user);
	put(out, "state", e->state);
	put(out, "udid", e->udid);
	put(out, "serial", e->serial);
	put(out, "product", e->product);
	put_time(out, "started", e->started);
	put_time(out, "identified", e->identified);
	put_time(out, "certified", e->certified);
	put_time(out, "configured", e->configured);
	buf_printf(out, "%-12s %lld\n", "repeats", (long long)e->repeats);
	put(out, "certificate", e->certificate);
	if ((st = put_dict(out, "facts", facts)) != OK ||
	    (st = put_dict(out, "attributes", attributes)) != OK)
		return st;
	buf_puts(out, "events\n");
	return ledger_events(l, e->id, put_event, out);
}

/* *is_private: what is kept holds a secret. */
static enum status
show(struct ledger *l, const char *id, bool json, bool *is_private,
    struct buf *out)
{
	auto_ledger_enrollment e = LEDGER_ENROLLMENT_INIT;
	auto_tree *facts = NULL, *attributes = NULL;
	bool found = false;
	enum status st;

	if ((st = ledger_find_enrollment(l, id, &found, &e)) != OK)
		return st;
	if (!found)
		return fail(REFUSED, "%s: no such enrollment", id);
	if ((st = enrollment_stored(e.facts, &facts)) != OK)
		return st;
	if (e.attributes != NULL &&
	    (st = enrollment_stored(e.attributes, &attributes)) != OK)
		return st;
	*is_private = tree_holds_secret(NULL, facts) ||
	    (attributes != NULL && tree_holds_secret(NULL, attributes));
	return json ? show_json(l, &e, facts, attributes, out) :
	    show_text(l, &e, facts, attributes, out);
}

static enum status
run(const struct args *a)
{
	struct io_output to = a->out;
	auto_buf out = BUF_SECRET;
	auto_ledger *l = NULL;
	const char *id;
	enum status st;

	if ((st = site_defaults(a->source.config, options)) != OK ||
	    (st = one_id(&a->ids, &id)) != OK ||
	    (st = open_ledger(&a->source, LEDGER_READ, &l)) != OK)
		return st;
	if ((st = show(l, id, a->json, &to.is_private, &out)) != OK)
		return st;
	return io_spill(&to, &out);
}

const struct tool verb_show = {
	.name = "show",
	.summary = "Print one enrollment with its facts, attributes and "
	    "events.",
	.operands = "ID",
	.example = "mcfg-enrollment show --config site.yaml "
	    "JtnC6xhwp0eZ5g7vB1sQ2A",
	.options = options,
	.args = &args,
	.inputs = &args.ids,
	.run = run,
};
