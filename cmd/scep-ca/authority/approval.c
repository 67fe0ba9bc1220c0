#include "authority/approval.h"

#include "sys/child.h"

static void
to_json(const struct approval_facts *f, struct buf *out)
{
	auto_report *r = report_object();
	struct report *names = report_array();
	auto_char *subject = cert_name_text(f->wish->subject);
	auto_char *key = cert_key_name(f->wish->key);
	struct report *signer = report_object();

	report_str(r, "transaction", f->transaction);
	report_str(r, "type", f->type);
	report_bool(r, "renewal", f->renewal);
	report_str(r, "subject", subject);
	cert_names_report(f->wish->names, names);
	report_add(r, "names", names);
	report_str(r, "key", key);
	report_str(r, "key_sha256", f->key_hash);
	report_str(r, "challenge", f->challenge);
	cert_report(f->signer, signer);
	report_add(r, "signer", signer);
	report_time(r, "time", f->now);
	if (f->dry_run)
		report_bool(r, "dry_run", true);
	report_render(r, out);
}

static enum status
judge(const struct child *program, const struct child_result *r,
    enum approval_verdict *out)
{
	if (r->end != CHILD_EXITED)
		return child_fail(program, r);
	switch (r->code) {
	case OK:
		*out = APPROVAL_YES;
		return OK;
	case REFUSED:
		*out = APPROVAL_NO;
		return OK;
	case LATER:
		*out = APPROVAL_LATER;
		return OK;
	default:
		return child_fail(program, r);
	}
}

enum status
approval_ask(const struct authority *a, const struct approval_facts *f,
    enum approval_verdict *out)
{
	auto_char *policy = authority_path(a, CA_POLICY);
	auto_char *path = io_beside(policy, a->policy.command);
	auto_char *dir = io_real(a->dir);
	auto_char *where = xasprintf("SCEP_CA_DIR=%s", dir);
	const char *const variables[] = { where, NULL };
	auto_buf json = BUF_INIT;
	const struct child program = { .path = path, .variables = variables,
	    .input = &json };
	struct child_result r;
	enum status st;

	to_json(f, &json);
	if ((st = child_run(&program, NULL, &r)) != OK)
		return st;
	return judge(&program, &r, out);
}
