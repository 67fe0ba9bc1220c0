# mcfg: tools for Apple configuration profiles and over-the-air enrollment.
#
# A new tool is a new file cmd/NAME.c, or a folder cmd/NAME/ with one file per
# verb; with man/man1/NAME.1 and tests/NAME.bats beside it, no line here changes.

VERSION	= 0.2.0
PREFIX	= /usr/local
DESTDIR	=
# make ONLY=authoring is the tools that write, check and read profiles, which
# need neither a server nor a ledger, and none of their libraries.
ONLY	=
O	= build$(if $(ONLY),/$(ONLY))

SYSTEM	:= $(shell uname -s)
CC	?= cc
AR	?= ar
INSTALL	?= install
PKG_CONFIG ?= pkg-config

# make PQ=0 builds without PostgreSQL, QR=0 without QR codes, ENGINE=0 without
# the ENGINE API.
PQ	:= $(or $(PQ),$(shell $(PKG_CONFIG) --exists libpq 2>/dev/null && \
	  echo 1 || echo 0))
QR	:= $(or $(QR),$(shell $(PKG_CONFIG) --exists libqrencode 2>/dev/null && \
	  echo 1 || echo 0))
# OpenSSL 4 does not have this API any more.  Fedora installs its header only
# with another package.
ENGINE	:= $(or $(ENGINE),$(shell \
	  $(PKG_CONFIG) --max-version=3.999 libcrypto 2>/dev/null && \
	  echo 'int main(void) { return ENGINE_init(0); }' | \
	  $(CC) $$($(PKG_CONFIG) --cflags libcrypto) $(CFLAGS) \
	  -DOPENSSL_SUPPRESS_DEPRECATED -include openssl/engine.h \
	  -Werror=implicit-function-declaration -x c -fsyntax-only - \
	  2>/dev/null && echo 1 || echo 0))

LIBS	= libplist-2.0 expat yaml-0.1 jansson libcrypto
AUTHORING = mcfg mcfg-decrypt mcfg-diff mcfg-encrypt mcfg-get mcfg-inspect \
	  mcfg-lint mcfg-profile mcfg-sign mcfg-verify
ifneq ($(ONLY),authoring)
LIBS	+= sqlite3
ifeq ($(PQ),1)
LIBS	+= libpq
endif
ifeq ($(QR),1)
LIBS	+= libqrencode
endif
endif

LIB_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(LIBS) 2>/dev/null)
LIB_LIBS := $(shell $(PKG_CONFIG) --libs $(LIBS) 2>/dev/null)
ifneq ($(ONLY),authoring)
LIB_LIBS += $(shell $(PKG_CONFIG) --libs fcgi 2>/dev/null || echo -lfcgi)
endif

WARN	= -Wall -Wextra -Wconversion -Wshadow -Wpointer-arith -Wundef \
	  -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings \
	  -Wformat=2 -Wvla
OPT	= -O2 -g
HARDEN	= -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
LDHARDEN = -pie
ifeq ($(SYSTEM),Linux)
HARDEN	+= -fstack-clash-protection
LDHARDEN += -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed
endif

# What a system hides if it is asked for POSIX alone.
DEFS_Linux = -D_DEFAULT_SOURCE -D_FILE_OFFSET_BITS=64
DEFS_Darwin = -D_DARWIN_C_SOURCE
DEFS_FreeBSD = -D__BSD_VISIBLE=1
DEFS_OpenBSD = -D_BSD_SOURCE
DEFS	= -D_XOPEN_SOURCE=700 $(DEFS_$(SYSTEM)) -DMCFG_VERSION='"$(VERSION)"' \
	  -DMCFG_PQ=$(PQ) -DMCFG_QR=$(QR) -DMCFG_ENGINE=$(ENGINE)
# A function of ours never takes the place of one that a library calls, and
# the same bytes come out in whatever folder this is.
ALL_CFLAGS = -std=c11 -fvisibility=hidden -fdebug-prefix-map='$(CURDIR)'=. \
	  $(DEFS) -iquote common $(WARN) $(OPT) $(HARDEN) $(LIB_CFLAGS) $(CFLAGS)
ALL_LDFLAGS = $(OPT) $(LDHARDEN) $(LDFLAGS)
LDLIBS	= $(LIB_LIBS)

FAMILIES = $(wildcard common/*/*.c)
SINGLE	= $(patsubst cmd/%.c,%,$(wildcard cmd/*.c))
FOLDERS	= $(patsubst cmd/%/,%,$(wildcard cmd/*/))
ifeq ($(ONLY),authoring)
# Of web/ what a CGI program writes: mcfg-sign can be one.
FAMILIES := $(filter-out common/ledger/% common/enrollment/% common/page/% \
	  common/web/%,$(FAMILIES)) common/web/response.c common/web/log.c
SINGLE	:= $(filter $(AUTHORING),$(SINGLE))
FOLDERS	:= $(filter $(AUTHORING),$(FOLDERS))
endif
COMMON	= $(FAMILIES:%.c=$(O)/%.o)
ifneq ($(ONLY),authoring)
COMMON	+= $(O)/pages.o
endif
TOOLS	= $(SINGLE) $(FOLDERS)
BINS	= $(addprefix $(O)/bin/,$(TOOLS))

all: $(BINS)

authoring:
	@$(MAKE) ONLY=authoring all

$(O)/common.a: $(COMMON)
	@rm -f $@
	$(AR) qcs $@ $(COMMON)

$(O)/%.o: %.c $(O)/flags
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The web pages are part of the programs.
TEMPLATES = $(sort $(wildcard scripts/pages/*))
$(O)/pages.o: $(O)/pages.c $(O)/flags
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
$(O)/pages.c: $(TEMPLATES) common/page/local.h Makefile
	@mkdir -p $(@D)
	@{ echo '#include "page/local.h"'; \
	echo 'const struct page_file page_installed[] = {'; \
	for f in $(TEMPLATES); do \
		printf '\t{ "%s", (const unsigned char[]){\n' "$${f##*/}" && \
		od -An -v -tu1 "$$f" | sed 's/ *\([0-9][0-9]*\)/\1,/g' && \
		printf '\t}, %d },\n' "$$(($$(wc -c < "$$f")))" || exit 1; \
	done; \
	printf '\t{ 0, 0, 0 }\n};\n'; } > $@

# Another compiler or other flags rebuild everything.
FLAGS	= $(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS)
$(O)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(FLAGS))' | cmp -s - $@ || \
	    printf '%s\n' '$(subst ','\'',$(FLAGS))' > $@

$(addprefix $(O)/bin/,$(SINGLE)): $(O)/bin/%: $(O)/cmd/%.o $(O)/common.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)

# A tool that is a folder may have folders in it; all find its headers.
define folder_tool
$(O)/cmd/$(1)/%.o: private ALL_CFLAGS += -iquote cmd/$(1)
$(O)/bin/$(1): $(patsubst %.c,$(O)/%.o,$(sort $(shell find cmd/$(1) -name '*.c'))) $(O)/common.a
	@mkdir -p $$(@D)
	$$(CC) $$(ALL_LDFLAGS) -o $$@ $$^ $$(LDLIBS)
endef
$(foreach f,$(FOLDERS),$(eval $(call folder_tool,$(f))))

# ---- tests: each target says with its last line what it counted ----

check:
	@scripts/deps check
	@$(MAKE) all units
	@tests/run

# Small programs over single modules, for branches that no tool reaches.
UNITS	= $(patsubst tests/unit/%.c,$(O)/unit/%,$(wildcard tests/unit/*.c))
# Libraries that tests put in front of a tool; no tool contains any of it.
PRELOADS = $(patsubst tests/preload/%.c,$(O)/preload/%.so, \
	  $(wildcard tests/preload/*.c))
# The fuzz targets with an ordinary main.
REPLAYS	= $(patsubst tests/fuzz/fuzz_%.c,$(O)/replay/%, \
	  $(wildcard tests/fuzz/fuzz_*.c))
units: $(UNITS) $(PRELOADS) $(REPLAYS)

$(O)/preload/%.so: tests/preload/%.c $(O)/flags
	@mkdir -p $(@D)
	$(CC) -std=c11 $(WARN) -O2 -g -fPIC -shared -o $@ $< -ldl

# What tools keep in folders below their own, for tests of it.
INNER	= $(patsubst %.c,$(O)/%.o,$(wildcard cmd/*/*/*.c))
$(O)/inner.a: $(INNER)
	@rm -f $@
	$(AR) qcs $@ $(INNER)

$(O)/unit/%: $(O)/tests/unit/%.o $(O)/inner.a $(O)/common.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)

# The whole of what check samples: a kill at every system call that changes
# state; each kind of allocation and every system call that fails, by JOBS
# processes; 8 x 1000 requests, and 200 devices at two hosts.
crash: all units
	MCFG_TEST_CRASH=all bats -f 'crash|kill' tests/ledger-crash.bats \
	    tests/scep-ca-crash.bats tests/mcfg-service.bats

JOBS	= 2
faults: all units
	MCFG_TEST_FAULTS=all JOBS=$(JOBS) bats tests/faults.bats \
	    tests/faults-sweep.bats tests/faults-service.bats

stress: all units
	MCFG_TEST_STRESS=1000 bats -f 'eight|hosts:|tests of the ledger' \
	    tests/ledger.bats tests/ledger-postgresql.bats \
	    tests/scep-ca-crash.bats tests/flow-hosts.bats

# Sequences against scep-ca that nobody has played yet, N on each engine: a
# seed that fails belongs into tests/model/seeds.
N	= 100
model: all units
	@MCFG_TEST_MODEL=$(N) bats tests/scep-ca-model.bats

# What the README promises of a fresh Debian, on one that is made for it;
# FRESH=check is the whole suite there, SUITE=trixie is Debian 13.
fresh:
	@SUITE='$(SUITE)' tests/fresh $(FRESH)

demo:
	@scripts/deps demo
	@$(MAKE) all
	@scripts/mcfg-demo

# The wording is checked in what was added since BASE=commit, by default since
# origin/main.
lint:
	@scripts/deps check
	@$(MAKE) all
	@WARN='$(WARN)' tests/lint

SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	  -fno-omit-frame-pointer
ASAN_MAKE = $(MAKE) O=build/asan CC=clang OPT='-O1 -g $(SANITIZE)' HARDEN=-fPIE

# TESTS='tests/a.bats ...' names some of the tests.
asan:
	@scripts/deps check
	@$(ASAN_MAKE) all units
	@MCFG_BIN=$(CURDIR)/build/asan/bin MCFG_TEST_SANITIZED=1 \
	    tests/run $(TESTS)

# What the tests reach: TESTS as above.  The
# report follows their count; it is made from failed tests, too.
COVER_MAKE = $(MAKE) O=build/coverage OPT='-O0 -g --coverage' HARDEN=-fPIE

coverage:
	@scripts/deps check
	@$(COVER_MAKE) all units
	@find build/coverage -name '*.gcda' -delete
	@MCFG_BIN=$(CURDIR)/build/coverage/bin MCFG_TEST_SANITIZED=1 \
	    GCOV_ERROR_FILE=/dev/null tests/run $(TESTS) > build/coverage/log; \
	    status=$$?; tests/coverage build/coverage; \
	    grep '^not ok' build/coverage/log; tail -n 1 build/coverage/log; \
	    exit $$status

# A working and a failing call of each tool.
valgrind: all
	MCFG_TEST_VALGRIND=1 bats -f valgrind tests/meta.bats

# make fuzz looks for new cases, FUZZTIME seconds for each target; FUZZ=xml runs
# one of them.  make check replays the known ones, by any compiler.
FUZZTIME = 60
FUZZ	= $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_MAKE = $(MAKE) O=build/fuzz CC=clang \
	  OPT='-O1 -g -fsanitize=fuzzer-no-link $(SANITIZE)' HARDEN=-fPIE

fuzz:
	@scripts/deps check
	@$(MAKE) fuzzers
	@tests/fuzz/run $(FUZZTIME) $(FUZZ)

fuzzers:
	@$(FUZZ_MAKE) $(patsubst %,build/fuzz/fuzz_%,$(FUZZ))

$(O)/fuzz_%: $(O)/tests/fuzz/fuzz_%.o $(O)/inner.a $(O)/common.a
	$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $(filter %.o,$^) \
	    $(filter %.a,$^) $(LDLIBS)

$(O)/replay/%: $(O)/tests/fuzz/fuzz_%.o $(O)/tests/fuzz/replay.o $(O)/inner.a \
    $(O)/common.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LDLIBS)

# The recogniser and the reader of logs are in the folders of their tools; the
# targets that make keys or encrypt have a fixed sequence of random bytes.
$(O)/fuzz_inspect $(O)/replay/inspect: $(patsubst %.c,$(O)/%.o, \
    $(filter-out %/mcfg-inspect.c,$(wildcard cmd/mcfg-inspect/*.c)))
$(O)/fuzz_log $(O)/replay/log: $(patsubst %.c,$(O)/%.o, \
    $(filter-out %/mcfg-report.c,$(wildcard cmd/mcfg-report/*.c)))
$(O)/tests/fuzz/fuzz_inspect.o: private ALL_CFLAGS += -iquote cmd/mcfg-inspect
$(O)/fuzz_inspect $(O)/replay/inspect $(O)/fuzz_scep $(O)/replay/scep: \
    $(O)/tests/fuzz/fixed.o

# Measurements, as ratios in one run; never part of the tests.
bench: all
	@for b in $(sort $(wildcard tests/bench/*)); do \
		[ ! -x $$b ] || { echo "== $$b"; $$b || exit 1; }; done

# ---- installing ----

BINDIR	= $(PREFIX)/bin
LIBEXECDIR = $(PREFIX)/libexec/mcfg
MANDIR	= $(PREFIX)/share/man
DOCDIR	= $(PREFIX)/share/doc/mcfg
UNITDIR	= $(PREFIX)/lib/systemd/system
BASHDIR	= $(PREFIX)/share/bash-completion/completions
ZSHDIR	= $(PREFIX)/share/zsh/site-functions
FISHDIR	= $(PREFIX)/share/fish/vendor_completions.d

COMMANDS = $(wildcard scripts/mcfg-* scripts/scep-* scripts/facts-*)
HELPERS	= $(wildcard scripts/*.*)
WEB	= $(wildcard scripts/web/*)
PAGES	= $(wildcard man/man[157]/*.[157])
UNITFILES = $(wildcard scripts/systemd/*@*)
ifeq ($(ONLY),authoring)
COMMANDS =
HELPERS	=
WEB	=
UNITFILES =
PAGES	:= $(filter $(TOOLS:%=man/man1/%.1) %/mcfg-profile.5 %/mcfg.7 \
	  %/mcfg-ci.7 %/mcfg-debug.7,$(PAGES))
endif
NAMES	= $(TOOLS) $(notdir $(COMMANDS))

# $(call put,FOLDER,FILES): each with the mode that it has here.
define put
	$(INSTALL) -d '$(DESTDIR)$(1)'
	@for f in $(2); do m=644; [ ! -x $$f ] || m=755; \
		$(INSTALL) -m $$m $$f '$(DESTDIR)$(1)' || exit 1; done
endef

# $(call put_units,FOLDER,FILES): units, with the paths of this installation.
define put_units
	$(INSTALL) -d '$(DESTDIR)$(1)'
	@umask 022; for f in $(2); do \
		sed -e 's|/usr/bin/\([ms]c\)|$(BINDIR)/\1|g' \
		    -e 's|/usr/libexec/mcfg|$(LIBEXECDIR)|g' $$f \
		    > '$(DESTDIR)$(1)'/$${f##*/} || exit 1; done
endef

install: all
	$(call put,$(BINDIR),$(BINS) $(COMMANDS))
	$(if $(HELPERS),$(call put,$(LIBEXECDIR),$(HELPERS)))
	$(if $(WEB),$(call put,$(LIBEXECDIR)/web,$(WEB)))
	$(call put,$(DOCDIR),README.md LICENSE)
	$(call put,$(DOCDIR)/recipes,$(wildcard scripts/recipes/*))
	$(call put,$(MANDIR)/man1,$(filter %.1,$(PAGES)))
	$(call put,$(MANDIR)/man5,$(filter %.5,$(PAGES)))
	$(call put,$(MANDIR)/man7,$(filter %.7,$(PAGES)))
	$(if $(UNITFILES),$(call put_units,$(UNITDIR),$(UNITFILES)))
	$(if $(UNITFILES),$(call put_units,$(UNITDIR)/mcfg-.service.d,$(wildcard scripts/systemd/mcfg-.service.d/*)))
	$(if $(UNITFILES),$(call put_units,$(UNITDIR)/mcfg-.socket.d,$(wildcard scripts/systemd/mcfg-.socket.d/*)))
	$(INSTALL) -d '$(DESTDIR)$(BASHDIR)' '$(DESTDIR)$(ZSHDIR)' \
	    '$(DESTDIR)$(FISHDIR)'
	@umask 022; $(if $(COMMANDS),PATH="$(CURDIR)/scripts:$$PATH";) \
	for b in $(BINS) $(COMMANDS); do \
		c=scripts/completions t=$${b##*/}; \
		$$c bash $$b > '$(DESTDIR)$(BASHDIR)'/$$t && \
		$$c zsh $$b > '$(DESTDIR)$(ZSHDIR)'/_$$t && \
		$$c fish $$b > '$(DESTDIR)$(FISHDIR)'/$$t.fish || exit 1; \
	done

uninstall:
	rm -rf '$(DESTDIR)$(LIBEXECDIR)' '$(DESTDIR)$(DOCDIR)' \
	    '$(DESTDIR)$(UNITDIR)/mcfg-.service.d' \
	    '$(DESTDIR)$(UNITDIR)/mcfg-.socket.d'
	rm -f $(patsubst %,'$(DESTDIR)$(BINDIR)/%',$(NAMES)) \
	    $(foreach p,$(PAGES),'$(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $p))/$(notdir $p)') \
	    $(patsubst scripts/systemd/%,'$(DESTDIR)$(UNITDIR)/%',$(UNITFILES)) \
	    $(patsubst %,'$(DESTDIR)$(BASHDIR)/%',$(NAMES)) \
	    $(patsubst %,'$(DESTDIR)$(ZSHDIR)/_%',$(NAMES)) \
	    $(patsubst %,'$(DESTDIR)$(FISHDIR)/%.fish',$(NAMES))

# A Debian package, build/deb/mcfg_VERSION_ARCHITECTURE.deb: the same bytes
# each time.
deb:
	@scripts/deps deb
	@$(MAKE) all
	@rm -rf $(O)/deb
	@$(MAKE) --no-print-directory install DESTDIR='$(CURDIR)/$(O)/deb/root' \
	    PREFIX=/usr ZSHDIR=/usr/share/zsh/vendor-completions > /dev/null
	@VERSION='$(VERSION)' scripts/packaging/deb $(O)/deb/root

# The source of HEAD: the same bytes from the same commit, their SHA-256, and
# Homebrew's formula for it.  SITE is where releases are published.
SITE	= https://github.com/OWNER/mcfg
DIST	= mcfg-$(VERSION).tar.gz
dist:
	@mkdir -p $(O)
	git archive --format=tar --prefix=mcfg-$(VERSION)/ HEAD | \
	    gzip -9n > $(O)/$(DIST)
	cd $(O) && openssl dgst -sha256 -r $(DIST) > $(DIST).sha256
	@cat $(O)/$(DIST).sha256
	@mkdir -p $(O)/homebrew
	@sed -e 's/@VERSION@/$(VERSION)/g' -e 's|@SITE@|$(SITE)|g' \
	    -e "s/@SHA256@/$$(cut -d ' ' -f 1 $(O)/$(DIST).sha256)/" \
	    scripts/packaging/homebrew/mcfg.rb > $(O)/homebrew/mcfg.rb

clean:
	rm -rf build

FORCE:

.PHONY: all authoring units check coverage crash faults stress model fresh demo lint \
    asan fuzz fuzzers valgrind bench install uninstall deb dist clean FORCE
.DELETE_ON_ERROR:
.SECONDARY:

-include $(COMMON:.o=.d) $(shell find $(O)/cmd $(O)/tests -name '*.d' \
    2>/dev/null)
