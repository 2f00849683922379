package worker

import "fmt"

// Progress is what a step did.
type Progress struct {
	Asked  int
	Failed int
	// More is true when the step was full, and what failed does not come again at
	// once: the next one has work.
	More bool
}

// progressOf counts what was asked, with a nil for what went well, and returns the
// first failure and how many there are.
func progressOf(failures []error) (progress Progress, err error) {
	progress.Asked = len(failures)
	for _, failure := range failures {
		if failure == nil {
			continue
		}
		if progress.Failed++; err == nil {
			err = failure
		}
	}
	if err != nil {
		err = fmt.Errorf("%d of %d failed, the first with: %w", progress.Failed, progress.Asked, err)
	}
	return progress, err
}
