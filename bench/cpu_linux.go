package bench

import (
	"bytes"
	"os"
	"strconv"
	"time"
)

// cpuTime returns the CPU time that a process took so far; 0 when it is gone.
func cpuTime(pid int) time.Duration {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	// The second field is the name in brackets and may hold anything. From the
	// third on, utime and stime are the 12th and 13th, in ticks of 10 ms.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 13 {
		return 0
	}
	return time.Duration(number(fields[11])+number(fields[12])) * 10 * time.Millisecond
}
