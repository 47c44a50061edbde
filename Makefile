# Only Python (3.11 or later, with venv) and make are needed; everything else is installed into .venv.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test test-all check format lock gallery bench evidence reading tiles maps views session stores charts peers scaling catalogue observations starting queueing

PYTHON ?= python3
BIN := .venv/bin
PROJECTS := $(sort $(wildcard services/*/pyproject.toml)) gateway/pyproject.toml
PACKAGES := $(patsubst %/pyproject.toml,-e %,$(PROJECTS))
# Every process would compile all modules anew, and a service has hundreds.
unexport PYTHONDONTWRITEBYTECODE

INSTALL = $(BIN)/uv pip install -q --python $(BIN)/python -c constraints.txt $(1) || \
    $(BIN)/pip install -q -c constraints.txt $(1)

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/run ## serve; PORT=8080 HTTPS_PORT=8443 DATASETS=file.json or DATA=folder, HOST=127.0.0.1, STATE=var/PORT
	@exec $(BIN)/python deploy/run.py

test: .venv/dev ## the tests; CI=true: the longer ones too
	$(BIN)/pytest -q -n 2 --dist loadgroup --no-loadscope-reorder -m "not full$(if $(CI),, and not ci)"

test-all: .venv/dev ## the tests with full counts
	$(BIN)/pytest -q -n 2 --dist loadgroup --no-loadscope-reorder

check: .venv/dev ## style, format and types
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

format: .venv/dev ## put the code into its style
	$(BIN)/ruff check --fix-only -q . && $(BIN)/ruff format -q .

gallery: .venv/run ## draw docs/gallery anew from the sample data
	$(BIN)/python docs/gallery/make.py

bench: evidence reading tiles maps views session stores charts peers scaling catalogue observations starting

reading: .venv/dev ## how fast numbers are read, beside xarray and netCDF4
	$(BIN)/python tests/benchmarks/reading.py

tiles: .venv/dev ## fields of map tiles, beside the bare kernels
	$(BIN)/python tests/benchmarks/tiles.py

maps: .venv/dev ## tiles through the gateway: fresh, restyled, kept, with many clients, beside peers and a prototype
	$(BIN)/python tests/benchmarks/maps.py

views: .venv/dev ## views of a map, with each interpolation: time, and processor time of each service
	$(BIN)/python tests/benchmarks/views.py

session: .venv/dev ## the requests of a person at a map, step by step
	$(BIN)/python tests/benchmarks/session.py

stores: .venv/dev ## Zarr and OPeNDAP through the gateway, beside a server of static files and xarray on files
	$(BIN)/python tests/benchmarks/stores.py

charts: .venv/dev ## a map plot, beside cartopy
	$(BIN)/python tests/benchmarks/charts.py

peers: .venv/dev ## the service over HTTP, beside xarray and xpublish
	$(BIN)/python tests/benchmarks/peers.py

scaling: .venv/dev ## cost against work, as a picture in docs/images
	$(BIN)/python tests/benchmarks/scaling.py

catalogue: .venv/dev ## searches, filters and pages over 10,000 datasets
	$(BIN)/python tests/benchmarks/catalogue.py

observations: .venv/dev ## searches over 10 million samples
	$(BIN)/python tests/benchmarks/observations.py

starting: .venv/dev ## first and second start, restarts, memory of each process, compiling of each kernel
	$(BIN)/python tests/benchmarks/starting.py

evidence: .venv/dev ## framework or compute: beside Flask and FastAPI; writes docs/evidence.md (10 min)
	$(BIN)/python tests/benchmarks/evidence.py

queueing: .venv/dev ## a model of 1 to 64 cores and 10 to 10,000 users; draws the picture of docs/scaling.md (5 min)
	$(BIN)/python tests/benchmarks/queueing.py

lock: .venv/dev ## choose the versions of constraints.txt anew
	$(BIN)/python deploy/lock.py

.venv/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed: make … PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv .venv && touch $@
	-@$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt uv # faster than pip, where it runs

.venv/run: .venv/python constraints.txt deploy/requirements.txt $(PROJECTS)
	@echo "installing the services into .venv …"
	@$(call INSTALL,-r deploy/requirements.txt $(PACKAGES))
	@$(BIN)/python -m ocean_data.kernels
	@touch $@

.venv/dev: .venv/run tests/requirements.txt
	@echo "installing the tools of development into .venv …"
	@$(call INSTALL,-r tests/requirements.txt $(PACKAGES))
	@touch $@
