# SPDX-License-Identifier: GPL-2.0
# Every command that a person types; `make help` lists them. What the module is
# made of is in Kbuild.

KDIR ?= /lib/modules/$(shell uname -r)/build

.DEFAULT_GOAL := all
.PHONY: all modules tools kunit check lint bench report demo setup kernels install modules_install clean distclean help

all: modules tools ## build isle.ko and the tools

modules: ## build isle.ko for KDIR (the running kernel's headers)
	@test -e $(KDIR)/Makefile || { \
		echo "make: no kernel headers at $(KDIR); install them (linux-headers-$$(uname -r))," >&2; \
		echo "  name others with KDIR=, or use a test kernel:" >&2; \
		echo "  make demo, scripts/build --kernel stock" >&2; exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

tools: ## build the isle command and libisle
	$(MAKE) -C tools isle libisle

demo: ## see isle do its main job on the distribution's own kernel
	scripts/demo

kernels: ## download and build the test kernels (make check does it too)
	scripts/kernel build stock uml 6.12 7.2-debug

kunit: ## run the KUnit suites in User Mode Linux
	scripts/check --plan kunit

check: ## run all tests on all test kernels
	scripts/setup
	scripts/check

lint: ## checkpatch, sparse, further warnings, shellcheck, kernel-doc
	scripts/lint

bench: ## measure isle beside the kernel's allocator (QUICK=1: roughly)
	scripts/bench $(if $(QUICK),--quick)

report: ## a page of tables and charts from what bench measured
	tools/bench/report build/bench/RESULT.json build/bench/report.html

setup: ## install what isle is built and tested with
	scripts/setup

install: modules_install ## install isle.ko and the tools (PREFIX, DESTDIR)
	$(MAKE) -C tools install

modules_install: modules ## install isle.ko for KDIR's kernel
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules_install

clean: ## remove what was built here
	rm -rf build
	@test ! -e $(KDIR)/Makefile || $(MAKE) -C $(KDIR) M=$(CURDIR) clean
	$(MAKE) -C tools clean

distclean: clean ## the same, and builds of test kernels that nothing uses now
	scripts/kernel clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z_]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile
