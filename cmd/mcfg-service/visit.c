/*
 * One request: its steps, the HTTP status that they lead to, and the log line.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/words.h"
#include "service.h"

enum { REASON_MAX = 4096 };

#define OWN_NAME	"mcfg-service"

int
refuse(struct visit *v, int code, const char *fmt, ...)
{
	char text[REASON_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	buf_cut(&v->reason, 0);
	buf_puts(&v->reason, text);
	v->writer = v->tool;
	return code;
}

/* ---- steps ---- */

static void
keep_line(const char *line, void *arg)
{
	struct visit *v = arg;

	if (v->said.len < REASON_MAX)
		buf_printf(&v->said, "%s\n", line);
}

void
step_begin(struct visit *v, const char *tool)
{
	v->tool = tool;
	diag_init(tool);
	diag_divert(keep_line, v);
	buf_cut(&v->said, 0);
}

struct site_place
visit_place(const struct visit *v)
{
	return (struct site_place){ .path = v->s->dir,
	    .password = v->s->settings.secret };
}

/* Writes the messages to standard error. */
static void
hand_on(struct buf *said)
{
	char *line = (char *)said->data, *end;

	for (; said->len > 0 && *line != '\0'; line = end + 1) {
		if ((end = strchr(line, '\n')) == NULL)
			break;
		*end = '\0';
		diag_put(line);
	}
}

int
step_end(struct visit *v, enum web_blame blame, enum status st)
{
	diag_divert(NULL, NULL);
	diag_init(OWN_NAME);
	if (st == OK) {
		hand_on(&v->said);
		return 0;
	}
	buf_cut(&v->reason, 0);
	words_join_lines(buf_str(&v->said), &v->reason);
	return web_code(blame, (int)st, buf_str(&v->reason));
}

/* ---- the log ---- */

static void
make_log(const struct visit *v, int code, const char *reason,
    struct buf *line)
{
	const struct web_log l = { .client = v->client, .method = v->method,
	    .path = v->path, .reason = reason, .user = v->user,
	    .udid = v->udid, .serial = v->serial,
	    .enrollment = v->enrollment };

	web_put_log(line, code, &l);
}

static void
put_log(const struct visit *v, int code, const char *reason)
{
	auto_buf line = BUF_INIT;

	make_log(v, code, reason, &line);
	diag_put(buf_str(&line));
}

/* ---- the response ---- */

static void
drop_line(const char *line, void *arg)
{
	(void)line;
	(void)arg;
}

/*
 * The page for a status other than 200.  It does not show the reason: all
 * pages with one status are alike.  A broken site has no pages.
 */
static void
put_error(struct visit *v, int code, struct buf *out)
{
	enum status st;

	if (v->extra != NULL)
		buf_printf(out, "%s\r\n", v->extra);
	page_response_fields(code, out);
	diag_divert(drop_line, NULL);
	st = put_page(v, code, page_of_status(code), out);
	diag_divert(NULL, NULL);
	if (st == OK)
		return;
	page_plain_response(code, out);
}

/* Redirects a device to the place where it must start over. */
static int
set_location(struct visit *v)
{
	int code;

	step_begin(v, "mcfg-get");
	code = step_end(v, WEB_SITE, service_site(v->s));
	if (code == 0 && v->s->settings.url == NULL)
		return refuse(v, 500, "site.yaml: url is not set");
	if (code == 0)
		v->extra = xasprintf("Location: %s/enroll",
		    v->s->settings.url);
	return code;
}

/* Records that a device could not be configured. */
static void
record_failure(struct visit *v)
{
	step_begin(v, "mcfg-enrollment");
	(void)step_end(v, WEB_SITE, enrollment_sent(v->s->ledger, v->sent,
	    buf_str(&v->reason), v->completed));
}

/*
 * Nobody waits for this, and if the power had failed before it, the ledger
 * would be the same as if it fails now: so it does not wait for the disk.
 */
static enum status
sent(struct visit *v)
{
	struct ledger *l = v->s->ledger;
	enum status st, after;

	if ((st = ledger_hurry(l, true)) != OK)
		return st;
	st = enrollment_sent(l, v->sent, NULL, NULL);
	if ((after = ledger_hurry(l, false)) != OK)
		service_close_ledger(v->s);
	return st != OK ? st : after;
}

static void
record_sent(struct visit *v)
{
	int code;

	step_begin(v, "mcfg-enrollment");
	code = step_end(v, WEB_SITE, sent(v));
	if (code != 0)
		put_log(v, code, buf_str(&v->reason));
}

static enum status
undo(void *arg)
{
	const struct visit *v = arg;

	return enrollment_unidentify(v->s->ledger, &v->identified);
}

void
visit_spent(struct visit *v, struct enrollment_identified *e)
{
	v->identified = MOVE(*e);
	mem_undo(undo, v);
}

/* The device did not get the response, and will ask again. */
static void
take_back(struct visit *v)
{
	int code;

	if (v->sent != NULL) {
		record_failure(v);
		return;
	}
	if (v->identified.id == NULL)
		return;
	step_begin(v, "mcfg-enrollment");
	if ((code = step_end(v, WEB_SITE, undo(v))) != 0)
		put_log(v, code, buf_str(&v->reason));
}

static void
respond_with_page(struct visit *v, int code)
{
	auto_buf out = BUF_INIT;
	int other;

	put_log(v, code, buf_str(&v->reason));
	take_back(v);
	if (code == 301 && (other = set_location(v)) != 0) {
		code = other;
		put_log(v, code, buf_str(&v->reason));
	}
	put_error(v, code, &out);
	web_drain(v->x);
	diag_init("mcfg-page");
	(void)web_write(v->x, &out);	/* prints what is wrong */
	diag_init(OWN_NAME);
}

void
respond(struct visit *v, int code)
{
	auto_buf out = BUF_INIT, line = BUF_INIT;
	enum status st;

	if (code != 200) {
		respond_with_page(v, code);
		if (code >= 500)
			service_close_ledger(v->s);
		return;
	}
	web_drain(v->x);
	buf_add_buf(&out, &v->header);
	buf_add_buf(&out, &v->body);
	/* No memory is needed once the answer has begun. */
	make_log(v, code, buf_str(&v->reason), &line);
	step_begin(v, v->writer);
	st = web_write(v->x, &out);
	mem_undo(NULL, NULL);
	if ((code = step_end(v, WEB_SITE, st)) != 0) {
		respond_with_page(v, code);
		return;
	}
	diag_put(buf_str(&line));
	if (v->sent != NULL)
		record_sent(v);
}
