/* The page: a single file that loads nothing and has no scripts. */
#include "cli/opts.h"
#include "html.h"

static void
put_head(struct buf *out, const struct overview *o)
{
	buf_puts(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	    "<meta charset=\"utf-8\"/>\n"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\""
	    "default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;; "
	    "base-uri &#39;none&#39;; form-action &#39;none&#39;\"/>\n"
	    "<meta name=\"viewport\" content=\"width=device-width, "
	    "initial-scale=1\"/>\n"
	    "<meta name=\"color-scheme\" content=\"light dark\"/>\n"
	    "<meta name=\"referrer\" content=\"no-referrer\"/>\n"
	    "<meta name=\"robots\" content=\"noindex\"/>\n<title>");
	if (o->organization != NULL)
		html(out, "%s: ", o->organization);
	buf_puts(out, "enrollments and certificates</title>\n<style>\n");
	buf_puts(out, page_style);
	buf_puts(out, "</style>\n</head>\n<body>\n");
	chart_patterns(out);
	buf_puts(out, "<main>\n<header>\n");
	if (o->organization != NULL)
		html(out, "<p class=\"who\"><bdi>%s</bdi></p>\n",
		    o->organization);
	buf_puts(out, "<h1>Enrollments and certificates</h1>\n"
	    "<p class=\"lead\">As of ");
	html_time(out, o->now);
	buf_puts(out, ". All times are UTC.</p>\n</header>\n");
}

/* ---- the top of the page ---- */

/* A triangle marks an urgent finding, a disc any other. */
static void
put_sign(struct buf *out, enum urgency u)
{
	buf_puts(out, u == URGENT ? "<svg width=\"18\" height=\"18\" "
	    "aria-hidden=\"true\"><path d=\"M9 1 L17.5 16.5 H0.5 Z\"/></svg>" :
	    "<svg width=\"18\" height=\"18\" aria-hidden=\"true\">"
	    "<circle cx=\"9\" cy=\"9\" r=\"6.5\"/></svg>");
}

static void
put_attention(struct buf *out, const struct overview *o)
{
	size_t i;

	html_section(out, "attention", "What needs attention");
	if (o->finding_count == 0) {
		buf_puts(out, "<p class=\"well\"><svg width=\"18\" "
		    "height=\"18\" aria-hidden=\"true\"><path d=\"M2 9.5 L4 "
		    "7.5 L7.5 11 L14.5 3.5 L16.5 5.5 L7.5 15 Z\"/></svg>"
		    "Nothing found.</p>\n</section>\n");
		return;
	}
	buf_puts(out, "<ul class=\"findings\">\n");
	for (i = 0; i < o->finding_count; i++) {
		const struct finding *f = &o->findings[i];

		buf_puts(out, f->urgency == URGENT ?
		    "<li class=\"urgent\">" : "<li>");
		put_sign(out, f->urgency);
		html(out, "<span><strong>%s</strong> <a href=\"#%s\">%s</a>"
		    "</span></li>\n", f->urgency == URGENT ? "Urgent:" :
		    "Look:", f->section, f->text);
	}
	buf_puts(out, "</ul>\n</section>\n");
}

static void
put_tile(struct buf *out, const char *section, int64_t n, const char *text)
{
	html(out, "<li><a href=\"#%s\"><b>%lld</b> %s</a></li>\n", section,
	    (long long)n, text);
}

static void
put_tiles(struct buf *out, const struct overview *o)
{
	int64_t valid = o->term[LEDGER_TERM_7] + o->term[LEDGER_TERM_30] +
	    o->term[LEDGER_TERM_90] + o->term[LEDGER_TERM_LATER];
	int64_t soon = o->term[LEDGER_TERM_7] + o->term[LEDGER_TERM_30] -
	    o->renewed[LEDGER_TERM_7] - o->renewed[LEDGER_TERM_30];

	buf_puts(out, "<ul class=\"tiles\" aria-label=\"In short\">\n");
	put_tile(out, "attention", (int64_t)o->finding_count,
	    o->finding_count == 1 ? "needs attention" : "need attention");
	put_tile(out, "devices", o->census.count[LEDGER_CONFIGURED],
	    "configured");
	put_tile(out, "enrollments", o->under_way, "under way");
	put_tile(out, "stuck", o->stuck_count, "stuck");
	put_tile(out, "certificates", valid, "valid certificates");
	put_tile(out, "certificates", soon, "to renew in 30 days");
	put_tile(out, "requests", o->requests[LEDGER_PENDING],
	    "pending requests");
	if (o->has_log)
		put_tile(out, "refusals", o->log.refused, "refusals");
	buf_puts(out, "</ul>\n");
}

void
write_page(const struct overview *o, struct buf *out)
{
	put_head(out, o);
	put_tiles(out, o);
	page_devices(out, o);
	put_attention(out, o);
	page_enrollments(out, o);
	page_certificates(out, o);
	page_authority(out, o);
	page_refusals(out, o);
	html(out, "<footer><p>mcfg-report %s. This page is one file: it runs "
	    "nothing and asks no other place for anything.</p></footer>\n"
	    "</main>\n</body>\n</html>\n", MCFG_VERSION);
}
