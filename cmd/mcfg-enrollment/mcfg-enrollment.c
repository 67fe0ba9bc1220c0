#include <string.h>

#include "enrollment.h"

enum status
open_ledger(const struct source *s, enum ledger_mode mode, struct ledger **out)
{
	if (s->ledger == NULL)
		return opts_missing("--ledger", "sqlite:PATH, or ledger: in "
		    "the file of --config");
	return ledger_open(s->ledger, opts_given(&s->ledger) ? NULL : s->config,
	    mode, out);
}

enum status
one_id(const struct strings *operands, const char **id)
{
	if (operands->n == 0)
		return opts_missing("ID", "of the enrollment, as list shows "
		    "it");
	if (operands->n > 1)
		return fail(USAGE, "'%s': only one ID is accepted",
		    operands->v[1]);
	*id = operands->v[0];
	return OK;
}

enum status
write_names(const char *file, const char *user, const char *id)
{
	auto_buf text = BUF_INIT;

	if (file == NULL)
		return OK;
	buf_printf(&text, "%s\n%s\n", user, id);
	return io_side(file, false, &text);
}

enum status
refuse_by_name(const char *file, const char *user, const char *id,
    enum status why)
{
	enum status st = id == NULL ? OK : write_names(file, user, id);

	return st == OK ? why : st;
}

const char *
signer_name(const char *file)
{
	return file != NULL && strncmp(file, "fd:", 3) == 0 ? "signer" : file;
}

void
report_enrollment(const struct ledger_enrollment *e, struct report *r)
{
	report_str(r, "id", e->id);
	report_str(r, "user", e->user);
	report_str(r, "state", e->state);
	report_str(r, "udid", e->udid);
	report_str(r, "serial", e->serial);
	report_str(r, "product", e->product);
	report_moment(r, "started", e->started);
	report_moment(r, "identified", e->identified);
	report_moment(r, "certified", e->certified);
	report_moment(r, "configured", e->configured);
	report_int(r, "repeats", e->repeats);
	report_str(r, "certificate", e->certificate);
}

static const struct tool *const verbs[] = {
	&verb_start, &verb_invite, &verb_identify, &verb_complete, &verb_bind,
	&verb_sent, &verb_list, &verb_show, &verb_abort, &verb_purge,
	&verb_user, NULL,
};

static const struct opt no_options[] = { { 0 } };

static const struct tool tool = {
	.name = "mcfg-enrollment",
	.summary = "Keep the record of each enrollment and its one-time "
	    "challenges.",
	.example = "mcfg-enrollment start --ledger sqlite:ledger.db "
	    "--user=jane",
	.options = no_options,
	.verbs = verbs,
};

int
main(int argc, char **argv)
{
	return (int)opts_main(&tool, argc, argv, NULL);
}
