package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// simulate runs the command with its flags as they are parsed.
func simulate(t *testing.T, s simCmd) string {
	t.Helper()
	var out, errs bytes.Buffer
	if err := s.Run(t.Context(), &console{out: &out, err: &errs}); err != nil {
		t.Fatalf("%v: %s%s", err, out.String(), errs.String())
	}
	return out.String()
}

func TestSimTellsTheSeed(t *testing.T) {
	t.Parallel()
	seed, trace := uint64(7), filepath.Join(t.TempDir(), "trace")
	run := simCmd{Seed: &seed, Seeds: 1, Steps: 500, Trace: trace}
	first := simulate(t, run)
	if !strings.HasPrefix(first, "seed 7 is right: trace ") || first != simulate(t, run) {
		t.Errorf("prints %s", first)
	}
	lines, err := os.ReadFile(trace)
	if err != nil || bytes.Count(lines, []byte("\n")) < 50 {
		t.Errorf("the trace has %d bytes, %v", len(lines), err)
	}
	if drawn := simulate(t, simCmd{Seeds: 1, Steps: 100}); !strings.Contains(drawn, " is right: trace ") {
		t.Errorf("without a seed it prints %s", drawn)
	}
}

func TestSimOfManySeeds(t *testing.T) {
	t.Parallel()
	seed := uint64(40)
	text := simulate(t, simCmd{Seed: &seed, Seeds: 3, Steps: 300})
	if !strings.HasPrefix(text, "3 seeds from 40: 0 failed; ") {
		t.Errorf("prints %s", text)
	}
	var results []struct {
		Seed  uint64
		Hash  string
		Error string
	}
	text = simulate(t, simCmd{Seed: &seed, Seeds: 3, Steps: 300, JSON: true})
	if err := json.Unmarshal([]byte(text), &results); err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		if r.Seed != seed+uint64(i) || r.Hash == "" || r.Error != "" {
			t.Errorf("result %d is %+v", i, r)
		}
	}
}
