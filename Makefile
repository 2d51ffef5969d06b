# Everything a fresh machine needs is set up by these targets themselves: Node packages, Pulumi's programs, Kubernetes' programs
# and images, and the lab's hosts. What takes long is kept in a cache outside the project, by pinned version.
SHELL := /bin/bash
NODE := node

.PHONY: demo demo-down test test-all check build setup bench clean virtual-kubelet test-virtual-kubelet

demo: setup ## a cluster of three hosts on this machine, and what it looks like
	@$(NODE) dist/test/demo/main.js up

demo-down: build ## take the demo's cluster and hosts away
	@$(NODE) dist/test/demo/main.js down

test: setup check ## every test, the ones on real hosts too; of the two upgrades the first
	@$(NODE) dist/test/tools/main.js setup --before
	@$(NODE) dist/test/run.js

test-all: setup check ## every test, with both upgrades and all that takes long of virtual nodes
	@$(NODE) dist/test/tools/main.js setup --all
	@TEST_ALL=1 $(NODE) dist/test/run.js

check: build ## format, lint, types, unit tests; under a minute
	@npx --no-install biome check .
	@npx --no-install tsc -p examples
	@$(NODE) dist/test/run.js unit

bench: setup ## how long it takes, against raw kubeadm
	@$(NODE) dist/test/bench/main.js

setup: build ## Pulumi's and Kubernetes' programs, images, container engine
	@$(NODE) dist/test/tools/main.js setup

virtual-kubelet: build ## the node agent for amd64 and arm64, into dist/virtual-kubelet
	@$(NODE) dist/test/tools/main.js agent

test-virtual-kubelet: build ## the node agent's own tests, with the race detector
	@$(NODE) dist/test/run.js go

build: node_modules/.package-lock.json
	@npx --no-install tsc -p .

# Not `npm ci`: it refuses a lock without the packages of other platforms, which not every registry holds. What is installed is what
# the lock names all the same, and the lock is left as it is.
node_modules/.package-lock.json: package.json package-lock.json
	@npm install --no-save --no-audit --no-fund --loglevel=error
	@touch $@

clean:
	rm -rf dist node_modules
