package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
)

// The variables that name files for a process's own profiles, for florin bench
// --profile.
const (
	cpuProfileVariable = "FLORIN_CPUPROFILE"
	memProfileVariable = "FLORIN_MEMPROFILE"
)

// profiled calls run, and writes the profiles that the environment asks for.
func profiled(c *console, run func() int) int {
	if name := os.Getenv(cpuProfileVariable); name != "" {
		file, err := os.Create(name) //nolint:gosec // whoever starts the process names the file
		if err == nil {
			err = pprof.StartCPUProfile(file)
		}
		if err != nil {
			c.fail(fmt.Errorf("%s: %w", cpuProfileVariable, err))
			return 1
		}
		defer func() {
			pprof.StopCPUProfile()
			_ = file.Close()
		}()
	}
	code := run()
	if name := os.Getenv(memProfileVariable); name != "" {
		if err := writeMemProfile(name); err != nil {
			c.fail(fmt.Errorf("%s: %w", memProfileVariable, err))
			return 1
		}
	}
	return code
}

// writeMemProfile writes what was allocated from the start, and what of it is
// still there.
func writeMemProfile(name string) error {
	file, err := os.Create(name) //nolint:gosec // whoever starts the process names the file
	if err != nil {
		return err
	}
	runtime.GC() // what is still there is told as of the last collection
	return errors.Join(pprof.Lookup("allocs").WriteTo(file, 0), file.Close())
}
