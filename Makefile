# Two commands are all a newcomer needs: `make run` and `make test`. Everything else is meson (see README.md).

BUILD ?= build

.PHONY: all run test test-all bench asan tsan install format clean

all: $(BUILD)/build.ninja
	ninja -C $(BUILD)

# Installs what is missing, builds, fetches the default model and opens the window on a sample; without a display the same job on the terminal.
run:
	.ci/install-deps
	$(MAKE) all
	app/run-sample $(BUILD)

test:
	.ci/install-deps --tests
	[ -f $(BUILD)-test/build.ninja ] || meson setup $(BUILD)-test -Dbuildtype=debugoptimized -Dgpu_archs=75,90 $(if $(CI),-Dwerror=true)
	ninja -C $(BUILD)-test
	tests/run-suites $(BUILD)-test --no-suite slow --no-suite bench

# Also the slow suites: every model on the reference backend, ten million detections.
test-all:
	.ci/install-deps --tests
	[ -f $(BUILD)-test/build.ninja ] || meson setup $(BUILD)-test -Dbuildtype=debugoptimized -Dgpu_archs=75,90 $(if $(CI),-Dwerror=true)
	ninja -C $(BUILD)-test
	tests/run-suites $(BUILD)-test --no-suite bench

bench: all
	tests/bench/run $(BUILD)

asan:
	.ci/install-deps --tests
	[ -f $(BUILD)-asan/build.ninja ] || meson setup $(BUILD)-asan -Dbuildtype=debugoptimized -Dgpu_archs=75,90 -Db_sanitize=address,undefined -Db_lundef=false
	ninja -C $(BUILD)-asan
	tests/run-suites $(BUILD)-asan --setup asan --no-suite slow --no-suite bench

tsan:
	.ci/install-deps --tests
	[ -f $(BUILD)-tsan/build.ninja ] || meson setup $(BUILD)-tsan -Dbuildtype=debugoptimized -Dgpu_archs=75,90 -Db_sanitize=thread -Db_lundef=false -Dwindow=disabled
	ninja -C $(BUILD)-tsan
	tests/run-suites $(BUILD)-tsan --setup tsan --suite run --suite media --suite data

install: all
	meson install -C $(BUILD)

format:
	git ls-files '*.c' '*.h' '*.cu' '*.cuh' '*.cpp' '*.hpp' | xargs clang-format -i

clean:
	rm -rf $(BUILD) $(BUILD)-test $(BUILD)-asan $(BUILD)-tsan

$(BUILD)/build.ninja:
	meson setup $(BUILD) -Dbuildtype=release
