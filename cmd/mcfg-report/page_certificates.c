/* Certificates by expiry, revoked certificates, and pending requests. */
#include "html.h"
#include "x509/cert.h"

static void
put_terms(struct buf *out, const struct overview *o)
{
	static const enum ledger_term order[] = {
		LEDGER_TERM_7, LEDGER_TERM_30, LEDGER_TERM_90,
		LEDGER_TERM_LATER, LEDGER_TERM_EARLY, LEDGER_TERM_EXPIRED,
		LEDGER_TERM_REVOKED,
	};
	auto_buf none = BUF_INIT;
	struct html_table t;
	int64_t most = 0;
	size_t i;

	for (i = 0; i < ARRAY_LEN(order); i++)
		if (o->term[order[i]] > most)
			most = o->term[order[i]];
	if (most == 0)
		return;
	html_table(&t, out, false, "All certificates, by their end",
	    "Ends|#Number|#Renewed|Share");
	for (i = 0; i < ARRAY_LEN(order); i++) {
		enum ledger_term k = order[i];

		if (o->term[k] == 0) {
			html(&none, "%s%s", none.len > 0 ? ", " : "",
			    term_text(k));
			continue;
		}
		html_cell_with(&t, "%s", term_text(k));
		html_cell_with(&t, "%lld", (long long)o->term[k]);
		html_cell(&t);
		if (k >= LEDGER_TERM_7)
			html(out, "%lld", (long long)o->renewed[k]);
		else
			buf_puts(out, "<span class=\"soft\">-</span>");
		html_cell(&t);
		chart_share(out, k == LEDGER_TERM_7 ? "warn" :
		    k >= LEDGER_TERM_30 ? "solid" : "quiet", o->term[k], most);
		html_end_row(&t);
	}
	html_end_table(&t);
	if (none.len > 0)
		html(out, "<p class=\"note\">None: %s.</p>\n", buf_str(&none));
}

static void
put_holder(struct buf *out, const struct ledger_leaf *c)
{
	if (c->user == NULL) {
		html(out, "<span class=\"soft\">%s</span>", c->profile);
		return;
	}
	html_name(out, c->user);
	if (c->product != NULL) {
		buf_puts(out, ", ");
		html_name(out, c->product);
	}
	if (c->device != NULL) {
		buf_puts(out, ", ");
		html_name(out, c->device);
	}
}

static void
put_subject(struct buf *out, const struct ledger_leaf *c)
{
	html_name(out, c->subject);
	html(out, " <code class=\"block\">%s</code>", c->serial);
}

static void
put_expiring(struct buf *out, const struct overview *o)
{
	auto_char *caption = NULL;
	struct html_table t;
	int64_t all = 0;
	size_t i;
	int k;

	for (k = LEDGER_TERM_7; k < LEDGER_TERMS; k++)
		all += o->term[k] - o->renewed[k];
	all += o->term[LEDGER_TERM_EARLY];
	if (o->expiring.n == 0) {
		buf_puts(out, "<p>No certificate is valid.</p>\n");
		return;
	}
	caption = html_caption("Valid certificates, those renewed left out",
	    "the next", o->expiring.n, all);
	html_table(&t, out, true, caption, "Ends|Holder|Subject");
	for (i = 0; i < o->expiring.n; i++) {
		const struct ledger_leaf *c = &o->expiring.v[i];

		html_cell(&t);
		html_moment(out, o->now, c->not_after);
		html_cell(&t);
		put_holder(out, c);
		html_cell(&t);
		put_subject(out, c);
		html_end_row(&t);
	}
	html_end_table(&t);
}

static const char *
reason_name(int reason)
{
	const char *name = cert_reason_name(reason);

	return name != NULL ? name : "unknown reason";
}

static void
put_revoked(struct buf *out, const struct overview *o)
{
	auto_char *caption = html_caption("Revoked certificates", "the latest",
	    o->revoked.n, o->term[LEDGER_TERM_REVOKED]);
	struct html_table t;
	size_t i;

	if (o->revoked.n == 0) {
		buf_puts(out, "<p>No certificate was revoked.</p>\n");
		return;
	}
	html_table(&t, out, false, "Revoked, by reason",
	    "Reason|#Number|Share");
	for (i = 0; i < o->reason_count; i++) {
		html_cell_with(&t, "%s", reason_name(o->reasons[i].reason));
		html_cell_with(&t, "%lld", (long long)o->reasons[i].count);
		html_cell(&t);
		chart_share(out, "quiet", o->reasons[i].count,
		    o->term[LEDGER_TERM_REVOKED]);
		html_end_row(&t);
	}
	html_end_table(&t);
	html_table(&t, out, true, caption,
	    "Revoked|Reason|Holder|Subject");
	for (i = 0; i < o->revoked.n; i++) {
		const struct ledger_leaf *c = &o->revoked.v[i];

		html_cell(&t);
		html_moment(out, o->now, c->revoked);
		html_cell_with(&t, "%s", reason_name(c->reason));
		html_cell(&t);
		put_holder(out, c);
		html_cell(&t);
		put_subject(out, c);
		html_end_row(&t);
	}
	html_end_table(&t);
}

static void
put_own(struct buf *out, const struct overview *o)
{
	struct html_table t;
	size_t i;

	if (o->own.n == 0)
		return;
	buf_puts(out, "<h3>The site's own</h3>\n");
	html_table(&t, out, true, "Certificates of the server and of the "
	    "profile signer, issued here", "For|Ends|Lifetime|Subject");
	for (i = 0; i < o->own.n; i++) {
		const struct ledger_leaf *c = &o->own.v[i];

		html_cell_with(&t, "%s", role_text(c->profile));
		html_cell(&t);
		html_moment(out, o->now, c->not_after);
		html_cell(&t);
		chart_lifetime(out, c->not_before, c->not_after, o->now);
		html_cell(&t);
		put_subject(out, c);
		html_end_row(&t);
	}
	html_end_table(&t);
}

static void
put_requests(struct buf *out, const struct overview *o)
{
	auto_char *caption = html_caption("Pending requests", "the oldest",
	    o->waiting.n, o->requests[LEDGER_PENDING]);
	struct html_table t;
	size_t i;

	html_section(out, "requests", "Requests");
	html(out, "<p class=\"note\">%lld pending, %lld approved and not yet "
	    "fetched, %lld rejected, %lld issued.</p>\n",
	    (long long)o->requests[LEDGER_PENDING],
	    (long long)o->requests[LEDGER_APPROVED],
	    (long long)o->requests[LEDGER_REJECTED],
	    (long long)o->requests[LEDGER_ISSUED]);
	if (o->waiting.n == 0) {
		buf_puts(out, "<p>No request waits for approval.</p>\n"
		    "</section>\n");
		return;
	}
	html_table(&t, out, true, caption, "Received|Subject|Transaction|"
	    "SHA-256 of its key");
	for (i = 0; i < o->waiting.n; i++) {
		const struct ledger_wait *w = &o->waiting.v[i];

		html_cell(&t);
		html_moment(out, o->now, w->received);
		html_cell(&t);
		html_name(out, w->subject);
		html_cell_with(&t, "<code>%s</code>", w->transaction);
		html_cell_with(&t, "<code>%s</code>", w->key_hash);
		html_end_row(&t);
	}
	html_end_table(&t);
	buf_puts(out, "<p class=\"note\">Decide with <code>scep-ca approve "
	    "TXID</code> or <code>scep-ca reject TXID</code></p>\n"
	    "</section>\n");
}

void
page_certificates(struct buf *out, const struct overview *o)
{
	html_section(out, "certificates", "Certificates");
	put_terms(out, o);
	put_own(out, o);
	buf_puts(out, "<h3>Next to expire</h3>\n");
	put_expiring(out, o);
	buf_puts(out, "<h3>Revoked</h3>\n");
	put_revoked(out, o);
	buf_puts(out, "</section>\n");
	put_requests(out, o);
}
