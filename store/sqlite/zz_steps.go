package sqlite

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

var stepMu sync.Mutex
var stepTimes = map[string][]time.Duration{}

func noteStep(name string, d time.Duration) {
	stepMu.Lock()
	stepTimes[name] = append(stepTimes[name], d)
	stepMu.Unlock()
}

func PrintSteps(group int) {
	var names []string
	for n := range stepTimes {
		names = append(names, n)
	}
	slices.Sort(names)
	var total float64
	for _, n := range names {
		d := stepTimes[n]
		slices.Sort(d)
		q := float64(d[len(d)/10].Nanoseconds()) / 1000 / float64(group)
		total += q
		fmt.Printf("%-20s p10 %6.2f  p50 %6.2f µs/payment\n", n, q, float64(d[len(d)/2].Nanoseconds())/1000/float64(group))
	}
	fmt.Printf("total p10 %.2f\n", total)
}
